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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KedaQueueTest {

    private final FakeObservation seen = new FakeObservation();
    private final Autoscaler queue = KedaQueue.of(KedaQueue.Settings.DEFAULTS);

    private static Autoscaler threshold(double threshold) {
        return KedaQueue.of(new KedaQueue.Settings(threshold, Keda.Settings.DEFAULTS, Hpa.Settings.DEFAULTS));
    }

    @ParameterizedTest(name = "{0}: {1} replicas, value {2}, threshold {3}: {4}")
    @DisplayName("KEDA issues: an AverageValue is ceil(value / threshold)")
    @CsvSource({
        "keda#4148: 60 over 4 replicas is 15 each, 4, 60, 15, 4",
        "keda#1940: 91 over 2 replicas is 46 of 75 each, 2, 91, 75, 2",
        "mitodl PR#5304: desired is query over threshold, 3, 100, 15, 7",
    })
    void look_value_isDividedByTheThreshold(String source, int replicas, double value, double threshold, int expected) {
        seen.replicas(replicas).with(Gauge.QUEUED, value).at(15);

        assertThat(threshold(threshold).look(seen)).as(source).isEqualTo(expected);
    }

    @Test
    @DisplayName("keda#5781: 4 over 3 replicas is 1334m of 21 each, so one replica would do, after 300 s")
    void look_littleValue_fallsAfterTheWindow() {
        Autoscaler autoscaler = threshold(21);
        seen.replicas(3).with(Gauge.QUEUED, 4);
        int count = 0;
        for (int now = 15; now <= 300; now += 15) {
            count = seen.at(now).obey(autoscaler);
        }

        assertThat(count).isEqualTo(3);
        assertThat(seen.at(315).obey(autoscaler)).isEqualTo(1);
    }

    @Test
    @DisplayName("KEDA docs, activation: active is above the threshold of 0, and asks for one replica at a poll")
    void look_firstRequestAtZero_asksForOne() {
        seen.min = 0;
        seen.replicas(0).at(30);
        assertThat(queue.look(seen)).isZero();

        // The poll is each 30 s, not each 15 s.
        assertThat(queue.look(seen.with(Gauge.QUEUED, 40).at(45))).isZero();
        assertThat(queue.look(seen.at(60))).isEqualTo(1);
    }

    @Test
    @DisplayName("KEDA docs, cooldownPeriod: 300 s after it was last active all replicas go")
    void look_idleForTheCooldown_goesToZero() {
        seen.min = 0;
        seen.replicas(2).with(Gauge.QUEUED, 1).at(30).obey(queue);
        seen.with(Gauge.QUEUED, 0);
        int now = 45;
        while (seen.at(now).obey(queue) > 0) {
            now += 15;
        }

        assertThat(now).isEqualTo(330);
    }

    @Test
    @DisplayName("KEDA docs, pollingInterval: with a least of one the HPA alone decides")
    void look_minOfOne_neverGoesToZero() {
        for (int now = 15; now <= 1200; now += 15) {
            seen.at(now).obey(queue);
        }

        assertThat(seen.specified).isEqualTo(1);
    }
}
