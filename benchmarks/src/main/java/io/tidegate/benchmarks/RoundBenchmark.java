/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.engine.Engine;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.policy.PanicWindowPolicy;
import io.tidegate.policy.PolicySets;
import io.tidegate.policy.TargetTrackingPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does one round of the engine cost: reading the gate, all that is known of a pool, policies, guardrails, decision?
 *
 * <p>Rounds come four times a second and at most fifty times; a hundred microseconds are 0.04 % to 0.5 % of a core. Expected: reading the
 * gate's distributions and ten minutes of history is most of it, and grows with the tiers; the policies of the standard set are little.
 *
 * <p>Command, with CPU time and allocation:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar RoundBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(3)
public class RoundBenchmark {

    private static final Duration PERIOD = Duration.ofMillis(250);

    /** A pool that has served for ten minutes. */
    @State(Scope.Benchmark)
    public static class Pool {

        /** How many tiers it has. */
        @Param({"3", "10"})
        int tiers = 3;

        /** Who proposes: the standard set, or with target tracking on three signals and the panic window beside it. */
        @Param({"standard", "many"})
        String policies = "standard";

        final ManualTime time = new ManualTime();

        @SuppressWarnings("NullAway.Init") // set up before it is used
        private Gate gate;

        @SuppressWarnings("NullAway.Init") // set up before it is used
        private Engine engine;

        /** Makes it and lets ten minutes pass. */
        @Setup
        public void fill() {
            Gate.Builder gates = Gate.builder("pool").time(time).supply(Supply.fixed(4, Work.slots(32)));
            for (int i = 0; i < tiers; i++) {
                gates.tier(Tier.builder("tier" + i)
                        .slo(Slo.timeToFirstToken(Duration.ofSeconds(2)))
                        .build());
            }
            gate = gates.build();
            ScaledPool.Builder pool = ScaledPool.builder("pool")
                    .load(gate::load)
                    .backend(new Four())
                    .bounds(4, 4)
                    .period(PERIOD);
            proposing().forEach(pool::policy);
            engine = Engine.builder()
                    .time(time)
                    .executor(Runnable::run)
                    .pool(pool.build())
                    .build();
            engine.start();
            for (int i = 0; i < 4 * 600; i++) {
                serve(i);
                time.advance(PERIOD);
            }
        }

        private List<Policy> proposing() {
            List<Policy> all = new ArrayList<>(PolicySets.standard());
            if (policies.equals("many")) {
                all.add(TargetTrackingPolicy.queueDepth(10).build());
                all.add(TargetTrackingPolicy.slotUtilization(0.8).build());
                all.add(TargetTrackingPolicy.tokensPerSecond(5000).build());
                all.add(PanicWindowPolicy.builder().build());
            }
            return all;
        }

        private void serve(int number) {
            for (Tier tier : gate.tiers()) {
                if (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
                    time.advance(Duration.ofNanos(1 + number % 7));
                    permit.firstToken();
                    permit.close(Outcome.COMPLETED, new Usage(1000, 200));
                }
            }
        }

        /** Ends what it began. */
        @TearDown
        public void close() {
            engine.close();
            gate.close();
        }
    }

    /** Reads the gate, and no more: what whoever scales has to do at least. */
    @Benchmark
    public PoolLoad readTheGate(Pool pool) {
        return pool.gate.load();
    }

    /** A round, and every fourth time a look at the backend. */
    @Benchmark
    public Object round(Pool pool) {
        pool.time.advance(PERIOD);
        return pool.engine.state("pool").latest();
    }

    private static final class Four implements ScalerBackend {

        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(4, 4, 4);
        }

        @Override
        public void scale(ScaleRequest request) {
            throw new IllegalStateException("bounds are 4 and 4");
        }
    }
}
