/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.baseline.Hpa.Direction;
import io.tidegate.sim.baseline.Hpa.Policy;
import io.tidegate.sim.baseline.Hpa.Select;
import io.tidegate.sim.baseline.Hpa.Unit;
import io.tidegate.sim.baseline.Observation.Gauge;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HpaTest {

    private static final Direction AT_ONCE =
            new Direction(0, Select.MAX, List.of(new Policy(Unit.PODS, 1_000_000, 15)), 0.1);
    private static final Hpa.Settings UNLIMITED = new Hpa.Settings(15, 15, AT_ONCE, AT_ONCE);

    private final FakeObservation seen = new FakeObservation();

    private static Hpa pods(double target) {
        return new Hpa("test", List.of(Hpa.pods(o -> o.latest(Gauge.ENGINE_RUNNING), o -> target)), UNLIMITED);
    }

    private static Hpa value(double target) {
        return new Hpa("test", List.of(Hpa.value(o -> o.latest(Gauge.QUEUED), o -> target)), UNLIMITED);
    }

    private static Hpa average(double target, Hpa.Settings settings) {
        return new Hpa("test", List.of(Hpa.average(o -> o.latest(Gauge.QUEUED), o -> target)), settings);
    }

    private static Hpa limited(Direction up, Direction down) {
        return average(1, new Hpa.Settings(15, 15, up, down));
    }

    @ParameterizedTest(name = "{0}: {1} pods, total {2}, target {3}: {4}")
    @DisplayName("Kubernetes docs, algorithm details, and replica_calculator_test.go: Pods metrics")
    @CsvSource({
        "docs 200m of 100m doubles, 3, 600, 100, 6",
        "docs 50m of 100m halves, 4, 200, 100, 2",
        "docs ratio within 0.1 skips, 3, 330, 100, 3",
        "KEP-4951 90 % of 75 %, 50, 4500, 75, 60",
        "TestReplicaCalcScaleUpCM, 3, 60, 15, 4",
        "TestReplicaCalcScaleDownCM, 5, 60, 20, 3",
        "TestReplicaCalcToleranceCM, 3, 62, 20, 3",
    })
    void look_podsAverage_proposesAsDocumented(String source, int pods, double total, double target, int expected) {
        seen.replicas(pods).with(Gauge.ENGINE_RUNNING, total);

        assertThat(pods(target).look(seen)).as(source).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {2} of {1} pods have a value, total {3}, target {4}: {5}")
    @DisplayName("Kubernetes replica_calculator_test.go: pods without a value")
    @CsvSource({
        "TestReplicaCalcMissingMetrics, 4, 2, 495, 1000, 3",
        "TestReplicaCalcMissingMetricsNoChangeEq, 2, 1, 1000, 1000, 2",
        "TestReplicaCalcMissingMetricsNoChangeGt, 2, 1, 1900, 1000, 2",
        "TestReplicaCalcMissingMetricsNoChangeLt, 2, 1, 600, 1000, 2",
    })
    void look_podsMissing_proposesAsTested(
            String source, int pods, int measured, double total, double target, int expected) {
        seen.replicas(pods, measured).with(Gauge.ENGINE_RUNNING, total);

        assertThat(pods(target).look(seen)).as(source).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {2} of {1} ready, {3} of {4}: {5}")
    @DisplayName("Kubernetes replica_calculator_test.go: External Value")
    @CsvSource({
        "TestReplicaCalcScaleUpCMExternal, 1, 1, 8600, 4400, 2",
        "TestReplicaCalcScaleUpCMExternalIgnoresUnreadyPods, 3, 1, 8600, 4400, 2",
        "TestReplicaCalcScaleDownCMExternal, 5, 5, 8600, 14334, 3",
        "TestReplicaCalcToleranceCMExternal, 3, 3, 8600, 8888, 3",
    })
    void look_externalValue_proposesAsTested(
            String source, int pods, int ready, double value, double target, int expected) {
        seen.replicas(pods, ready).with(Gauge.QUEUED, value);

        assertThat(value(target).look(seen)).as(source).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {1} pods, {2} of {3} each: {4}")
    @DisplayName("Kubernetes replica_calculator_test.go: External AverageValue")
    @CsvSource({
        "TestReplicaCalcScaleUpPerPodCMExternal, 3, 8600, 2150, 4",
        "TestReplicaCalcScaleDownPerPodCMExternal, 5, 8600, 2867, 3",
        "TestReplicaCalcTolerancePerPodCMExternal, 3, 8600, 2900, 3",
    })
    void look_externalAverage_proposesAsTested(String source, int pods, double value, double target, int expected) {
        seen.replicas(pods).with(Gauge.QUEUED, value);

        assertThat(average(target, UNLIMITED).look(seen)).as(source).isEqualTo(expected);
    }

    @Test
    @DisplayName(
            "llm-d-autoscaling PR#1019: External Value compounds to 22745 pods (all asked for counted as ready, as it does)")
    void look_valueWithGrowingQueue_compounds() {
        Hpa hpa = value(250);
        seen.max = 1_000_000;
        List<Integer> counts = new ArrayList<>();

        for (int now = 15; now <= 60; now += 15) {
            counts.add(seen.at(now).with(Gauge.QUEUED, 90.0 * now).obey(hpa));
        }

        // 1350/250 = 5.4; 6·10.8 = 64.8; 65·16.2; 1053·21.6 = 22744.8; each is ready 60 s later: t = 75, 90, 105, 120.
        assertThat(counts).containsExactly(6, 65, 1053, 22_745);
    }

    @Test
    @DisplayName(
            "The same queue with only the one serving pod counted, as getUsageRatioReplicaCount does: no compounding")
    void look_valueWithGrowingQueueAndOneReady_growsWithTheQueue() {
        Hpa hpa = value(250);
        List<Integer> counts = new ArrayList<>();

        for (int now = 15; now <= 60; now += 15) {
            int count = hpa.look(seen.at(now).with(Gauge.QUEUED, 90.0 * now));
            seen.replicas(count, 1);
            counts.add(count);
        }

        assertThat(counts).containsExactly(6, 11, 17, 22);
    }

    @Test
    @DisplayName("Kubernetes docs, default behavior: up by 4 pods or 100 % in 15 s, whichever is more")
    void look_defaults_riseByTheLarger() {
        Hpa hpa = average(1, Hpa.Settings.DEFAULTS);
        seen.with(Gauge.QUEUED, 100);
        List<Integer> counts = new ArrayList<>();

        for (int now = 15; now <= 75; now += 15) {
            counts.add(seen.at(now).obey(hpa));
        }

        assertThat(counts).containsExactly(5, 10, 20, 40, 80);
    }

    @Test
    @DisplayName("Kubernetes docs, default behavior: down to the highest of 300 s, then at once")
    void look_defaults_fallAfterTheWindow() {
        Hpa hpa = average(1, Hpa.Settings.DEFAULTS);
        seen.replicas(10).with(Gauge.QUEUED, 10).at(15).obey(hpa);
        seen.with(Gauge.QUEUED, 2);

        for (int now = 30; now <= 300; now += 15) {
            assertThat(seen.at(now).obey(hpa)).as("at %s", now).isEqualTo(10);
        }
        assertThat(seen.at(315).obey(hpa)).isEqualTo(2);
    }

    @Test
    @DisplayName("Kubernetes docs, scaling policies: 80 to 10 with 10 % or 4 pods a minute falls by 8, 8, 7, 6")
    void look_podsAndPercentDown_fallsByTheLarger() {
        Direction down = new Direction(
                0, Select.MAX, List.of(new Policy(Unit.PODS, 4, 60), new Policy(Unit.PERCENT, 10, 60)), 0.1);
        Hpa hpa = limited(AT_ONCE, down);
        seen.replicas(80).with(Gauge.QUEUED, 10);
        List<Integer> counts = new ArrayList<>();

        for (int now = 60; now <= 240; now += 60) {
            counts.add(seen.at(now).obey(hpa));
        }

        // 72; 64.8, cut to 64 as the controller does; 57.6; 51.3.
        assertThat(counts).containsExactly(72, 64, 57, 51);
    }

    @Test
    @DisplayName("KEP-853, user story 1: up by 900 % a minute goes 1, 10, 100, 1000")
    void look_percent900_growsTenfold() {
        Hpa hpa = limited(new Direction(0, Select.MAX, List.of(new Policy(Unit.PERCENT, 900, 60)), 0.1), AT_ONCE);
        seen.with(Gauge.QUEUED, 5000);

        assertThat(List.of(
                        seen.at(60).obey(hpa),
                        seen.at(120).obey(hpa),
                        seen.at(180).obey(hpa)))
                .containsExactly(10, 100, 1000);
    }

    @Test
    @DisplayName("KEP-853, user story 3: up by one pod per 600 s")
    void look_onePodPer600Seconds_risesByOne() {
        Hpa hpa = limited(new Direction(0, Select.MAX, List.of(new Policy(Unit.PODS, 1, 600)), 0.1), AT_ONCE);
        seen.with(Gauge.QUEUED, 100);

        assertThat(List.of(
                        seen.at(15).obey(hpa),
                        seen.at(600).obey(hpa),
                        seen.at(615).obey(hpa)))
                .containsExactly(2, 2, 3);
    }

    @Test
    @DisplayName("Kubernetes docs: selectPolicy Disabled allows no change in its direction")
    void look_disabledDown_keeps() {
        Direction down = new Direction(0, Select.DISABLED, List.of(new Policy(Unit.PERCENT, 100, 15)), 0.1);
        seen.replicas(8).with(Gauge.QUEUED, 1).at(15);

        assertThat(limited(AT_ONCE, down).look(seen)).isEqualTo(8);
    }

    @Test
    @DisplayName("Kubernetes docs: selectPolicy Min takes the policy that changes least")
    void look_minUp_takesTheSmaller() {
        List<Policy> policies = List.of(new Policy(Unit.PODS, 4, 15), new Policy(Unit.PERCENT, 50, 15));
        seen.replicas(4).with(Gauge.QUEUED, 100).at(15);

        assertThat(limited(new Direction(0, Select.MIN, policies, 0.1), AT_ONCE).look(seen))
                .isEqualTo(6);
    }

    @Test
    @DisplayName("Kubernetes docs: of several metrics the highest proposal counts")
    void look_twoMetrics_takesTheHigher() {
        Hpa hpa = new Hpa(
                "test",
                List.of(Hpa.average(o -> 3, o -> 1), Hpa.average(o -> 7, o -> 1), Hpa.average(o -> 5, o -> 1)),
                UNLIMITED);

        assertThat(hpa.look(seen.at(15))).isEqualTo(7);
    }

    @Test
    @DisplayName("Kubernetes docs: a metric that fails stops a decrease, not an increase")
    void look_missingMetric_onlyRises() {
        Hpa hpa =
                new Hpa("test", List.of(Hpa.average(o -> 5, o -> 1), Hpa.average(o -> Double.NaN, o -> 1)), UNLIMITED);

        assertThat(hpa.look(seen.replicas(8).at(15))).isEqualTo(8);
        assertThat(hpa.look(seen.replicas(3).at(30))).isEqualTo(5);
    }

    @Test
    @DisplayName("horizontal.go: below the least count goes to it at once, past metrics and limits")
    void look_belowMin_goesToMin() {
        seen.min = 40;

        assertThat(average(1, Hpa.Settings.DEFAULTS).look(seen.at(15))).isEqualTo(40);
    }

    @Test
    @DisplayName("horizontal.go: at zero replicas the HPA is disabled")
    void look_zeroReplicas_staysThere() {
        seen.min = 0;
        seen.replicas(0).with(Gauge.QUEUED, 50).at(15);

        assertThat(average(1, Hpa.Settings.DEFAULTS).look(seen)).isZero();
    }

    @Test
    @DisplayName("KEP-4951: with ten replicas and a target of 1, eleven are within the tolerance of 0.1")
    void look_passThroughOfOneMoreThanTen_isSwallowed() {
        seen.replicas(10).with(Gauge.QUEUED, 11).at(15);

        assertThat(average(1, Hpa.Settings.DEFAULTS).look(seen)).isEqualTo(10);
    }
}
