/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limiter.LifoBlockingLimiter;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Two threads that block for one slot: what does it cost to hand it from one to the other?
 *
 * <p>Expected: parking and waking a thread is nearly all of it, so that all are alike; those that let a newcomer pass look better
 * than those that keep arrival order, as the gate and the fair semaphore do.
 *
 * <p>Command, with CPU time and allocation:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar HandOffBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(5)
@Threads(2)
public class HandOffBenchmark {

    /** Ours. */
    @State(Scope.Benchmark)
    public static class Shipped {

        final ShippedGate ours = ShippedGate.of(1);

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            ours.close();
        }
    }

    /** The plain JDK way. */
    @State(Scope.Benchmark)
    public static class Jdk {
        final Semaphore semaphore = new Semaphore(1, true);
    }

    /**
     * concurrency-limits: the last to come is served first. It loses a wake-up when a slot is returned between a caller's vain try and
     * its entry in the backlog; the next return heals that, and after the last one nothing does. So its callers wait for 100 ms at most
     * and ask again.
     */
    @State(Scope.Benchmark)
    public static class Lifo {
        final Limiter<String> limiter = LifoBlockingLimiter.newBuilder(Peers.simple(1))
                .backlogSize(100)
                .backlogTimeout(100, TimeUnit.MILLISECONDS)
                .build();
    }

    /** resilience4j. */
    @State(Scope.Benchmark)
    public static class Resilience4j {
        final Bulkhead bulkhead = Peers.bulkhead(1, Duration.ofHours(1));
    }

    /** A permit, waited for. */
    @Benchmark
    public boolean gateAsShipped(Shipped shipped, Walk walk) throws InterruptedException {
        Permit permit = (Permit) shipped.ours.gate.acquire(shipped.ours.requests[walk.next()]);
        return permit.close(Outcome.COMPLETED, ShippedGate.USAGE);
    }

    /** In arrival order, as the gate. */
    @Benchmark
    public void fairSemaphore(Jdk jdk) throws InterruptedException {
        jdk.semaphore.acquire();
        jdk.semaphore.release();
    }

    /** A listener, waited for. Now and then it is refused though the slot is free before its time is over: then it asks again. */
    @Benchmark
    public Limiter.Listener lifoLimiter(Lifo lifo) {
        Optional<Limiter.Listener> answer = lifo.limiter.acquire(Peers.PREMIUM);
        while (answer.isEmpty()) {
            answer = lifo.limiter.acquire(Peers.PREMIUM);
        }
        answer.get().onSuccess();
        return answer.get();
    }

    /** With a longest time to wait. */
    @Benchmark
    public void resilience4j(Resilience4j resilience4j) {
        resilience4j.bulkhead.acquirePermission();
        resilience4j.bulkhead.onComplete();
    }
}
