/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import org.junit.jupiter.api.Test;

class ScratchTest {
    @Test
    void run() {
        for (int i = 1; i <= 3; i++) {
            long t = System.nanoTime();
            var s = Simulator.run(
                    new RunPlan(Scenarios.named("llm-d"), "tidegate", RunPlan.Admission.GATE, i), p -> {});
            System.out.printf(
                    "SCORE seed %d all %.2f%% %s tiers %s mean %.2f peak %d ups %d downs %d rev %d pre %d in %.2f s%n",
                    i,
                    100 * s.all().attainment(),
                    s.all(),
                    s.tiers(),
                    s.meanReplicas(),
                    s.peakReplicas(),
                    s.ups(),
                    s.downs(),
                    s.reversals(),
                    s.preemptions(),
                    (System.nanoTime() - t) / 1e9);
            if (i == 1)
                s.course().stream()
                        .filter(m -> ((int) m.seconds()) % 60 == 0)
                        .forEach(m -> System.out.println("SCORE " + m));
        }
    }
}
