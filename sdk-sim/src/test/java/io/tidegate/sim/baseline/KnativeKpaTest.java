/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.baseline.Observation.Gauge;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class KnativeKpaTest {

    private final FakeObservation seen = new FakeObservation();

    /** As in Knative's tests: a target, rates of ten, a panic threshold. */
    private static KnativeKpa kpa(double target, double panicThreshold) {
        return new KnativeKpa(new KnativeKpa.Settings(2, 60, 6, panicThreshold, target, 1, 10, 10, 30));
    }

    private FakeObservation load(double now, double stable, double panic) {
        seen.stable = stable;
        return seen.at(now).with(Gauge.IN_FLIGHT, panic);
    }

    @Test
    @DisplayName("autoscaler_test.go StableModeIncreaseWithConcurrencyDefault: 50 and 100 of 10 are 5 and 10")
    void look_stableIncrease_dividesByTheTarget() {
        KnativeKpa kpa = kpa(10, 2);

        assertThat(kpa.look(load(2, 50, 10))).isEqualTo(5);
        assertThat(kpa.look(load(4, 100, 10))).isEqualTo(10);
    }

    @Test
    @DisplayName("autoscaler_test.go StableModeDecrease: 8 ready, 50 of 10 are 5")
    void look_stableDecrease_dividesByTheTarget() {
        KnativeKpa kpa = kpa(10, 2);
        kpa.look(load(2, 10, 10));
        seen.replicas(8);

        assertThat(kpa.look(load(4, 100, 100))).isEqualTo(10);
        assertThat(kpa.look(load(6, 50, 50))).isEqualTo(5);
    }

    @Test
    @DisplayName("autoscaler_test.go UnpanicAfterSlowIncrease: 25 and 41 in panic, 50 by the stable window after it")
    void look_slowIncrease_unpanics() {
        KnativeKpa kpa = kpa(1, 2);
        kpa.look(load(0, 1, 1));
        seen.replicas(10);
        assertThat(kpa.look(load(2, 11, 25))).isEqualTo(25);

        seen.replicas(40);
        assertThat(kpa.look(load(32, 30, 41))).isEqualTo(41);

        seen.replicas(55);
        assertThat(kpa.look(load(64, 50, 56))).isEqualTo(50);
    }

    @Test
    @DisplayName("autoscaler_test.go ExtendPanicWindow: 80 of 40 ready panics anew")
    void look_stillSurging_extendsThePanic() {
        KnativeKpa kpa = kpa(1, 2);
        kpa.look(load(0, 1, 1));
        seen.replicas(10);
        kpa.look(load(2, 11, 25));
        seen.replicas(40);
        assertThat(kpa.look(load(32, 30, 80))).isEqualTo(80);

        seen.replicas(80);
        // 62 s after the first, 32 s after the last: it may not fall yet.
        assertThat(kpa.look(load(64, 50, 56))).isEqualTo(80);
    }

    @Test
    @DisplayName("autoscaler.go: with more than one pod at the start it panics, having no history")
    void look_startWithPods_doesNotFall() {
        seen.replicas(6);
        KnativeKpa kpa = kpa(10, 2);

        assertThat(kpa.look(load(2, 10, 10))).isEqualTo(6);
        assertThat(kpa.look(load(64, 10, 10))).isEqualTo(1);
    }

    @Test
    @DisplayName("config-autoscaler: max-scale-down-rate 2 halves at most, in one step")
    void look_defaults_halveAtMost() {
        KnativeKpa kpa = new KnativeKpa(KnativeKpa.Settings.KNATIVE);
        kpa.look(load(2, 1, 1));
        seen.replicas(9);

        assertThat(kpa.look(load(4, 70, 70))).isEqualTo(4);
    }

    @Test
    @DisplayName("config-autoscaler: target 100 at 70 % is 70 per pod")
    void look_knativeDefaults_aimAt70() {
        KnativeKpa kpa = new KnativeKpa(KnativeKpa.Settings.KNATIVE);

        assertThat(kpa.look(load(2, 140, 140))).isEqualTo(2);
        assertThat(kpa.look(load(4, 141, 141))).isEqualTo(3);
    }

    @Test
    @DisplayName("Here: the concurrency of the profile, 20, at 70 % is 14 per pod")
    void look_defaults_aimAtTheProfile() {
        assertThat(new KnativeKpa(KnativeKpa.Settings.DEFAULTS).look(load(2, 43, 43)))
                .isEqualTo(4);
    }

    @Test
    @DisplayName("config-autoscaler: scale-to-zero-grace-period 30 s keeps the last pod so long")
    void look_noTraffic_goesToZeroAfterTheGrace() {
        seen.min = 0;
        KnativeKpa kpa = kpa(10, 2);
        int now = 2;
        while (kpa.look(load(now, 0, 0)) > 0) {
            now += 2;
        }

        assertThat(now).isEqualTo(32);
    }
}
