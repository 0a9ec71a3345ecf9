/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.sim.baseline.Observation.Gauge;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DynamoTest {

    private final FakeObservation seen = new FakeObservation();
    private final Dynamo dynamo = new Dynamo(Dynamo.Settings.DEFAULTS);

    @ParameterizedTest(name = "{0} requests/s of {1}: {2}")
    @DisplayName(
            "dynamo PR#2557: 30 requests/s per GPU, from 20 to 80 requests/s the planner goes from 1 to 3; none is 1")
    @CsvSource({"20, 30, 1", "80, 30, 3", "60, 30, 2", "0, 30, 1"})
    void replicas_rate_isDividedByTheEngines(double rate, double engine, int expected) {
        assertThat(Dynamo.replicas(rate, engine)).isEqualTo(expected);
    }

    @Test
    @DisplayName("dynamo throughput_scaling.py: at 180 s the demand over the engine's rate becomes the least count")
    void look_throughputTick_raisesTheFloor() {
        seen.rateAgo = ago -> 45;

        assertThat(dynamo.look(seen.at(175))).isEqualTo(1);
        assertThat(dynamo.look(seen.at(180))).isEqualTo(5);
    }

    @Test
    @DisplayName("dynamo PR#14296: a forecast moves the target by 8 replicas at most")
    void look_hugeDemand_isCapped() {
        seen.rateAgo = ago -> 1000;

        assertThat(dynamo.look(seen.replicas(2).at(180))).isEqualTo(10);
    }

    @Test
    @DisplayName("dynamo load_scaling.py: scaling in progress, observing only")
    void look_replicasStart_observes() {
        seen.replicas(4, 3).with(Gauge.PREFILL_TOKENS, 1_000_000);

        assertThat(dynamo.look(seen.at(5))).isEqualTo(4);
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName(
            "dynamo load_scaling.py, _scale_decision and consolidation, objectives 3 s and 0.1 s, sensitivity 80 %")
    @CsvSource({
        "time to first token above its objective adds one, 4, 0.5, 2.6, 0.05, 1",
        "time per token above its objective adds one, 4, 0.5, 0.1, 0.11, 1",
        "2 to 1 is refused: 1.2·2/1 is not below (3 - 0.5)·0.8 = 2, 2, 0.5, 1.2, 0.01, 0",
        "2 to 1 is granted: 0.9·2/1 is below 2, 2, 0.5, 0.9, 0.01, -1",
        "2 to 1 is refused: 0.045·2/1 per token is not below 0.08, 2, 0.5, 0.1, 0.045, 0",
        "own time above the objective never removes, 5, 3.0, 0, 0.01, 0",
        "one stays, 1, 0.1, 0, 0, 0",
    })
    void step_estimates_decide(String title, int current, double own, double queue, double perToken, int expected) {
        assertThat(dynamo.step(current, own, queue, perToken, FakeObservation.PROFILE))
                .as(title)
                .isEqualTo(expected);
    }

    @Test
    @DisplayName("dynamo load_scaling.py: scale_down_capped_by_throughput")
    void look_idleEnginesAboveTheFloor_fallToIt() {
        seen.rateAgo = ago -> 25;
        seen.replicas(4).at(180).obey(dynamo);
        assertThat(seen.specified).isEqualTo(3);

        assertThat(seen.at(185).obey(dynamo)).isEqualTo(3);
    }

    @Test
    @DisplayName("Here: queues at the gateway count as if they were in the engines")
    void look_queueAtGateway_addsOne() {
        // 100 requests of 100 tokens over 2 replicas at 1000 tokens/s: 5 s.
        seen.replicas(2).with(Gauge.QUEUED, 100).with(Gauge.IN_FLIGHT, 20);

        assertThat(dynamo.look(seen.at(5))).isEqualTo(3);
    }

    @Test
    @DisplayName("Here: the forecast continues a line, keeps a level, repeats the last of fewer than five")
    void next_rows_areContinued() {
        assertThat(forecast(10, 20, 30, 40, 50)).isCloseTo(60, within(1e-9));
        assertThat(forecast(7, 7, 7, 7, 7, 7)).isEqualTo(7);
        assertThat(forecast(0, 0, 5, 9)).isEqualTo(9);
        assertThat(forecast(50, 40, 30, 20, 10, 1)).isZero();
        // Pairs (1,3) (3,1) (1,3) (3,1): a = 4, b = -1.
        assertThat(forecast(1, 3, 1, 3, 1)).isCloseTo(3, within(1e-9));
    }

    private static double forecast(double... values) {
        Dynamo.Forecast forecast = new Dynamo.Forecast(50);
        for (double value : values) {
            forecast.add(value);
        }
        return forecast.next();
    }
}
