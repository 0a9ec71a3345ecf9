/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import static io.tidegate.sim.Boards.attained;
import static io.tidegate.sim.Boards.board;
import static io.tidegate.sim.Boards.replicaHours;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.sim.RunPlan.Admission;
import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.Comparison.Row;
import io.tidegate.sim.score.Dominance;
import io.tidegate.sim.score.RunScore;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the project claims of its defaults beside published autoscalers, in the form that runs with every build. {@code -Dtidegate.scoreboard=all}
 * goes through every scenario with all ten seeds, which takes hours.
 */
class ScoreboardTest {

    private static final List<Admission> BOTH = List.of(Admission.GATE, Admission.FIFO);

    /** With hindsight, so nobody can build it. */
    private static final String BEST_STATIC = "static-best";

    private static List<String> everybody() {
        return Simulator.scalers().stream()
                .filter(name -> !name.equals(BEST_STATIC))
                .toList();
    }

    @Test
    void llmD_itsLaw_landsWhereItWasMeasured() {
        Row law = board(Scenarios.named("llm-d"), 10, List.of(Admission.FIFO), List.of("llm-d-slo"))
                .rows()
                .get(0);
        assertThat(attained(law)).isCloseTo(95.8, within(1.5));
        assertThat(law.of(RunScore::meanReplicas).mean()).isCloseTo(5.93, within(0.25));
    }

    @Test
    void llmD_defaults_keepMoreForNoMore() {
        Comparison all = board(Scenarios.named("llm-d"), 10, BOTH, everybody());
        Row ours = row(all, "tidegate", "gate");
        assertThat(attained(ours)).isGreaterThanOrEqualTo(98.5);
        assertThat(attained(ours, 0)).isGreaterThanOrEqualTo(99.9);
        assertThat(replicaHours(ours)).isLessThanOrEqualTo(replicaHours(row(all, "llm-d-slo", "fifo")));
        assertNobodyDominates(all);
    }

    @ParameterizedTest
    @CsvSource({"NaN, 95", "0.7, 97", "1.3, 97"})
    void llmD_wrongOrNoBelief_isCorrected(double belief, double least) {
        Row ours = Boards.tidegate(Scenarios.named("llm-d").withBelief(belief), 4);
        assertThat(attained(ours)).isGreaterThanOrEqualTo(least);
    }

    @Test
    void overshoot_peak_isWhatWasNeededAndATenth() {
        Row ours = Boards.tidegate(Scenarios.named("overshoot"), 4);
        assertThat(ours.runs())
                .allSatisfy(run -> assertThat((double) run.peakReplicas()).isLessThanOrEqualTo(1.1 * run.neededPeak()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"overshoot", "step", "flash"})
    void nobody_isBetterByBothMeasures(String scenario) {
        assertNobodyDominates(board(Scenarios.named(scenario), 3, BOTH, everybody()));
    }

    /** Six hours in which nearly all is growth, begun with four replicas and nothing known: more than the whole day takes. */
    @Test
    void day_sixHoursOfTheMorning_takeAtMostThreeTenthsMoreThanTheBound() {
        Scenario day = Scenarios.named("day");
        assertNearTheBound(
                1.3,
                board(
                        day.withTrace(seed -> day.trace().apply(seed).slice(Duration.ofHours(6), Duration.ofHours(6))),
                        1,
                        List.of(Admission.GATE),
                        List.of("tidegate", "bound")));
    }

    @Test
    @EnabledIfSystemProperty(
            named = "tidegate.scoreboard",
            matches = "all",
            disabledReason = "ten minutes; run with -Dtidegate.scoreboard=all")
    void day_takesAtMostAQuarterMoreThanTheBound() {
        assertNearTheBound(
                1.25, board(Scenarios.named("day"), 10, List.of(Admission.GATE), List.of("tidegate", "bound")));
    }

    private static void assertNearTheBound(double times, Comparison all) {
        Row ours = row(all, "tidegate", "gate");
        double bound = all.rows().stream()
                .filter(each -> each.scaler().equals("bound"))
                .mapToDouble(each -> replicaHours(each))
                .findFirst()
                .orElseThrow();
        assertThat(replicaHours(ours)).isLessThanOrEqualTo(times * bound);
        assertThat(attained(ours, 0)).isGreaterThanOrEqualTo(99);
    }

    /** The whole of it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "llm-d",
                "overshoot",
                "step",
                "flash",
                "storm",
                "azure",
                "mooncake",
                "servegen",
                "day",
                "week",
                "gateways"
            })
    @EnabledIfSystemProperty(
            named = "tidegate.scoreboard",
            matches = "all",
            disabledReason = "hours; run with -Dtidegate.scoreboard=all")
    void nobody_isBetterByBothMeasures_tenSeeds(String scenario) {
        assertNobodyDominates(board(Scenarios.named(scenario), 10, BOTH, everybody()));
    }

    private static Row row(Comparison of, String scaler, String admission) {
        return of.rows().stream()
                .filter(each -> each.scaler().equals(scaler) && each.admission().equals(admission))
                .findFirst()
                .orElseThrow();
    }

    private static void assertNobodyDominates(Comparison all) {
        Row ours = row(all, "tidegate", "gate");
        assertThat(all.rows())
                .filteredOn(each -> !each.scaler().equals("tidegate") && Dominance.dominates(each, ours))
                .extracting(each -> each.scaler() + " with " + each.admission())
                .isEmpty();
    }
}
