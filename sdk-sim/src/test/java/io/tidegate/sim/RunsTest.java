/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.config.ConfigReader;
import io.tidegate.sim.RunPlan.Admission;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.TierScore;
import io.tidegate.sim.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RunsTest {

    private static final Scenario SCENARIO = Scenarios.of(
            "empty",
            seed -> Trace.of("empty", List.of()),
            ConfigReader.parse("test", "pools: {chat: {tiers: {a: {}}, scaling: {max: 4}}}"));

    private static List<RunPlan> plans(int count) {
        return LongStream.rangeClosed(1, count)
                .mapToObj(seed -> new RunPlan(SCENARIO, "tidegate", Admission.GATE, seed))
                .toList();
    }

    private static RunScore score(RunPlan plan) {
        TierScore all = new TierScore("all", 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1);
        return new RunScore(
                "empty",
                plan.scaler(),
                "gate",
                plan.seed(),
                all,
                List.of(),
                1,
                1,
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

    @Test
    void all_firstEndsLast_keepsTheOrderOfThePlans() {
        CountDownLatch second = new CountDownLatch(1);
        List<RunScore> scores = Runs.all(
                plans(2),
                2,
                (plan, progress) -> {
                    if (plan.seed() == 2) {
                        second.countDown();
                    } else {
                        await(second);
                    }
                    return score(plan);
                },
                share -> {});
        assertThat(scores).extracting(RunScore::seed).containsExactly(1L, 2L);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void all_oneFails_itsExceptionIsThrown() {
        assertThatThrownBy(() -> Runs.all(
                        plans(3),
                        1,
                        (plan, progress) -> {
                            throw new IllegalArgumentException("no scaler");
                        },
                        share -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no scaler");
    }

    @Test
    void all_progress_isTheMeanOfTheRuns() {
        List<Double> told = new ArrayList<>();
        Runs.all(
                plans(2),
                1,
                (plan, progress) -> {
                    progress.accept(0.5);
                    progress.accept(0.2);
                    return score(plan);
                },
                told::add);
        assertThat(told).containsExactly(0.25, 0.5, 0.75, 1.0);
    }

    @Test
    void all_noThreads_isRefused() {
        assertThatThrownBy(() -> Runs.all(plans(1), 0, (plan, progress) -> score(plan), share -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("threads must be >= 1 but was 0");
    }
}
