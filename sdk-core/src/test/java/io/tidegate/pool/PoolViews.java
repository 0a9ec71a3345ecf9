/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import io.tidegate.pool.PoolView.TierView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Views for tests, written the way a sentence names them: {@code view().ready(1).timeToReady(30).tier(4, 8, 60)}. */
public final class PoolViews {

    private long nowNanos;
    private Evidence evidence = Evidence.COMPLETE;
    private int desired;
    private int ready;
    private List<Long> dueNanos = List.of();
    private Work replicaWork = Work.slots(32);
    private Duration timeToReady = Duration.ofMinutes(2);
    private final List<TierView> tiers = new ArrayList<>();
    private Map<String, Signal> signals = Map.of();
    private Capacity capacity = Capacity.UNKNOWN;
    private Recent recent = Recent.NOTHING;

    private PoolViews() {}

    public static PoolViews view() {
        return new PoolViews();
    }

    public PoolViews at(Duration now) {
        this.nowNanos = now.toNanos();
        return this;
    }

    public PoolViews atNanos(long now) {
        this.nowNanos = now;
        return this;
    }

    public PoolViews incomplete() {
        return evidence(Evidence.missing("the test leaves something out"));
    }

    /** Replicas wanted and ready. */
    public PoolViews ready(int count) {
        this.desired = count;
        this.ready = count;
        return this;
    }

    public PoolViews desired(int count) {
        this.desired = count;
        return this;
    }

    public PoolViews due(Long... atNanos) {
        this.dueNanos = Arrays.asList(atNanos);
        return this;
    }

    public PoolViews replica(Work work) {
        this.replicaWork = work;
        return this;
    }

    public PoolViews timeToReady(long seconds) {
        this.timeToReady = Duration.ofSeconds(seconds);
        return this;
    }

    public PoolViews signals(Map<String, Signal> values) {
        this.signals = values;
        return this;
    }

    /** A tier with so many arrivals per second, held so many seconds each, and so many waiting. */
    public PoolViews tier(double arrivalsPerSecond, double inFlightSeconds, long queued) {
        return tier(0, queued, arrivalsPerSecond, inFlightSeconds, Double.NaN);
    }

    public PoolViews tier(
            long inFlight, long queued, double arrivalsPerSecond, double inFlightSeconds, double tokensPerRequest) {
        Tier tier = Tier.builder("tier" + tiers.size()).build();
        tiers.add(new TierView(
                tier, inFlight, queued, Duration.ZERO, arrivalsPerSecond, 0, inFlightSeconds, tokensPerRequest));
        return this;
    }

    public PoolViews evidence(Evidence known) {
        this.evidence = known;
        return this;
    }

    public PoolViews capacity(Capacity learned) {
        this.capacity = learned;
        return this;
    }

    public PoolViews recent(Recent load) {
        this.recent = load;
        return this;
    }

    public PoolViews tier(TierView tier) {
        tiers.add(tier);
        return this;
    }

    public PoolView build() {
        return new PoolView(
                "chat",
                nowNanos,
                evidence,
                new Replicas(desired, ready, dueNanos),
                replicaWork,
                timeToReady,
                tiers,
                signals,
                capacity,
                recent);
    }
}
