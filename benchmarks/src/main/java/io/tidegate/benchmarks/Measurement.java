/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Measures one row in one JVM of its own. */
interface Measurement {

    /**
     * Measures.
     *
     * @throws IOException if it failed; the message says all that is known
     */
    List<Figures.Iteration> measure(Row row, Effort effort, int fork) throws IOException, InterruptedException;

    /** By JMH, and memory by {@link WaiterMemory}. */
    static Measurement real() {
        return (row, effort, fork) -> row.group() == Row.Group.MEMORY
                ? List.of(new Figures.Iteration(
                        fork,
                        Double.NaN,
                        Double.NaN,
                        (double) WaiterMemory.measure(row.benchmark(), WaiterMemory.WAITERS) / WaiterMemory.WAITERS))
                : byJmh(row, effort, fork);
    }

    private static List<Figures.Iteration> byJmh(Row row, Effort effort, int fork) throws IOException {
        Path log = Files.createTempFile("tidegate-bench-", ".log");
        // Also when somebody ends the run.
        log.toFile().deleteOnExit();
        try {
            ChainedOptionsBuilder options = new OptionsBuilder()
                    .include("^" + Measurement.class.getPackageName() + "." + row.benchmark() + "$")
                    .mode(Mode.AverageTime)
                    .timeUnit(TimeUnit.NANOSECONDS)
                    .threads(row.threads())
                    .forks(1)
                    .warmupIterations(effort.warmups())
                    .warmupTime(TimeValue.milliseconds(effort.iteration().toMillis()))
                    .measurementIterations(effort.measurements())
                    .measurementTime(TimeValue.milliseconds(effort.iteration().toMillis()))
                    .addProfiler(CpuProfiler.class)
                    .addProfiler(GCProfiler.class)
                    .timeout(TimeValue.minutes(1))
                    .shouldFailOnError(true)
                    .output(log.toString());
            row.params().forEach(options::param);
            return iterations(new Runner(options.build()).run(), fork);
        } catch (RunnerException e) {
            throw new IOException(e.getMessage() + System.lineSeparator() + cause(Files.readString(log)), e);
        } finally {
            Files.delete(log);
        }
    }

    /** What JMH writes of a benchmark that threw; all it wrote if it failed in another way. */
    private static String cause(String log) {
        int thrown = log.indexOf("<failure>");
        return (thrown < 0 ? log : log.substring(thrown)).strip();
    }

    private static List<Figures.Iteration> iterations(Collection<RunResult> runs, int fork) throws IOException {
        List<Figures.Iteration> iterations = new ArrayList<>();
        for (RunResult run : runs) {
            for (BenchmarkResult jvm : run.getBenchmarkResults()) {
                for (IterationResult each : jvm.getIterationResults()) {
                    iterations.add(new Figures.Iteration(
                            fork,
                            secondary(each, CpuProfiler.RESULT),
                            each.getPrimaryResult().getScore(),
                            secondary(each, "gc.alloc.rate.norm")));
                }
            }
        }
        if (iterations.isEmpty()) {
            throw new IOException("JMH measured nothing");
        }
        return iterations;
    }

    /** NaN if there is none. */
    private static double secondary(IterationResult iteration, String name) {
        Result<?> result = iteration.getSecondaryResults().get(name);
        return result == null ? Double.NaN : result.getScore();
    }
}
