/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.baseline.Observation.Gauge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubeAiTest {

    private final FakeObservation seen = new FakeObservation();

    @ParameterizedTest(name = "{0} of {1} samples")
    @DisplayName("movingaverage/simple_test.go: the mean over a window that begins with zeros")
    @CsvSource({"1 2 3, 3, 2", "3 2 1, 3, 2", "3 2 1 1 1 1, 3, 1", "2 3, 2, 3", "2 2 2, 3, 2"})
    void look_samples_countTheMean(String values, int window, int expected) {
        // One request per replica, so the count is the mean, rounded up: 2.5 is 3.
        seen.min = 0;
        KubeAi kubeAi = new KubeAi(new KubeAi.Settings(10, 10 * window, 1, 0));
        List<Integer> counts = new ArrayList<>();
        for (String value : Arrays.asList(values.split(" ", -1))) {
            seen.with(Gauge.IN_FLIGHT, Integer.parseInt(value));
            counts.add(seen.obey(kubeAi));
        }

        assertThat(counts.get(counts.size() - 1)).isEqualTo(expected);
    }

    @Test
    @DisplayName("autoscaler.go with its defaults: 600 requests of 100 take 10 min to reach 6 replicas")
    void look_step_isFollowedInTenMinutes() {
        KubeAi kubeAi = new KubeAi(KubeAi.Settings.KUBEAI);
        seen.with(Gauge.IN_FLIGHT, 600);
        List<Integer> counts = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            counts.add(seen.obey(kubeAi));
        }

        // The mean after i samples is 10·i: above 100, 200, ... after 11, 21, ... samples.
        assertThat(List.of(
                        counts.get(9), counts.get(10), counts.get(20), counts.get(49), counts.get(50), counts.get(59)))
                .containsExactly(1, 2, 3, 5, 6, 6);
    }

    @Test
    @DisplayName("modelclient/scale.go: 30 s of delay are three refusals, the fourth lower count is carried out")
    void look_lowerCount_fallsAtTheFourth() {
        KubeAi kubeAi = new KubeAi(new KubeAi.Settings(10, 10, 1, 30));
        seen.replicas(5).with(Gauge.IN_FLIGHT, 2);
        List<Integer> counts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            counts.add(seen.obey(kubeAi));
        }

        assertThat(counts).containsExactly(5, 5, 5, 2);
    }

    @Test
    @DisplayName("modelclient/scale.go: an equal count begins the delay anew")
    void look_equalCountBetween_beginsAnew() {
        KubeAi kubeAi = new KubeAi(new KubeAi.Settings(10, 10, 1, 30));
        seen.replicas(5);
        List<Integer> counts = new ArrayList<>();
        for (int active : new int[] {2, 2, 2, 5, 2, 2, 2}) {
            counts.add(seen.with(Gauge.IN_FLIGHT, active).obey(kubeAi));
        }

        assertThat(counts).containsOnly(5);
    }

    @Test
    @DisplayName("modelclient/scale.go, ScaleAtLeastOneReplica: a request at zero asks for one")
    void look_requestAtZero_asksForOne() {
        seen.min = 0;
        seen.replicas(0).with(Gauge.IN_FLIGHT, 1);

        assertThat(new KubeAi(KubeAi.Settings.DEFAULTS).look(seen)).isEqualTo(1);
    }
}
