/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.Served;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns a gate's growing counts into rates and means, exponentially smoothed over event time so that uneven reading does not
 * bend them. For the engine's thread only.
 */
final class LoadRates {

    private double windowSeconds;
    private long latencyWindowNanos;
    private final Map<String, Smoothed> tiers = new LinkedHashMap<>();
    private @Nullable PoolLoad last;

    LoadRates(Duration window) {
        this(window, Duration.ofMinutes(1));
    }

    /**
     * @param window over which rates are smoothed
     * @param latencyWindow over which latencies and outcomes are counted
     */
    LoadRates(Duration window, Duration latencyWindow) {
        this.windowSeconds = window.toNanos() / 1e9;
        this.latencyWindowNanos = latencyWindow.toNanos();
    }

    /** Goes on over other windows with what it has. */
    void use(Duration window, Duration latencyWindow) {
        windowSeconds = window.toNanos() / 1e9;
        latencyWindowNanos = latencyWindow.toNanos();
    }

    /** Takes the next reading. The first gives rates of zero, since nothing is known of the time before it. */
    List<TierView> update(PoolLoad load) {
        double elapsed = last == null ? 0 : (load.atNanos() - last.atNanos()) / 1e9;
        // Within one instant there is no rate: what was counted in it belongs to the time until the next.
        boolean moved = last == null || elapsed > 0;
        List<TierView> views = new ArrayList<>();
        for (TierLoad now : load.tiers()) {
            Smoothed smoothed = tiers.computeIfAbsent(now.tier().name(), ignored -> new Smoothed(now, load.atNanos()));
            if (moved) {
                smoothed.update(now, elapsed, windowSeconds);
            }
            views.add(new TierView(
                    now.tier(),
                    now.inFlight(),
                    now.queued(),
                    Duration.ofNanos(now.oldestAgeNanos()),
                    smoothed.arrivals,
                    smoothed.refused,
                    smoothed.inFlightSeconds,
                    smoothed.tokens,
                    smoothed.served(now.served(), load.atNanos(), latencyWindowNanos),
                    smoothed.steadyArrivals));
        }
        if (moved) {
            last = load;
        }
        return views;
    }

    private static final class Smoothed {

        /** Weight of a batch of n returned permits in the mean time in flight: 1 − (1 − 1/64)^n. */
        private static final double MEMORY = 63.0 / 64;

        /** Windows over which the steady rate of arrivals is smoothed. */
        private static final double STEADY = 4;

        /** Windows over which what was served is smoothed, whose quotients are sizes. */
        private static final double SIZES = 8;

        /** How finely the latency window moves. */
        private static final int WINDOW_PARTS = 12;

        private TierLoad before;
        private double arrivals;
        private double steadyArrivals;
        private double refused;
        private double inFlightSeconds = Double.NaN;
        private double tokens = Double.NaN;
        private double completed;
        private double promptTokens;
        private double outputTokens;
        /** What had been served at some instants of the latency window, oldest first. */
        private final ArrayDeque<Past> past = new ArrayDeque<>();

        /** What had been served until an instant. */
        private record Past(long atNanos, Served served) {}

        Smoothed(TierLoad first, long nowNanos) {
            this.before = first;
            past.addLast(new Past(nowNanos, first.served()));
        }

        ServedView served(Served now, long nowNanos, long windowNanos) {
            if (now.completed() < past.getLast().served().completed()) {
                // Of another gate, which has counted from its own beginning.
                past.clear();
                past.addLast(new Past(nowNanos, now));
            }
            if (nowNanos - past.getLast().atNanos() >= windowNanos / WINDOW_PARTS) {
                past.addLast(new Past(nowNanos, now));
            }
            // The oldest that is kept is the last from before the window.
            while (past.size() > 1 && nowNanos - second().atNanos() >= windowNanos) {
                past.removeFirst();
            }
            Served then = past.getFirst().served();
            return new ServedView(
                    completed,
                    promptTokens,
                    outputTokens,
                    Math.max(0, now.completed() - then.completed()),
                    Math.max(0, now.failed() - then.failed()),
                    Math.max(0, now.sloEvaluated() - then.sloEvaluated()),
                    Math.max(0, now.sloBroken() - then.sloBroken()),
                    now.timeToFirstToken().since(then.timeToFirstToken()),
                    now.queueTime().since(then.queueTime()),
                    now.duration().since(then.duration()));
        }

        private Past second() {
            Iterator<Past> entries = past.iterator();
            entries.next();
            return entries.next();
        }

        void update(TierLoad now, double elapsed, double windowSeconds) {
            if (now.admitted() < before.admitted() || now.closed() < before.closed()) {
                // Of another gate: what it counted before is of no time that is known.
                before = now;
            }
            if (elapsed > 0) {
                // Starts at zero and rises over a window: a burst in the first instant is no rate yet.
                // What waits and what is in flight speak for themselves meanwhile.
                double weight = weight(elapsed, windowSeconds);
                // A request that comes back takes its first arrival back before it is answered, which is no arrival
                // less.
                long arrived = Math.max(0, now.arrivals() - before.arrivals());
                arrivals += weight * ((double) arrived / elapsed - arrivals);
                steadyArrivals +=
                        weight(elapsed, STEADY * windowSeconds) * ((double) arrived / elapsed - steadyArrivals);
                long returned = now.retries() - before.retries();
                long refusals = Math.max(0, now.shed() + now.expired() - before.shed() - before.expired() - returned);
                refused += weight * ((double) refusals / elapsed - refused);
                // The size of a request varies far more than how many there are: over one window its mean would be
                // chance.
                double sizes = weight(elapsed, SIZES * windowSeconds);
                completed +=
                        sizes * (rate(now.served().completed(), before.served().completed(), elapsed) - completed);
                promptTokens += sizes
                        * (rate(now.served().promptTokens(), before.served().promptTokens(), elapsed) - promptTokens);
                outputTokens += sizes
                        * (rate(now.served().outputTokens(), before.served().outputTokens(), elapsed) - outputTokens);
            }
            inFlightSeconds = mean(
                    inFlightSeconds,
                    now.closed() - before.closed(),
                    (double) (now.inFlightNanos() - before.inFlightNanos()) / 1e9);
            tokens = mean(tokens, now.admitted() - before.admitted(), (double)
                    (now.admittedTokens() - before.admittedTokens()));
            before = now;
        }

        private static double weight(double elapsed, double seconds) {
            return 1 - Math.exp(-elapsed / seconds);
        }

        private static double rate(long now, long before, double elapsed) {
            return (double) Math.max(0, now - before) / elapsed;
        }

        private static double mean(double old, long count, double sum) {
            if (count <= 0) {
                return old;
            }
            double batch = sum / (double) count;
            return Double.isNaN(old) ? batch : old + (1 - Math.pow(MEMORY, (double) count)) * (batch - old);
        }
    }
}
