/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** The gate as users have it: three tiers, the builder's defaults, the system's clock, meters bound, requests of many tenants. */
final class ShippedGate implements AutoCloseable {

    /** Tenants whose requests come in rotation. A power of two. */
    static final int TENANTS = 64;

    static final Usage USAGE = new Usage(500, 200);

    private static final List<String> TIERS = List.of("premium", "standard", "batch");

    final Gate gate;

    /** One of each tenant, the tiers in rotation. */
    final Request[] requests;

    private final List<Permit> taken = new ArrayList<>();
    private final SystemTime time = SystemTime.start();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final TidegateMetrics metrics;

    private ShippedGate(int slots, int tenants, OptionalInt maxQueued, Duration maxQueueTime) {
        Gate.Builder builder = Gate.builder("chat")
                .tier(tier("premium", 8, 1, maxQueued, maxQueueTime))
                .tier(tier("standard", 4, 0.9, maxQueued, maxQueueTime))
                .tier(tier("batch", 1, 0.7, maxQueued, maxQueueTime))
                .time(time)
                .limit(Work.slots(slots));
        maxQueued.ifPresent(builder::maxQueued);
        gate = builder.build();
        metrics = new TidegateMetrics(List.of(gate));
        metrics.bindTo(registry);
        requests = new Request[tenants];
        for (int i = 0; i < tenants; i++) {
            requests[i] = Request.of(gate.tier(TIERS.get(i % TIERS.size())))
                    .withTenant("tenant-" + i)
                    .withTokens(500, 200);
        }
    }

    private static Tier tier(String name, double weight, double ceiling, OptionalInt maxQueued, Duration maxQueueTime) {
        Tier.Builder tier = Tier.builder(name).weight(weight).ceiling(ceiling).maxQueueTime(maxQueueTime);
        maxQueued.ifPresent(most -> tier.maxQueued(most).maxQueuedTokens(most * 1_000L));
        return tier.build();
    }

    /** With nothing taken. */
    static ShippedGate of(int slots) {
        return new ShippedGate(slots, TENANTS, OptionalInt.empty(), Duration.ofSeconds(10));
    }

    /** With one slot, which is taken, and room for so many of each tier to wait for an hour. */
    static ShippedGate withQueue(int maxQueued, int tenants) {
        ShippedGate shipped = new ShippedGate(1, tenants, OptionalInt.of(maxQueued), Duration.ofHours(1));
        shipped.takeAll();
        return shipped;
    }

    /** Takes what there is, so that no tier has room. */
    void takeAll() {
        // Kept: the gate would find those that are dropped, and give their room back.
        while (gate.tryAcquire(requests[0]) instanceof Permit permit) {
            taken.add(permit);
        }
    }

    @Override
    public void close() {
        metrics.close();
        gate.close();
        registry.close();
        time.close();
    }
}
