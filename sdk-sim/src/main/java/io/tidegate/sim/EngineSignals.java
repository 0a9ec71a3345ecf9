/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What a source of engine metrics says of the replicas that serve, under the names of the real one, and as completely: a rate is over the
 * time between two reads of the same replica, so of a new one there is none at first, and until then the pool is not wholly known.
 */
final class EngineSignals implements SignalSource {

    private static final String NAME = "engine";

    private final VirtualTime time;
    private final Fleet fleet;
    /** Preemptions counted by the replicas that the last read found. */
    private Map<String, Long> before = Map.of();

    private long beforeNanos;

    EngineSignals(VirtualTime time, Fleet fleet) {
        this.time = time;
        this.fleet = fleet;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, Signal> read() {
        List<Fleet.Member> serving = fleet.members().stream()
                .filter(member -> member.ready && !member.draining)
                .toList();
        Map<String, Signal> signals = new LinkedHashMap<>();
        signals.put("engine.requests.running", sum(serving, "requests", member -> member.engine.running()));
        signals.put("engine.requests.waiting", sum(serving, "requests", member -> member.engine.waiting()));
        signals.put(
                "engine.kv.cache.usage", sum(serving, "ratio", member -> member.engine.cacheUse() / serving.size()));
        signals.put("engine.preemptions", preemptions(serving));
        return signals;
    }

    private Signal sum(List<Fleet.Member> serving, String unit, ToDoubleFunction<Fleet.Member> figure) {
        return serving.isEmpty()
                ? new Signal.Missing(NAME, "no replicas")
                : Signal.ofNonNegative(serving.stream().mapToDouble(figure).sum(), unit, time.nanos(), NAME);
    }

    private Signal preemptions(List<Fleet.Member> serving) {
        long now = time.nanos();
        double seconds = (now - beforeNanos) / 1e9;
        double rate = 0;
        int known = 0;
        Map<String, Long> counts = new HashMap<>();
        for (Fleet.Member member : serving) {
            long count = member.engine.preemptions();
            counts.put(member.id, count);
            Long last = before.get(member.id);
            if (last != null && seconds > 0) {
                rate += (count - last) / seconds;
                known++;
            }
        }
        before = counts;
        beforeNanos = now;
        return known == 0
                ? new Signal.Missing(NAME, serving.isEmpty() ? "no replicas" : "not read twice yet")
                : new Signal.Known(rate, "requests/s", now, NAME, (double) known / serving.size(), List.of());
    }
}
