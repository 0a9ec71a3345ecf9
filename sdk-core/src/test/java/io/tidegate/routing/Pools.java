/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.routing.Routed.Answered;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Gates for tests of the router: each with its own tiers of the same names. */
final class Pools {

    static final String MODEL = "llama-70b";
    static final String SMALL = "llama-8b";

    final ManualTime time = new ManualTime();

    /** A gate with tiers {@code premium} and {@code standard}, of this many slots on one replica. */
    Gate gate(String pool, int slots) {
        return builder(pool)
                .supply(Supply.fixed(slots == 0 ? 0 : 1, Work.slots(slots)))
                .build();
    }

    Gate.Builder builder(String pool) {
        return Gate.builder(pool)
                .time(time)
                .callbackExecutor(Runnable::run)
                .leakDetection(false)
                .tier(Tier.builder("premium")
                        .maxQueueTime(Duration.ofSeconds(30))
                        .build())
                .tier(Tier.builder("standard")
                        .maxQueueTime(Duration.ofSeconds(60))
                        .build());
    }

    static Supply none() {
        return Supply.fixed(0, Work.slots(4));
    }

    static Supply due(Duration in, ManualTime time) {
        return new Supply(new Replicas(1, 0, List.of(time.nanos() + in.toNanos())), Work.slots(4), true);
    }

    static Target target(Gate gate) {
        return Target.builder(gate).serves(MODEL, 8192).build();
    }

    static RoutedRequest request() {
        return RoutedRequest.of(MODEL, "standard");
    }

    static Route.Builder route(Gate primary) {
        return Route.builder(MODEL, "standard").primary(primary.pool());
    }

    /** Takes all room, after one permit was held this long, so that the gate can predict. */
    List<Permit> fill(Gate gate, Duration inFlight) {
        Request request = Request.of(gate.tier("standard"));
        Permit first = (Permit) gate.tryAcquire(request);
        time.advance(inFlight);
        first.close();
        List<Permit> taken = new ArrayList<>();
        while (gate.predictedWait(request.tier()).orElseThrow().isZero()) {
            taken.add((Permit) gate.tryAcquire(request));
        }
        return taken;
    }

    /** Has so many wait there. */
    static void queue(Gate gate, int count) {
        for (int i = 0; i < count; i++) {
            gate.acquire(Request.of(gate.tier("standard")), answer -> {});
        }
    }

    static Permit permit(Routed routed) {
        assertThat(routed.admission()).isInstanceOf(Permit.class);
        return (Permit) routed.admission();
    }

    static Answered answered(Routed routed) {
        assertThat(routed).isInstanceOf(Answered.class);
        return (Answered) routed;
    }

    static Admission.Reason shed(Routed routed) {
        assertThat(routed.admission()).isInstanceOf(Admission.Shed.class);
        return ((Admission.Shed) routed.admission()).reason();
    }
}
