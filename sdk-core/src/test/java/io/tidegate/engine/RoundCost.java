/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.policy.PolicySets;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a round of the engine costs with the standard policies and guardrails, a full record of ten minutes, and ten tiers that are
 * asked; without and with a shadow. Run: {@code java -cp … io.tidegate.engine.RoundCost}.
 */
final class RoundCost {

    private static final int TIERS = 10;

    private RoundCost() {}

    public static void main(String[] args) {
        for (int i = 0; i < 2; i++) {
            measure("alone", false);
            measure("with a shadow", true);
        }
    }

    private static void measure(String what, boolean shadow) {
        ManualTime time = new ManualTime();
        List<Tier> tiers = new ArrayList<>();
        Gate.Builder builder = Gate.builder("chat").time(time).callbackExecutor(Runnable::run);
        for (int i = 0; i < TIERS; i++) {
            Tier tier = Tier.builder("tier" + i)
                    .slo(Slo.timeToFirstToken(Duration.ofSeconds(10)))
                    .build();
            tiers.add(tier);
            builder.tier(tier);
        }
        Gate gate = builder.build();
        FakeBackend backend = FakeBackend.with(4);
        backend.instant = true;
        ScaledPool.Builder pool = ScaledPool.builder("chat")
                .load(gate::load)
                .supply(gate::supply)
                .backend(backend)
                .replicaWork(Work.slots(64))
                .period(Duration.ofHours(23))
                .statusPeriod(Duration.ofMillis(250))
                .eventGap(Duration.ofMillis(1))
                .bounds(1, 20);
        if (shadow) {
            pool.shadow(new PolicySet(
                    "shadow",
                    List.of(
                            BacklogPolicy.builder().build(),
                            PolicySets.standard().get(1)),
                    Guardrails.builder().bounds(1, 20).build()));
        }
        Engine engine = Engine.builder()
                .time(time)
                .executor(Runnable::run)
                .pool(pool.build())
                .build();
        engine.start();
        int rounds = 8000;
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            for (Tier tier : tiers) {
                Admission answer = gate.tryAcquire(Request.of(tier).withTokens(100, 200));
                if (answer instanceof Permit permit) {
                    time.schedule(200_000_000L + 10_000_000L * (i % 300), permit::firstToken);
                    time.schedule(
                            4_000_000_000L + 10_000_000L * (i % 300),
                            () -> permit.close(Outcome.COMPLETED, new Usage(100, 200)));
                }
            }
            time.advance(Duration.ofMillis(250));
            long begin = System.nanoTime();
            engine.wake("chat");
            nanos[i] = System.nanoTime() - begin;
        }
        engine.close();
        gate.close();
        long[] warm = Arrays.copyOfRange(nanos, rounds / 2, rounds);
        Arrays.sort(warm);
        System.out.printf(
                "%s: median %.0f us, p99 %.0f us, %d recent seconds%n",
                what,
                warm[warm.length / 2] / 1e3,
                warm[warm.length * 99 / 100] / 1e3,
                engine.state("chat").view().orElseThrow().recent().seconds().size());
    }
}
