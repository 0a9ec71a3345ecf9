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

class LlmdQueueTest {

    private final FakeObservation seen = new FakeObservation();
    private final Autoscaler guard = LlmdQueue.of(LlmdQueue.Settings.GUARD);
    private final Autoscaler windows = LlmdQueue.of(LlmdQueue.Settings.WINDOWS);

    @ParameterizedTest(name = "{0}: demand {1}, replicas {2}, pending {3}: {4}")
    @DisplayName("llm-d keda-epp, overshoot guard: demand <= replicas ? demand : max(demand - pending, replicas)")
    @CsvSource({
        "demand below the replicas passes, 2, 4, 1, 2",
        "pending is taken off, 10, 4, 3, 7",
        "never below the replicas while they start, 6, 4, 3, 4",
        "no pending series is demand alone, 10, 4, 0, 10",
    })
    void guarded_demand_followsTheFormula(String title, double demand, int replicas, int pending, double expected) {
        assertThat(LlmdQueue.guarded(demand, replicas, pending)).as(title).isEqualTo(expected);
    }

    @Test
    @DisplayName(
            "llm-d keda-epp, queue-guard/scaledobject.yaml: max(queue / 1, running / 16), at most the double in 15 s")
    void look_runningOnly_drivesTheCountAtOnce() {
        seen.replicas(2).with(Gauge.DISPATCHED, 60).at(15);

        // 60 / 16 = 3.75.
        assertThat(guard.look(seen)).isEqualTo(4);
    }

    @Test
    @DisplayName("llm-d keda-epp, queue-guard: while replicas start, the same queue asks for no more of them")
    void look_queueCoveredByPending_holds() {
        seen.replicas(2).with(Gauge.QUEUED, 4).at(15);
        assertThat(guard.look(seen)).isEqualTo(4);

        assertThat(guard.look(seen.replicas(4, 2).with(Gauge.QUEUED, 6).at(30))).isEqualTo(4);
    }

    @Test
    @DisplayName("llm-d keda-epp, queue/scaledobject.yaml: a scale-up window of 300 s holds the first ask")
    void look_windows_riseAfter300Seconds() {
        seen.replicas(1).with(Gauge.QUEUED, 8);
        List<Integer> rises = new ArrayList<>();
        for (int now = 15; now <= 345; now += 15) {
            int before = seen.specified;
            if (seen.at(now).obey(windows) > before) {
                rises.add(now);
            }
        }

        assertThat(rises).containsExactly(315, 330, 345);
        assertThat(seen.specified).isEqualTo(8);
    }
}
