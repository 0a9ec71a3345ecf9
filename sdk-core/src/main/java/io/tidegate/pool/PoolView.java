/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * All that is known of a pool at one instant; what policies decide on. Immutable.
 *
 * @param pool the pool
 * @param nowNanos the instant, on the monotonic clock
 * @param evidence how far what is known can be trusted; where it is not complete, nothing scales down
 * @param replicas replicas wanted, ready and due
 * @param replicaWork what one ready replica holds
 * @param timeToReady expected time from asking for a replica to its first request, measured where it has been, else as
 *     configured
 * @param tiers one entry per tier, highest rank first
 * @param signals what is measured, by name: what sources report under their names, what the gate counts under {@code gate.}
 * @param capacity the throughput of one replica, as far as it has been learned
 * @param recent load of the last ten minutes, by the second
 * @since 0.1.0
 */
public record PoolView(
        String pool,
        long nowNanos,
        Evidence evidence,
        Replicas replicas,
        Work replicaWork,
        Duration timeToReady,
        List<TierView> tiers,
        Map<String, Signal> signals,
        Capacity capacity,
        Recent recent) {

    public PoolView {
        tiers = List.copyOf(tiers);
        signals = Map.copyOf(signals);
    }

    /** Whether all that a scale-down needs was heard of; when not, nothing scales down. */
    public boolean complete() {
        return evidence.complete();
    }

    /** The signal of this name; {@link Signal.Missing} if no source has one. */
    public Signal signal(String name) {
        Signal found = signals.get(name);
        return found != null ? found : new Signal.Missing(name, "no source gives a signal of this name" + unheard());
    }

    /** Sources that have never answered stand under their own name; the signal may be one of theirs. */
    private String unheard() {
        String said = signals.entrySet().stream()
                .filter(each -> each.getValue() instanceof Signal.Missing
                        && each.getKey().equals(each.getValue().source()))
                .sorted(Map.Entry.comparingByKey())
                .map(each -> each.getKey() + " (" + each.getValue().gap() + ")")
                .collect(Collectors.joining(", "));
        return said.isEmpty() ? "" : "; not heard from yet: " + said;
    }

    /** The same pool as it would be with other replicas. */
    public PoolView withReplicas(Replicas other) {
        return new PoolView(
                pool, nowNanos, evidence, other, replicaWork, timeToReady, tiers, signals, capacity, recent);
    }

    /** The same pool with the steady rate of arrivals in place of the quick one. */
    public PoolView steady() {
        List<TierView> steady = tiers.stream().map(TierView::steady).toList();
        return new PoolView(
                pool, nowNanos, evidence, replicas, replicaWork, timeToReady, steady, signals, capacity, recent);
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
     * @param served what became of those that were served lately
     * @param steadyArrivalsPerSecond the same as {@code arrivalsPerSecond}, smoothed four times as long: later, and moved half as much by chance
     */
    public record TierView(
            Tier tier,
            long inFlight,
            long queued,
            Duration oldestAge,
            double arrivalsPerSecond,
            double refusedPerSecond,
            double inFlightSeconds,
            double tokensPerRequest,
            ServedView served,
            double steadyArrivalsPerSecond) {

        /** With arrivals that are the same however long they are smoothed. */
        public TierView(
                Tier tier,
                long inFlight,
                long queued,
                Duration oldestAge,
                double arrivalsPerSecond,
                double refusedPerSecond,
                double inFlightSeconds,
                double tokensPerRequest,
                ServedView served) {
            this(
                    tier,
                    inFlight,
                    queued,
                    oldestAge,
                    arrivalsPerSecond,
                    refusedPerSecond,
                    inFlightSeconds,
                    tokensPerRequest,
                    served,
                    arrivalsPerSecond);
        }

        /** With nothing known of what was served. */
        public TierView(
                Tier tier,
                long inFlight,
                long queued,
                Duration oldestAge,
                double arrivalsPerSecond,
                double refusedPerSecond,
                double inFlightSeconds,
                double tokensPerRequest) {
            this(
                    tier,
                    inFlight,
                    queued,
                    oldestAge,
                    arrivalsPerSecond,
                    refusedPerSecond,
                    inFlightSeconds,
                    tokensPerRequest,
                    ServedView.NOTHING);
        }

        private TierView steady() {
            return new TierView(
                    tier,
                    inFlight,
                    queued,
                    oldestAge,
                    steadyArrivalsPerSecond,
                    refusedPerSecond,
                    inFlightSeconds,
                    tokensPerRequest,
                    served,
                    steadyArrivalsPerSecond);
        }
    }

    /**
     * What became of a tier's requests lately: smoothed rates, and what was counted in the latency window (1 minute by default).
     *
     * @param completedPerSecond smoothed rate of those answered
     * @param promptTokensPerSecond smoothed rate, as reported when requests ended
     * @param outputTokensPerSecond smoothed rate, as reported when requests ended
     * @param completed answered in the window
     * @param failed failed in the window
     * @param sloEvaluated held against their SLO in the window
     * @param sloBroken of these, those that broke it
     * @param timeToFirstToken from arrival, in the window
     * @param queueTime time in queue of those admitted in the window
     * @param duration time in flight of those completed in the window
     */
    public record ServedView(
            double completedPerSecond,
            double promptTokensPerSecond,
            double outputTokensPerSecond,
            long completed,
            long failed,
            long sloEvaluated,
            long sloBroken,
            LatencySnapshot timeToFirstToken,
            LatencySnapshot queueTime,
            LatencySnapshot duration) {

        /** Nothing was served. */
        public static final ServedView NOTHING = new ServedView(
                0, 0, 0, 0, 0, 0, 0, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY);
    }

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

    /** Whether anybody asks, waits or is served. */
    public boolean traffic() {
        return inFlight() > 0 || queued() > 0 || arrivalsPerSecond() > IDLE;
    }

    /** Arrivals per second below which a pool is idle: what smoothing leaves of the last request after minutes. */
    private static final double IDLE = 1e-9;
}
