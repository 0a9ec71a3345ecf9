/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.PoolView.TierView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns a gate's growing counts into rates and means, exponentially smoothed over event time so that uneven reading does not
 * bend them. For the engine's thread only.
 */
final class LoadRates {

    private final double windowSeconds;
    private final Map<String, Smoothed> tiers = new LinkedHashMap<>();
    private @Nullable PoolLoad last;

    LoadRates(Duration window) {
        this.windowSeconds = window.toNanos() / 1e9;
    }

    /** Takes the next reading. The first gives rates of zero, since nothing is known of the time before it. */
    List<TierView> update(PoolLoad load) {
        double elapsed = last == null ? 0 : (load.atNanos() - last.atNanos()) / 1e9;
        // Within one instant there is no rate: what was counted in it belongs to the time until the next.
        boolean moved = last == null || elapsed > 0;
        List<TierView> views = new ArrayList<>();
        for (TierLoad now : load.tiers()) {
            Smoothed smoothed = tiers.computeIfAbsent(now.tier().name(), ignored -> new Smoothed(now));
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
                    smoothed.tokens));
        }
        if (moved) {
            last = load;
        }
        return views;
    }

    private static final class Smoothed {

        /** Weight of a batch of n returned permits in the mean time in flight: 1 − (1 − 1/64)^n. */
        private static final double MEMORY = 63.0 / 64;

        private TierLoad before;
        private double arrivals;
        private double refused;
        private double inFlightSeconds = Double.NaN;
        private double tokens = Double.NaN;

        Smoothed(TierLoad first) {
            this.before = first;
        }

        void update(TierLoad now, double elapsed, double windowSeconds) {
            if (elapsed > 0) {
                // Starts at zero and rises over a window: a burst in the first instant is no rate yet.
                // What waits and what is in flight speak for themselves meanwhile.
                double weight = 1 - Math.exp(-elapsed / windowSeconds);
                // A request that comes back takes its first arrival back before it is answered, which is no arrival
                // less.
                long arrived = Math.max(0, now.arrivals() - before.arrivals());
                arrivals += weight * ((double) arrived / elapsed - arrivals);
                long returned = now.retries() - before.retries();
                long refusals = Math.max(0, now.shed() + now.expired() - before.shed() - before.expired() - returned);
                refused += weight * ((double) refusals / elapsed - refused);
            }
            inFlightSeconds = mean(
                    inFlightSeconds,
                    now.closed() - before.closed(),
                    (double) (now.inFlightNanos() - before.inFlightNanos()) / 1e9);
            tokens = mean(tokens, now.admitted() - before.admitted(), (double)
                    (now.admittedTokens() - before.admittedTokens()));
            before = now;
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
