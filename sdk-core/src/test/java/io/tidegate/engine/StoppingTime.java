/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A clock that goes on while the process stands still, and a wall clock that a test sets. For one thread. */
final class StoppingTime implements TimeSource {

    private final List<Entry> entries = new ArrayList<>();
    private long nowNanos;
    private Duration wallOffset = Duration.ZERO;

    private record Entry(long atNanos, Runnable task) {}

    /** Sets the wall clock this much on, or back. */
    void setWall(Duration by) {
        wallOffset = wallOffset.plus(by);
    }

    @Override
    public long nanos() {
        return nowNanos;
    }

    @Override
    public Instant wallTime() {
        return Instant.parse("2026-03-29T00:59:00Z").plusNanos(nowNanos).plus(wallOffset);
    }

    @Override
    public Task schedule(long delayNanos, Runnable task) {
        Entry entry = new Entry(nowNanos + Math.max(0, delayNanos), task);
        entries.add(entry);
        return () -> entries.remove(entry);
    }

    void advance(Duration by) {
        long target = nowNanos + by.toNanos();
        for (Optional<Entry> due = due(target); due.isPresent(); due = due(target)) {
            nowNanos = Math.max(nowNanos, due.get().atNanos());
            run(due.get());
        }
        nowNanos = target;
    }

    /** Nothing runs for so long; then all that is late does. */
    void stop(Duration by) {
        nowNanos += by.toNanos();
        for (Optional<Entry> due = due(nowNanos); due.isPresent(); due = due(nowNanos)) {
            run(due.get());
        }
    }

    private Optional<Entry> due(long atNanos) {
        return entries.stream()
                .filter(entry -> entry.atNanos() <= atNanos)
                .min(Comparator.comparingLong(Entry::atNanos));
    }

    private void run(Entry entry) {
        entries.remove(entry);
        entry.task().run();
    }
}
