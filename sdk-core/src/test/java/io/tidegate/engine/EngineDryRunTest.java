/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.pool.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Decisions that are only made. */
class EngineDryRunTest {

    @Test
    void dryRun_anySequence_neverCallsAndDecidesWhatActDecidesFromTheSameView() {
        for (long seed = 0; seed < 100; seed++) {
            Rig dry = new Rig(3);
            dry.pool.mode(Mode.DRY_RUN);
            Rig act = new Rig(3);
            for (Rig rig : List.of(dry, act)) {
                rig.pool.stabilizationWindow(Duration.ofSeconds(20));
                play(rig, new SplittableRandom(seed));
            }
            assertThat(dry.backend.requests).as("seed %d", seed).isEmpty();
            assertThat(dry.steps).isEmpty();
            // The views are the same until the first that acts.
            assertThat(dry.decisions.isEmpty()).isEqualTo(act.decisions.isEmpty());
            if (!act.decisions.isEmpty()) {
                Decision first = dry.decisions.get(0);
                assertThat(first.origin().mode()).isEqualTo(Mode.DRY_RUN);
                assertThat(first.explain()).endsWith(" Dry run: nothing is changed.");
                assertThat(withMode(first)).as("seed %d", seed).isEqualTo(act.decisions.get(0));
            }
        }
    }

    private static Decision withMode(Decision one) {
        Decision.Origin origin =
                new Decision.Origin(one.origin().trigger(), one.origin().sinceNanos(), Mode.ACT);
        return new Decision(
                one.id(),
                one.pool(),
                one.at(),
                one.atNanos(),
                one.from(),
                one.to(),
                one.cause(),
                one.proposals(),
                one.narrowings(),
                one.alternatives(),
                origin);
    }

    private static void play(Rig rig, SplittableRandom random) {
        boolean[] missing = {false};
        rig.pool.signals(() -> missing[0] ? Map.of("gpu", new Signal.Missing("dcgm", "")) : Map.of());
        rig.want = random.nextInt(3) == 0 ? 4 : 3;
        rig.start();
        for (int i = 0; i < 40; i++) {
            switch (random.nextInt(6)) {
                case 0 -> rig.want = random.nextInt(12);
                case 1 -> missing[0] = random.nextBoolean();
                case 2 -> rig.engine().wake("chat");
                case 3 ->
                    rig.engine()
                            .override("chat", ManualOverride.pin(random.nextInt(12), Duration.ofSeconds(5), "ann", ""));
                default -> rig.advance(Duration.ofMillis(random.nextInt(3000)));
            }
        }
    }

    @Test
    void dryRun_eachTargetIsRecordedOnce() {
        Rig rig = new Rig(3);
        rig.pool.mode(Mode.DRY_RUN);
        rig.start();
        List<Integer> expected = new ArrayList<>();
        for (int want : new int[] {5, 5, 6, 4, 8}) {
            rig.want = want;
            rig.advance(Duration.ofSeconds(10));
            if (expected.isEmpty() || expected.get(expected.size() - 1) != want) {
                expected.add(want);
            }
        }
        assertThat(rig.decisions).extracting(Decision::to).containsExactlyElementsOf(expected);
        assertThat(rig.state().decisions()).hasSize(4);
    }

    @Test
    void reconfigure_toAct_actsAtOnce_andBackIsDryAgain() {
        Rig rig = new Rig(3);
        rig.backend.instant = true;
        rig.pool.mode(Mode.DRY_RUN);
        rig.want = 5;
        rig.start();
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.backend.requests).isEmpty();

        rig.engine().reconfigure(rig.pool.mode(Mode.ACT).build());
        assertThat(rig.backend.lastRequest().to()).isEqualTo(5);

        rig.backend.all(3);
        rig.want = Rig.HOLD;
        rig.advance(Duration.ofSeconds(2));
        rig.want = 5;
        int before = rig.decisions.size();
        rig.engine().reconfigure(rig.pool.mode(Mode.DRY_RUN).build());
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.decisions).hasSize(before + 1);
    }
}
