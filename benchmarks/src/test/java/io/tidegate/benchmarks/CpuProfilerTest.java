/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class CpuProfilerTest {

    private static CpuProfiler reading(Map<Long, Long> before, Map<Long, Long> after) {
        ArrayDeque<Map<Long, Long>> queue = new ArrayDeque<>(List.of(before, after));
        CpuProfiler profiler = new CpuProfiler(queue::remove);
        profiler.beforeIteration(null, null);
        return profiler;
    }

    @Test
    void twoThreads_timeOfBoth_isDividedByOperations() {
        CpuProfiler profiler = reading(Map.of(1L, 1_000L, 2L, 5_000L), Map.of(1L, 4_000L, 2L, 7_000L));

        assertThat(profiler.results(100)).singleElement().satisfies(result -> {
            assertThat(result.getLabel()).isEqualTo("cpu.norm");
            assertThat(result.getScore()).isEqualTo(50);
            assertThat(result.getScoreUnit()).isEqualTo("ns/op");
        });
    }

    @Test
    void thread_thatStartedMeanwhile_countsFromZero() {
        assertThat(CpuProfiler.spent(Map.of(), Map.of(7L, 300L))).isEqualTo(300);
    }

    @Test
    void thread_thatEndedMeanwhile_countsNothing() {
        assertThat(CpuProfiler.spent(Map.of(1L, 100L, 2L, 900L), Map.of(1L, 150L)))
                .isEqualTo(50);
    }

    @Test
    void nothingMeasured_noOperationOrNoTime_givesNoFigure() {
        assertThat(reading(Map.of(1L, 0L), Map.of(1L, 100L)).results(0)).isEmpty();
        assertThat(reading(Map.of(), Map.of()).results(100)).isEmpty();
    }

    @Test
    void workers_ofJmh_areFound() throws Exception {
        System.setProperty("jmh.ignoreLock", "true");
        RunResult run = new Runner(new OptionsBuilder()
                        .include("^" + AdmitBenchmark.class.getName() + ".semaphore$")
                        .forks(0)
                        .threads(2)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(50))
                        .addProfiler(CpuProfiler.class)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .runSingle();

        Result<?> cpu = run.getSecondaryResults().get("cpu.norm");
        assertThat(cpu.getScore()).isPositive().isFinite();
    }
}
