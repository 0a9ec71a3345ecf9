/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.SystemTime;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * What does a request pay when the meter registry hangs?
 *
 * <p>Expected: nothing. A request never enters the registry, so mean and p99 of admitting and returning are those with one that works,
 * within what one run differs from the next; the aim is less than 1 % more at p99.
 *
 * <p>Command:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar HangingRegistryBenchmark
 * }</pre>
 */
@BenchmarkMode({Mode.SampleTime, Mode.AverageTime})
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class HangingRegistryBenchmark {

    /** A gate whose meters are bound to a registry. */
    @State(Scope.Benchmark)
    public static class Metered {

        /** What the registry does with the first value it is told. */
        @Param({"works", "hangs"})
        public String registry = "works";

        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch release = new CountDownLatch(1);
        private final SystemTime time = SystemTime.start();
        private final Tier tier =
                Tier.builder("standard").maxQueueTime(Duration.ofSeconds(10)).build();
        private final Gate gate = Gate.builder("bench")
                .tier(tier)
                .time(time)
                .limit(Work.slots(Peers.LIMIT))
                .build();
        private final Request request = Request.of(tier).withTokens(500, 200);
        private final TidegateMetrics metrics = new TidegateMetrics(List.of(gate));

        /** Begins, and waits until the registry that hangs does. */
        @Setup(Level.Trial)
        public void start() throws InterruptedException {
            boolean hangs = registry.equals("hangs");
            MeterRegistry into = hangs ? new Hanging(entered, release) : new SimpleMeterRegistry();
            metrics.bindTo(into);
            if (hangs) {
                admitAndReturn();
                if (!entered.await(30, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("the registry was told nothing, so it hangs nobody");
                }
            }
        }

        Object admitAndReturn() {
            Permit permit = (Permit) gate.tryAcquire(request);
            permit.close(Outcome.COMPLETED, Usage.NONE);
            return permit;
        }

        /** Ends what was begun. */
        @TearDown(Level.Trial)
        public void stop() {
            release.countDown();
            metrics.close();
            gate.close();
            time.close();
        }
    }

    /** A registry whose timers keep whoever tells them anything. */
    private static final class Hanging extends SimpleMeterRegistry {

        private final CountDownLatch entered;
        private final CountDownLatch release;

        Hanging(CountDownLatch entered, CountDownLatch release) {
            this.entered = entered;
            this.release = release;
        }

        @Override
        protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauses) {
            Timer good = super.newTimer(id, config, pauses);
            return (Timer) Proxy.newProxyInstance(
                    Timer.class.getClassLoader(), new Class<?>[] {Timer.class}, (proxy, called, given) -> {
                        if (called.getName().equals("record")) {
                            entered.countDown();
                            release.await();
                        }
                        return called.invoke(good, given);
                    });
        }
    }

    /** One request. */
    @Benchmark
    public Object admitAndReturn(Metered metered) {
        return metered.admitAndReturn();
    }
}
