/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs each benchmark once, to see that it runs. It measures nothing. */
class BenchmarksRunTest {

    @Test
    void everyBenchmark_runOnce_succeeds() throws Exception {
        // It would refuse to run beside another run of JMH, whose figures are not disturbed by a single shot.
        System.setProperty("jmh.ignoreLock", "true");
        List<String> expected = new ArrayList<>();
        for (Class<?> each : List.of(
                AdmitBenchmark.class,
                RefuseBenchmark.class,
                WaitBenchmark.class,
                GiveUpBenchmark.class,
                HandOffBenchmark.class,
                QuotaBenchmark.class,
                RouteBenchmark.class,
                RoundBenchmark.class,
                SimulatorBenchmark.class)) {
            for (Method method : each.getMethods()) {
                if (method.isAnnotationPresent(Benchmark.class)) {
                    expected.add(each.getName() + "." + method.getName());
                }
            }
        }

        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include("Benchmark")
                        .mode(Mode.SingleShotTime)
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(1))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run();

        assertThat(results)
                .extracting(each -> each.getParams().getBenchmark())
                .containsAll(expected)
                .doesNotContainNull();
        assertThat(expected).hasSizeGreaterThan(25);
    }
}
