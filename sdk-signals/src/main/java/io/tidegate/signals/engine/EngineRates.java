/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import io.tidegate.pool.Signal;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes rates and means out of counters, from one read to the next of the same replica.
 *
 * <p>A replica that was not in the read before has none yet. A counter that is smaller than before began anew with its server,
 * and there is no rate for that interval: counting from zero would give a part of the truth that looks like all of it. Nothing
 * is kept of replicas that are listed no longer. For one thread at a time.
 */
final class EngineRates {

    private Map<URI, EngineReplica> before = Map.of();
    private long beforeNanos;

    /** Takes a read in. */
    List<Interval> next(List<EngineReplica> read, long nowNanos) {
        double seconds = (nowNanos - beforeNanos) / 1e9;
        List<Interval> intervals = read.stream()
                .map(replica -> new Interval(replica, before.get(replica.url()), seconds))
                .toList();
        Map<URI, EngineReplica> now = new HashMap<>();
        read.forEach(replica -> now.put(replica.url(), replica));
        before = now;
        beforeNanos = nowNanos;
        return intervals;
    }

    /** Replicas of which something is kept. */
    int kept() {
        return before.size();
    }

    /** One replica from the read before to this one; {@code seconds} means nothing without {@code before}. */
    record Interval(EngineReplica now, @Nullable EngineReplica before, double seconds) {

        /** Growth of a counter a second. */
        Signal rate(Function<EngineReplica, Signal> counter, String unit) {
            Signal growth = growth(counter);
            if (!(growth instanceof Signal.Known known)) {
                return growth;
            }
            if (!(seconds > 0)) {
                return new Signal.Missing(known.source(), "no time has passed since the read before");
            }
            return Signal.ofNonNegative(known.value() / seconds, unit, known.atNanos(), known.source());
        }

        /**
         * Mean of what came in between: growth of the sum by growth of the count. If nothing came it is zero for a server with
         * nothing to do, and missing for one that is at work: what takes long has not ended yet.
         */
        Signal mean(Function<EngineReplica, Signal> sum, Function<EngineReplica, Signal> count, String what) {
            Signal grown = growth(sum);
            if (!(grown instanceof Signal.Known seconds)) {
                return grown;
            }
            Signal counted = growth(count);
            if (!(counted instanceof Signal.Known number)) {
                return counted;
            }
            if (number.value() > 0) {
                return Signal.ofNonNegative(
                        seconds.value() / number.value(), "seconds", seconds.atNanos(), seconds.source());
            }
            boolean idle = isZero(now.running()) && isZero(now.waiting());
            return idle
                    ? new Signal.Known(0, "seconds", seconds.atNanos(), seconds.source())
                    : new Signal.Missing(seconds.source(), "no " + what + " since the read before");
        }

        /** Growth of a counter, where it is known; else 0. */
        double weight(Function<EngineReplica, Signal> count) {
            return growth(count) instanceof Signal.Known known ? known.value() : 0;
        }

        private Signal growth(Function<EngineReplica, Signal> counter) {
            if (!(counter.apply(now) instanceof Signal.Known known)) {
                return counter.apply(now);
            }
            if (before == null || !(counter.apply(before) instanceof Signal.Known known0)) {
                return new Signal.Missing(known.source(), "needs two reads");
            }
            double growth = known.value() - known0.value();
            return growth < 0
                    ? new Signal.Missing(known.source(), "its counter began anew")
                    : new Signal.Known(growth, known.unit(), known.atNanos(), known.source());
        }

        private static boolean isZero(Signal signal) {
            return signal instanceof Signal.Known known && known.value() == 0;
        }
    }
}
