/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * All that is known of a pool at one instant; what policies decide on. Immutable.
 *
 * @param pool the pool
 * @param nowNanos the instant, on the monotonic clock
 * @param complete whether every source a scale-down needs was heard of; when not, nothing scales down
 * @param replicas replicas wanted, ready and due
 * @param replicaWork what one ready replica holds
 * @param timeToReady expected time from asking for a replica to its first request, measured where it has been, else as
 *     configured
 * @param tiers one entry per tier, highest rank first
 * @param signals what sources other than the gate report, by name
 * @since 0.1.0
 */
public record PoolView(
        String pool,
        long nowNanos,
        boolean complete,
        Replicas replicas,
        Work replicaWork,
        Duration timeToReady,
        List<TierView> tiers,
        Map<String, Signal> signals) {

    public PoolView {
        tiers = List.copyOf(tiers);
        signals = Map.copyOf(signals);
    }

    /**
     * One tier at that instant.
     *
     * @param tier the tier
     * @param inFlight requests that hold a permit
     * @param queued requests that wait
     * @param oldestAge how long the longest waiter waits
     * @param arrivalsPerSecond smoothed rate of all requests asked, refused ones included
     * @param refusedPerSecond smoothed rate of those shed or expired
     * @param inFlightSeconds mean time a permit is held; NaN before the first was returned
     * @param tokensPerRequest mean tokens a permit holds; NaN before the first was given
     */
    public record TierView(
            Tier tier,
            long inFlight,
            long queued,
            Duration oldestAge,
            double arrivalsPerSecond,
            double refusedPerSecond,
            double inFlightSeconds,
            double tokensPerRequest) {}

    /** Requests that hold a permit, all tiers. */
    public long inFlight() {
        return tiers.stream().mapToLong(TierView::inFlight).sum();
    }

    /** Requests that wait, all tiers. */
    public long queued() {
        return tiers.stream().mapToLong(TierView::queued).sum();
    }

    /** Smoothed arrivals per second, all tiers, refused ones included. */
    public double arrivalsPerSecond() {
        return tiers.stream().mapToDouble(TierView::arrivalsPerSecond).sum();
    }
}
