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
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
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
        this(slots, tenants, maxQueued, maxQueueTime, false);
    }

    /** @param everything whether tenants and tiers have quotas, a tier a guarantee and a promise, and output is learned */
    private ShippedGate(int slots, int tenants, OptionalInt maxQueued, Duration maxQueueTime, boolean everything) {
        Tier.Builder premium = tier("premium", 8, 1, maxQueued, maxQueueTime);
        if (everything) {
            premium.guarantee(0.3).tokensPerSecond(1_000);
        }
        Gate.Builder builder = Gate.builder("chat")
                .tier(premium.build())
                .tier(tier("standard", 4, 0.9, maxQueued, maxQueueTime).build())
                .tier(tier("batch", 1, 0.7, maxQueued, maxQueueTime).build())
                .time(time)
                .limit(Work.slots(slots));
        maxQueued.ifPresent(builder::maxQueued);
        if (everything) {
            // Larger than what any run takes: what is measured is counting, not refusing.
            Quota ample = Quota.perMinute(9_000_000_000L, 9_000_000_000L);
            builder.quotas(Quotas.builder(time)
                    .eachTenant(ample)
                    .tier("premium", ample)
                    .tier("standard", ample)
                    .tier("batch", ample)
                    .build());
        }
        gate = builder.build();
        metrics = new TidegateMetrics(List.of(gate));
        metrics.bindTo(registry);
        requests = new Request[tenants];
        for (int i = 0; i < tenants; i++) {
            Request request = Request.of(gate.tier(TIERS.get(i % TIERS.size()))).withTenant("tenant-" + i);
            requests[i] = everything
                    ? request.withModel("model-" + i % 4).withPrompt(500, 200)
                    : request.withTokens(500, 200);
        }
    }

    private static Tier.Builder tier(
            String name, double weight, double ceiling, OptionalInt maxQueued, Duration maxQueueTime) {
        Tier.Builder tier = Tier.builder(name).weight(weight).ceiling(ceiling).maxQueueTime(maxQueueTime);
        maxQueued.ifPresent(most -> tier.maxQueued(most).maxQueuedTokens(most * 1_000L));
        return tier;
    }

    /** With nothing taken. */
    static ShippedGate of(int slots) {
        return new ShippedGate(slots, TENANTS, OptionalInt.empty(), Duration.ofSeconds(10));
    }

    /** With nothing taken, and with all that a gate can be asked for. */
    static ShippedGate withEverything(int slots) {
        return new ShippedGate(slots, TENANTS, OptionalInt.empty(), Duration.ofSeconds(10), true);
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
