/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PolicyConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.sim.RunPlan;
import io.tidegate.sim.Runner;
import io.tidegate.sim.Scenario;
import io.tidegate.sim.Scenarios;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.TierScore;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TunerTest {

    private static final TidegateConfig CONFIG =
            ConfigReader.parse("test", "pools: {chat: {tiers: {a: {}}, scaling: {max: 4}}}");

    /** 100 requests, one each second: 60 in the part that is searched on, 39 and the last one in the rest. */
    private static final Trace TRACE = Trace.of(
            "hundred",
            IntStream.rangeClosed(1, 100)
                    .mapToObj(i -> new TraceEvent(i * 1_000_000_000L, 10, 10, "a", ""))
                    .toList());

    private static final Scenario SCENARIO = Scenarios.of("hundred", seed -> TRACE, CONFIG);

    private static ScalingConfig scaling(TidegateConfig config) {
        return Objects.requireNonNull(config.pools().values().iterator().next().scaling());
    }

    private static double setting(ScalingConfig scaling, String policy, String name, double standard) {
        PolicyConfig found = scaling.policies().get(policy);
        return Double.parseDouble(
                found == null
                        ? String.valueOf(standard)
                        : found.settings().getOrDefault(name, String.valueOf(standard)));
    }

    private static RunScore score(RunPlan plan, double attainment, double hours) {
        long attained = Math.round(attainment * 10_000);
        TierScore all = new TierScore("all", 10_000, attained, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1);
        return new RunScore(
                plan.scenario().name(),
                plan.scaler(),
                plan.admission().label(),
                plan.seed(),
                all,
                List.of(all),
                100,
                hours,
                1,
                1,
                1,
                0,
                0,
                0,
                OptionalDouble.empty(),
                0,
                0,
                List.of());
    }

    /**
     * Least replica-hours, 10, at a down window of 2 min, a rate window of 30 s and a promised use of 0.75; every second away, or
     * hundredth, costs.
     */
    private static RunScore bowl(RunPlan plan) {
        ScalingConfig scaling = scaling(plan.scenario().config());
        double away = Math.abs(scaling.down().stabilizationWindow().toSeconds() - 120) / 60.0
                + Math.abs(scaling.rateWindow().toSeconds() - 30) / 10.0
                + Math.abs(setting(scaling, "slo", "promisedUse", 0.85) - 0.75) * 20
                + Math.abs(setting(scaling, "backlog", "targetThroughput", 0.95) - 0.95)
                + Math.abs(setting(scaling, "slo", "otherUse", 0.92) - 0.92)
                + Math.abs(setting(scaling, "slo", "sigmas", 1) - 1)
                + scaling.up().stabilizationWindow().toSeconds() / 10.0
                + Math.abs(scaling.down().period().toSeconds() - 60) / 60.0;
        return score(plan, 0.995, 10 + away);
    }

    private static boolean isTrain(RunPlan plan) {
        return plan.scenario().trace().apply(plan.seed()).duration().equals(Duration.ofSeconds(60));
    }

    private static Tuned tune(Runner runner, int threads) {
        return Tuner.builder(SCENARIO)
                .budget(300)
                .threads(threads)
                .runner(runner)
                .build()
                .tune(share -> {});
    }

    @Test
    void tune_bowl_findsItsBottom() {
        assertThat(tune((plan, progress) -> bowl(plan), 2).changes())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "scaling.policies.slo.settings.promisedUse", "0.85 → 0.75",
                        "scaling.rateWindow", "15s → 30s",
                        "scaling.down.stabilizationWindow", "5m → 2m"));
    }

    @Test
    void tune_bowl_reportsTheRest() {
        Tuned tuned = tune((plan, progress) -> bowl(plan), 2);
        // As it was: 3 min away, 15 s, 10 hundredths: 3 + 1.5 + 2.
        assertThat(tuned.restDefaults().replicaHours().mean()).isEqualTo(16.5);
        assertThat(tuned.restBest().replicaHours().mean()).isEqualTo(10);
        assertThat(tuned.better()).isTrue();
    }

    @Test
    void tune_otherThreads_sameAnswer() {
        assertThat(tune((plan, progress) -> bowl(plan), 1)).isEqualTo(tune((plan, progress) -> bowl(plan), 3));
    }

    @Test
    void tune_budget_isKept() {
        List<RunPlan> made = new ArrayList<>();
        Tuned tuned = Tuner.builder(SCENARIO)
                .budget(41)
                .seeds(3)
                .threads(1)
                .runner((plan, progress) -> {
                    made.add(plan);
                    return bowl(plan);
                })
                .build()
                .tune(share -> {});
        assertThat(made.stream().filter(TunerTest::isTrain)).hasSizeBetween(30, 41);
        assertThat(tuned.runs()).isEqualTo(made.size());
    }

    @Test
    void tune_search_neverSeesTheRest() {
        List<RunPlan> made = new ArrayList<>();
        tune(
                (plan, progress) -> {
                    made.add(plan);
                    return bowl(plan);
                },
                1);
        // Two configurations on two seeds, after all others.
        assertThat(made.subList(0, made.size() - 4)).allMatch(TunerTest::isTrain);
        assertThat(made.subList(made.size() - 4, made.size())).noneMatch(TunerTest::isTrain);
    }

    @Test
    void tune_rest_beginsWhereTheSearchEnded() {
        List<RunPlan> made = new ArrayList<>();
        tune(
                (plan, progress) -> {
                    made.add(plan);
                    return bowl(plan);
                },
                1);
        Trace rest = made.get(made.size() - 1).scenario().trace().apply(1);
        // The request of second 60 is its first, those of 61 to 100 follow.
        assertThat(rest.stats().events()).isEqualTo(41);
    }

    @Test
    void tune_betterOnlyOnWhatWasSearched_staysAsItWas() {
        Tuned tuned = tune(
                (plan, progress) -> {
                    RunScore found = bowl(plan);
                    return isTrain(plan) ? found : score(plan, 0.995, 100 - found.replicaHours());
                },
                2);
        assertThat(tuned.better()).isFalse();
        assertThat(tuned.config()).isEqualTo(CONFIG);
        assertThat(tuned.text()).contains("On the rest of the trace the best one is not better");
    }

    @Test
    void tune_nothingBetter_saysSo() {
        Tuned tuned = tune((plan, progress) -> score(plan, 0.995, 10), 2);
        assertThat(tuned.changes()).isEmpty();
        assertThat(tuned.text()).contains("The settings as they were are best.");
    }

    @Test
    void tune_cheapMissesTheTarget_isNotTaken() {
        // Up at once costs 20 and keeps the target; each wait is cheaper and does not.
        Tuned tuned = tune(
                (plan, progress) -> scaling(plan.scenario().config())
                                .up()
                                .stabilizationWindow()
                                .isZero()
                        ? score(plan, 0.99, 20)
                        : score(plan, 0.98, 5),
                2);
        assertThat(scaling(tuned.config()).up().stabilizationWindow()).isZero();
    }

    @Test
    void tune_nobodyKeepsTheTarget_highestAttainment() {
        Tuned tuned = tune(
                (plan, progress) -> {
                    long seconds =
                            scaling(plan.scenario().config()).rateWindow().toSeconds();
                    return score(plan, 0.9 - (double) seconds / 1000, (double) seconds);
                },
                2);
        assertThat(scaling(tuned.config()).rateWindow()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void yaml_tuned_isReadToWhatWasFound() {
        Tuned tuned = tune((plan, progress) -> bowl(plan), 2);
        assertThat(ConfigReader.parse("tuned", tuned.yaml())).isEqualTo(tuned.config());
        assertThat(tuned.config()).isNotEqualTo(CONFIG);
    }

    @Test
    void yaml_tuned_beginsWithWhatWasMeasured() {
        assertThat(tune((plan, progress) -> bowl(plan), 2).yaml())
                .startsWith("# Tuned hundred: ")
                .contains(
                        "# Searched on the first 60 % of the trace:",
                        "#   as it was:  99.50 % ±0.00 attained, 16.50 ±0.00 replica-hours",
                        "#   best found: 99.50 % ±0.00 attained, 10.00 ±0.00 replica-hours");
    }

    @Test
    void space_everyValue_isAConfiguration() {
        SearchSpace space = SearchSpace.around(CONFIG);
        for (int setting = 0; setting < space.settings().size(); setting++) {
            for (int value = 0; value < space.settings().get(setting).values().size(); value++) {
                assertThat(space.config(space.start().with(setting, value)).pools())
                        .hasSize(1);
            }
        }
    }

    @Test
    void space_valueOfTheConfiguration_isAmongThem() {
        TidegateConfig own =
                ConfigReader.parse("test", "pools: {chat: {tiers: {a: {}}, scaling: {max: 4, rateWindow: 20s}}}");
        assertThat(Tuner.builder(Scenarios.of("own", seed -> TRACE, own))
                        .build()
                        .space())
                .containsEntry("scaling.rateWindow", List.of("5s", "10s", "15s", "20s", "30s", "1m"));
    }

    @Test
    void build_poolThatIsNotScaled_isRefused() {
        TidegateConfig own = ConfigReader.parse("test", "pools: {chat: {tiers: {a: {}}}}");
        assertThatThrownBy(() ->
                        Tuner.builder(Scenarios.of("own", seed -> TRACE, own)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("pools.chat.scaling is required");
    }

    @Test
    void build_tooSmallABudget_isRefused() {
        assertThatThrownBy(() -> Tuner.builder(SCENARIO).seeds(3).budget(11).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("budget must be >= 4 runs for each seed (12) but was 11");
    }
}
