/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.Recovered;
import io.tidegate.ledger.ScaleEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A ledger in memory that tells what it holds as one in a file does. For one thread. */
final class MemoryLedger implements Ledger {

    final List<Entry> entries = new ArrayList<>();
    /** Whether entries are never confirmed: a disk that hangs. */
    boolean hangs;

    final List<CompletableFuture<Void>> waiting = new ArrayList<>();

    /** With what was written before. */
    static MemoryLedger after(List<Entry> written) {
        MemoryLedger ledger = new MemoryLedger();
        ledger.entries.addAll(written);
        return ledger;
    }

    @Override
    public CompletableFuture<Void> append(Entry entry) {
        entries.add(entry);
        CompletableFuture<Void> done = new CompletableFuture<>();
        if (hangs) {
            waiting.add(done);
        } else {
            done.complete(null);
        }
        return done;
    }

    <T extends Entry> List<T> of(Class<T> kind) {
        return entries.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Scale events as the account has them, oldest first. */
    List<ScaleEvent> events() {
        Map<String, ScaleEvent> events = new LinkedHashMap<>();
        for (Entry.Stepped each : of(Entry.Stepped.class)) {
            events.put(each.event().id(), each.event());
        }
        return List.copyOf(events.values());
    }

    @Override
    public Recovered recovered() {
        Map<String, Long> last = new HashMap<>();
        for (Entry.Decided each : of(Entry.Decided.class)) {
            last.merge(each.pool(), each.decision().id(), Math::max);
        }
        return new Recovered(last, events().stream().filter(ScaleEvent::open).toList());
    }

    @Override
    public void close() {}
}
