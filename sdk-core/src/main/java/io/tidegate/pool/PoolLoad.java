/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.util.List;

/**
 * What a gate has counted, at one instant. Counters only grow; whoever wants a rate takes two of these.
 *
 * @param pool the pool
 * @param atNanos when it was read, on the monotonic clock
 * @param tiers one entry per tier, highest rank first
 * @since 0.1.0
 */
public record PoolLoad(String pool, long atNanos, List<TierLoad> tiers) {

    public PoolLoad {
        tiers = List.copyOf(tiers);
    }

    /**
     * One tier's counts. Read counter by counter while requests pass, so that sums may differ by what happened meanwhile.
     *
     * @param tier the tier
     * @param inFlight requests that hold a permit
     * @param queued requests that wait
     * @param oldestAgeNanos how long the longest waiter waits; 0 when nobody does
     * @param arrivals requests ever asked, whatever became of them; one that was refused and came back, and says so, counts once, and
     *     one over quota not at all
     * @param admitted permits ever given
     * @param shed requests ever refused, at once or while waiting
     * @param expired requests whose time in queue ran out
     * @param cancelled requests given up by their caller while waiting
     * @param closed permits ever returned
     * @param inFlightNanos total time returned permits were held
     * @param admittedTokens total tokens of given permits, as estimated at admission
     * @param tokensInFlight tokens held now, as estimated at admission
     * @param retries requests ever asked that said they had been refused before, or were known to; no arrivals of their own
     * @param served what became of those that were served
     */
    public record TierLoad(
            Tier tier,
            long inFlight,
            long queued,
            long oldestAgeNanos,
            long arrivals,
            long admitted,
            long shed,
            long expired,
            long cancelled,
            long closed,
            long inFlightNanos,
            long admittedTokens,
            long tokensInFlight,
            long retries,
            Served served) {

        /** With no retries, and nothing known of what was served. */
        public TierLoad(
                Tier tier,
                long inFlight,
                long queued,
                long oldestAgeNanos,
                long arrivals,
                long admitted,
                long shed,
                long expired,
                long cancelled,
                long closed,
                long inFlightNanos,
                long admittedTokens,
                long tokensInFlight) {
            this(
                    tier,
                    inFlight,
                    queued,
                    oldestAgeNanos,
                    arrivals,
                    admitted,
                    shed,
                    expired,
                    cancelled,
                    closed,
                    inFlightNanos,
                    admittedTokens,
                    tokensInFlight,
                    0,
                    Served.NOTHING);
        }
    }

    /**
     * What became of requests that were served. Counts only grow.
     *
     * @param completed answered to the last byte, or returned without a word
     * @param failed where the pool or the way to it failed
     * @param sloEvaluated held against their SLO; those shed by the pool are among them
     * @param sloBroken of these, those that broke it
     * @param promptTokens as reported at their end
     * @param outputTokens as reported at their end
     * @param timeToFirstToken from arrival
     * @param queueTime time in queue of those admitted
     * @param duration time in flight of those completed
     */
    public record Served(
            long completed,
            long failed,
            long sloEvaluated,
            long sloBroken,
            long promptTokens,
            long outputTokens,
            LatencySnapshot timeToFirstToken,
            LatencySnapshot queueTime,
            LatencySnapshot duration) {

        /** Nothing was served yet. */
        public static final Served NOTHING =
                new Served(0, 0, 0, 0, 0, 0, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY);
    }
}
