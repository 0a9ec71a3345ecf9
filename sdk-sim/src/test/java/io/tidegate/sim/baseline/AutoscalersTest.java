/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.sim.baseline.Observation.Gauge;
import io.tidegate.sim.baseline.Observation.Latency;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AutoscalersTest {

    @ParameterizedTest
    @MethodSource("io.tidegate.sim.baseline.Autoscalers#names")
    void create_name_isItsOwn(String name) {
        assertThat(Autoscalers.create(name).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @MethodSource("io.tidegate.sim.baseline.Autoscalers#names")
    void look_anything_staysWithinBounds(String name) {
        Autoscaler autoscaler = Autoscalers.create(name);
        FakeObservation seen = new FakeObservation();
        seen.min = 2;
        seen.max = 9;
        seen.replicas(2);
        for (int i = 1; i <= 400; i++) {
            double load = i % 100 < 50 ? 5000 : 0;
            for (Gauge gauge : Gauge.values()) {
                seen.with(gauge, i % 7 == 0 ? Double.NaN : load);
            }
            seen.with(Latency.TIME_TO_FIRST_TOKEN, load);
            seen.rateAgo = ago -> load;

            assertThat(seen.at(i * autoscaler.period()).obey(autoscaler)).isBetween(2, 9);
        }
    }

    @ParameterizedTest
    @MethodSource("io.tidegate.sim.baseline.Autoscalers#names")
    void look_longOverload_reachesTheMost(String name) {
        Autoscaler autoscaler = Autoscalers.create(name);
        FakeObservation seen = new FakeObservation();
        seen.max = 9;
        for (int i = 1; i <= 1200; i++) {
            for (Gauge gauge : Gauge.values()) {
                seen.with(gauge, 5000);
            }
            seen.with(Latency.TIME_TO_FIRST_TOKEN, 100);
            seen.rateAgo = ago -> 5000;
            seen.at(i * autoscaler.period()).obey(autoscaler);
        }

        assertThat(seen.specified).isEqualTo(9);
    }

    @ParameterizedTest
    @MethodSource("io.tidegate.sim.baseline.Autoscalers#names")
    void description_name_isOneLine(String name) {
        assertThat(Autoscalers.description(name)).isNotBlank().doesNotContain("\n");
    }

    @Test
    void create_static_keepsItsCount() {
        Autoscaler eight = Autoscalers.create("static-8");

        assertThat(eight.name()).isEqualTo("static-8");
        assertThat(eight.look(new FakeObservation().with(Gauge.QUEUED, 900))).isEqualTo(8);
    }

    @Test
    void create_unknown_saysWhatThereIs() {
        assertThatThrownBy(() -> Autoscalers.create("hpa"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("hpa-pods");
    }

    @Test
    void create_staticWithoutCount_isRefused() {
        assertThatThrownBy(() -> Autoscalers.create("static-many"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("static-many");
    }
}
