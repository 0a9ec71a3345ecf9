/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.baseline.Observation.Gauge;
import org.junit.jupiter.api.Test;

class HpasTest {

    private final FakeObservation seen = new FakeObservation().at(15).replicas(2);

    @Test
    void pods_twiceTheTargetInEngines_doubles() {
        // Target 0.8·20 = 16 per pod.
        seen.with(Gauge.ENGINE_RUNNING, 40).with(Gauge.ENGINE_WAITING, 24).with(Gauge.QUEUED, 500);

        assertThat(Hpas.pods().look(seen)).isEqualTo(4);
    }

    @Test
    void value_queueOfTwiceTheTarget_doubles() {
        // Target 0.8·10·3 = 24 for the pool.
        seen.with(Gauge.QUEUED, 40).with(Gauge.ENGINE_WAITING, 8);

        assertThat(Hpas.value().look(seen)).isEqualTo(4);
    }

    @Test
    void average_inFlight_isDividedByTheTarget() {
        seen.with(Gauge.IN_FLIGHT, 81);

        assertThat(Hpas.average().look(seen)).isEqualTo(6);
    }

    @Test
    void gpu_allBusy_growsByTheRatio() {
        seen.replicas(7).with(Gauge.GPU_BUSY, 7);

        assertThat(Hpas.gpu().look(seen)).isEqualTo(10);
    }
}
