/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import io.tidegate.pool.Signal;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes rates and means out of counters of the same replica: rates from one read to the next, means over the last minute, since of a
 * few requests that take long none may get so far between two reads.
 *
 * <p>A replica that was not in the read before has none yet. A counter that is smaller than before began anew with its server,
 * and there is no rate for that interval: counting from zero would give a part of the truth that looks like all of it. Nothing
 * is kept of replicas that are listed no longer. For one thread at a time.
 */
final class EngineRates {

    private static final long WINDOW_NANOS = Duration.ofMinutes(1).toNanos();

    /** Reads are kept no closer than this, which bounds how many. */
    private static final long APART_NANOS = WINDOW_NANOS / 12;

    private static final List<Function<EngineReplica, Signal>> COUNTERS = List.of(
            EngineReplica::promptTokens,
            EngineReplica::generationTokens,
            EngineReplica::firstTokens,
            EngineReplica::laterTokens);

    private Map<URI, Kept> before = Map.of();
    private long beforeNanos;

    /** A read of a replica. */
    private record Read(EngineReplica replica, long atNanos) {}

    /**
     * What is kept of a replica.
     *
     * @param last the read before
     * @param past reads of the last minute, oldest first; the oldest is the last from before it
     */
    private record Kept(EngineReplica last, ArrayDeque<Read> past) {

        static Kept of(EngineReplica first, long nowNanos) {
            Kept kept = new Kept(first, new ArrayDeque<>());
            kept.keep(first, nowNanos);
            return kept;
        }

        Kept with(EngineReplica next, long nowNanos) {
            if (beganAnew(last, next)
                    || (!past.isEmpty() && beganAnew(past.getLast().replica(), next))) {
                return of(next, nowNanos);
            }
            keep(next, nowNanos);
            return new Kept(next, past);
        }

        /** Not one that could not be read: nothing can be told from it. */
        private void keep(EngineReplica next, long nowNanos) {
            boolean heard = COUNTERS.stream().anyMatch(each -> each.apply(next) instanceof Signal.Known);
            if (heard && (past.isEmpty() || nowNanos - past.getLast().atNanos() >= APART_NANOS)) {
                past.addLast(new Read(next, nowNanos));
            }
        }

        @Nullable
        EngineReplica oldest(long nowNanos) {
            while (past.size() > 1 && nowNanos - second().atNanos() >= WINDOW_NANOS) {
                past.removeFirst();
            }
            return past.isEmpty() ? null : past.getFirst().replica();
        }

        private Read second() {
            Iterator<Read> reads = past.iterator();
            reads.next();
            return reads.next();
        }

        private static boolean beganAnew(EngineReplica before, EngineReplica now) {
            return COUNTERS.stream()
                    .anyMatch(each -> each.apply(before) instanceof Signal.Known earlier
                            && each.apply(now) instanceof Signal.Known later
                            && later.value() < earlier.value());
        }
    }

    /** Takes a read in. */
    List<Interval> next(List<EngineReplica> read, long nowNanos) {
        double seconds = (nowNanos - beforeNanos) / 1e9;
        List<Interval> intervals = new ArrayList<>();
        Map<URI, Kept> now = new HashMap<>();
        for (EngineReplica replica : read) {
            Kept kept = before.get(replica.url());
            intervals.add(new Interval(
                    replica, kept == null ? null : kept.last(), kept == null ? null : kept.oldest(nowNanos), seconds));
            now.put(replica.url(), kept == null ? Kept.of(replica, nowNanos) : kept.with(replica, nowNanos));
        }
        before = now;
        beforeNanos = nowNanos;
        return intervals;
    }

    /** Replicas of which something is kept. */
    int kept() {
        return before.size();
    }

    /**
     * One replica from earlier reads to this one.
     *
     * @param before at the read before
     * @param past a minute ago, or at the first read that is known
     * @param seconds since the read before; means nothing without it
     */
    record Interval(
            EngineReplica now,
            @Nullable EngineReplica before,
            @Nullable EngineReplica past,
            double seconds) {

        /** Growth of a counter a second. */
        Signal rate(Function<EngineReplica, Signal> counter, String unit) {
            Signal growth = growth(counter, before);
            if (!(growth instanceof Signal.Known known)) {
                return growth;
            }
            if (!(seconds > 0)) {
                return new Signal.Missing(known.source(), "no time has passed since the read before");
            }
            return Signal.ofNonNegative(known.value() / seconds, unit, known.atNanos(), known.source());
        }

        /**
         * Mean of what came in the last minute: growth of the sum by growth of the count. If nothing came it is zero for a server with
         * nothing to do, and missing for one that is at work: what takes long has not ended yet.
         */
        Signal mean(Function<EngineReplica, Signal> sum, Function<EngineReplica, Signal> count, String what) {
            Signal grown = growth(sum, past);
            if (!(grown instanceof Signal.Known seconds)) {
                return grown;
            }
            Signal counted = growth(count, past);
            if (!(counted instanceof Signal.Known number)) {
                return counted;
            }
            if (number.value() > 0) {
                return Signal.ofNonNegative(
                        seconds.value() / number.value(), "seconds", seconds.atNanos(), seconds.source());
            }
            return idle()
                    ? new Signal.Known(0, "seconds", seconds.atNanos(), seconds.source())
                    : new Signal.Missing(seconds.source(), "no " + what + " in the last minute");
        }

        /** Whether it is at work, was heard, and nothing of this came in the last minute. */
        boolean nothingCame(Function<EngineReplica, Signal> count) {
            return growth(count, past) instanceof Signal.Known known && known.value() == 0 && !idle();
        }

        private boolean idle() {
            return isZero(now.running()) && isZero(now.waiting());
        }

        /** Growth of a counter, where it is known; else 0. */
        double weight(Function<EngineReplica, Signal> count) {
            return growth(count, past) instanceof Signal.Known known ? known.value() : 0;
        }

        private Signal growth(Function<EngineReplica, Signal> counter, @Nullable EngineReplica from) {
            if (!(counter.apply(now) instanceof Signal.Known known)) {
                return counter.apply(now);
            }
            if (from == null || !(counter.apply(from) instanceof Signal.Known known0)) {
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
