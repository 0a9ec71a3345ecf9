/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.sim.RunPlan;
import io.tidegate.sim.Scenario;
import io.tidegate.sim.Scenarios;
import io.tidegate.sim.Simulator;
import io.tidegate.sim.score.RunScore;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How many requests a second does the simulator serve, with the batching model on, on one core?
 *
 * <p>An hour of the scenario {@code day} from its busiest on, with Tidegate's own gate and engine, with the HPA's law behind the same
 * gate, and with ten replicas that stay. Expected: at least 50,000 requests/s with Tidegate, which decides four times a second as it does in
 * production; the others decide seldom or never, so the difference is the price of the engine's rounds.
 *
 * <p>Command: {@code java -jar benchmarks/target/benchmarks.jar SimulatorBenchmark}; the counter {@code requests} is requests/s.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 4, time = 5)
@Fork(2)
public class SimulatorBenchmark {

    /** Counts requests beside runs. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Served {
        /** Requests that were simulated. */
        public long requests;
    }

    /** A part of a day. */
    @State(Scope.Benchmark)
    public static class Day {

        /** Who scales. */
        @Param({"tidegate", "hpa-average", "static-10"})
        String scaler = "tidegate";

        /** Minutes of it. */
        @Param("60")
        int minutes = 60;

        @SuppressWarnings("NullAway.Init") // set up before it is used
        RunPlan plan;

        /** Cuts it out. */
        @Setup
        public void cut() {
            Scenario day = Scenarios.named("day");
            Scenario part = day.withTrace(
                    seed -> day.trace().apply(seed).slice(Duration.ofHours(10), Duration.ofMinutes(minutes)));
            plan = new RunPlan(part, scaler, RunPlan.Admission.GATE, 1);
        }
    }

    /** One run. */
    @Benchmark
    public RunScore run(Day day, Served served) {
        RunScore score = Simulator.run(day.plan, progress -> {});
        served.requests += score.all().offered();
        return score;
    }
}
