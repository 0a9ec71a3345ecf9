/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.baseline.Observation.Latency;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlmdSloTest {

    private final FakeObservation seen = new FakeObservation().replicas(4);
    private final LlmdSlo slo = new LlmdSlo(LlmdSlo.Settings.DEFAULTS);

    @ParameterizedTest(name = "{0}: s = {1}, n = {2}, r = {3}: {4}")
    @DisplayName("llm-d guide, slo-aware, section 2: the control law")
    @CsvSource({
        "up: 4 + ceil(4·0.4545), 0.80, 4, 4, 6",
        "at the clamp: 3 + ceil(3·2.636), 2.0, 3, 3, 11",
        "credit r/n covers the deficit beyond what starts: 8 + ceil(8·0.818), 2.0, 8, 4, 15",
        "credit below the boundary holds, 1.0, 8, 4, 8",
        "hysteresis band, 0.50, 6, 6, 6",
        "down: 8 - floor(8·0.5), 0.20, 8, 8, 4",
        "down is not credited: 1.0 with r/n = 1/8, 1.0, 8, 1, 8",
        "idle pool, 0, 5, 5, 0",
        "no ready replica gives no credit, 1.1, 3, 0, 6",
    })
    void count_saturation_followsTheLaw(String title, double saturation, int replicas, int ready, int expected) {
        assertThat(slo.count(saturation, replicas, ready)).as(title).isEqualTo(expected);
    }

    @Test
    @DisplayName(
            "llm-d guide, slo-aware, section 3: the window of 30 s holds the first ask, then max(100 %, 4) per 60 s")
    void look_breach_risesAfterTheWindowByTheLarger() {
        seen.with(Latency.TIME_TO_FIRST_TOKEN, 30);
        List<Integer> counts = new ArrayList<>();

        for (int now = 15; now <= 105; now += 15) {
            counts.add(seen.at(now).obey(slo));
        }

        // s = 2 by the clamp, although the latency is ten times its objective.
        assertThat(counts).containsExactly(4, 4, 8, 8, 8, 8, 16);
    }

    @Test
    @DisplayName("llm-d guide, slo-aware, section 3: scale-down walks 1 pod per 120 s with a 180 s window")
    void look_idle_fallsByOneEach120Seconds() {
        List<Integer> falls = new ArrayList<>();
        seen.min = 3;
        seen.replicas(6);
        for (int now = 15; now <= 600; now += 15) {
            int before = seen.specified;
            if (seen.at(now).obey(slo) < before) {
                falls.add(now);
            }
        }

        // The first look notes the six there are; that is out of the window at 195 s.
        assertThat(falls).containsExactly(195, 315, 435);
        assertThat(seen.specified).isEqualTo(3);
    }

    @Test
    @DisplayName("llm-d guide, slo-aware, section 1: the worst of the two latencies over 45 s")
    void look_timePerTokenInBandOnAverage_holds() {
        seen.with(Latency.TIME_PER_OUTPUT_TOKEN, 0.03).at(15).obey(slo);
        seen.with(Latency.TIME_PER_OUTPUT_TOKEN, 0.05).at(30).obey(slo);
        seen.with(Latency.TIME_PER_OUTPUT_TOKEN, 0.08);

        // (0.3 + 0.5 + 0.8) / 3 = 0.533: in the band, though the last alone is not.
        assertThat(seen.at(45).obey(slo)).isEqualTo(4);
    }

    @Test
    @DisplayName("llm-d guide, slo-aware: target 1 as AverageValue with the HPA's tolerance swallows 10 to 11")
    void look_oneMoreThanTen_isSwallowed() {
        seen.replicas(10).with(Latency.TIME_TO_FIRST_TOKEN, 3 * 0.56);

        for (int now = 15; now <= 150; now += 15) {
            assertThat(slo.count(0.56, 10, 10)).isEqualTo(11);
            assertThat(seen.at(now).obey(slo)).isEqualTo(10);
        }
    }
}
