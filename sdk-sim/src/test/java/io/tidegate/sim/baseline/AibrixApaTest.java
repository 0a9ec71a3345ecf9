/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.baseline.Observation.Gauge;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AibrixApaTest {

    private final FakeObservation seen = new FakeObservation();

    @ParameterizedTest(name = "{0}: {1} pods use {2} of 30: {3}")
    @DisplayName("AIBrix apa_test.go")
    @CsvSource({
        "basic_scale_up, 2, 45, 3",
        "scale_up_upto_ceiling, 2, 35, 3",
        "scale_up_upto_max_scale_up, 2, 90, 4",
        "basic_scale_down, 6, 20, 4",
        "scale_down_upto_ceiling, 6, 18, 4",
        "scale_down_upto_max_scale_down, 6, 10, 3",
        "no_scaling_as_within_up_tolerance, 2, 33, 2",
        "no_scaling_as_within_down_tolerance, 2, 27, 2",
    })
    void propose_use_isAsTested(String title, int pods, double use, int expected) {
        assertThat(new AibrixApa(AibrixApa.Settings.DEFAULTS).propose(pods, use, 30))
                .as(title)
                .isEqualTo(expected);
    }

    @Test
    @DisplayName("aibrix#2670: two ready pods at twice the target, while others start: 4, 8, 16")
    void look_pendingPods_cascades() {
        AibrixApa apa = new AibrixApa(AibrixApa.Settings.DEFAULTS);
        seen.replicas(2).with(Gauge.ENGINE_RUNNING, 64);
        List<Integer> counts = new ArrayList<>();
        for (int now = 10; now <= 30; now += 10) {
            int count = apa.look(seen.at(now));
            seen.replicas(count, 2);
            counts.add(count);
        }

        assertThat(counts).containsExactly(4, 8, 16);
    }

    @Test
    @DisplayName("AIBrix scale-down-cooldown-window: a lower count waits for 300 s")
    void look_lessUse_fallsAfterTheWindow() {
        AibrixApa apa = new AibrixApa(AibrixApa.Settings.DEFAULTS);
        seen.replicas(4).with(Gauge.ENGINE_RUNNING, 64).at(10).obey(apa);
        seen.with(Gauge.ENGINE_RUNNING, 32);
        int now = 20;
        while (seen.at(now).obey(apa) == 4) {
            now += 10;
        }

        assertThat(now).isEqualTo(310);
    }
}
