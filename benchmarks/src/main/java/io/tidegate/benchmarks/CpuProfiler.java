/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * CPU time of JMH's worker threads for each operation. On a machine that others use as well, wall time tells what they did; CPU
 * time tells what the code did, within the noise of shared caches and clock rates.
 *
 * <p>Work on other threads is not in it: what a benchmark hands to an executor, the collector, the compiler.
 */
public final class CpuProfiler implements InternalProfiler {

    /** Name of its result, in nanoseconds for each operation. */
    static final String RESULT = "cpu.norm";

    private static final String WORKER = "jmh-worker";

    private final Supplier<Map<Long, Long>> readings;
    private Map<Long, Long> before = Map.of();

    /** For JMH, which makes it by its name. */
    public CpuProfiler() {
        this(CpuProfiler::workers);
    }

    /** Reads CPU nanoseconds by thread from elsewhere. */
    CpuProfiler(Supplier<Map<Long, Long>> readings) {
        this.readings = readings;
    }

    @Override
    public String getDescription() {
        return "CPU time of the worker threads per operation";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        before = readings.get();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        return results(result.getMetadata().getAllOps());
    }

    /** Nothing where nothing can be said: no operation ended, or the JVM does not tell CPU time. */
    List<ScalarResult> results(long operations) {
        long nanos = spent(before, readings.get());
        if (operations <= 0 || nanos <= 0) {
            return List.of();
        }
        return List.of(new ScalarResult(RESULT, (double) nanos / operations, "ns/op", AggregationPolicy.AVG));
    }

    /** What the threads have used between two readings; one that came meanwhile counts from zero. */
    static long spent(Map<Long, Long> before, Map<Long, Long> after) {
        long sum = 0;
        for (Map.Entry<Long, Long> thread : after.entrySet()) {
            sum += Math.max(0, thread.getValue() - before.getOrDefault(thread.getKey(), 0L));
        }
        return sum;
    }

    private static Map<Long, Long> workers() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Map<Long, Long> nanos = new HashMap<>();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().contains(WORKER)) {
                // -1 if it has ended meanwhile.
                long used = threads.getThreadCpuTime(thread.getThreadId());
                if (used >= 0) {
                    nanos.put(thread.getThreadId(), used);
                }
            }
        }
        return nanos;
    }
}
