/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.netflix.concurrency.limits.Limiter;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Admission.Reason;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What does a refusal cost when everything is taken?
 *
 * <p>Expected: those that only count pay for a read. The gate also says why, which should cost nearly nothing, and when to come
 * back, which costs a look at the clock and a division for those who ask. An exception with its stack trace is hundreds of times
 * dearer than any value.
 *
 * <p>Command, with CPU time and allocation:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar RefuseBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(5)
public class RefuseBenchmark {

    /** Ours. */
    @State(Scope.Benchmark)
    public static class Shipped {

        final ShippedGate ours = ShippedGate.of(Peers.LIMIT);

        public Shipped() {
            ours.takeAll();
        }

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            ours.close();
        }
    }

    /** The plain JDK way. */
    @State(Scope.Benchmark)
    public static class Jdk {

        final Semaphore semaphore = new Semaphore(Peers.LIMIT);

        public Jdk() {
            semaphore.drainPermits();
        }
    }

    /** resilience4j. */
    @State(Scope.Benchmark)
    public static class Resilience4j {

        final Bulkhead bulkhead = Peers.bulkhead(Peers.LIMIT, Duration.ZERO);
        final Supplier<String> call = Bulkhead.decorateSupplier(bulkhead, () -> "called");

        public Resilience4j() {
            while (bulkhead.tryAcquirePermission()) {
                // It stays taken.
            }
        }
    }

    /** Failsafe. */
    @State(Scope.Benchmark)
    public static class Failsafe {

        final dev.failsafe.Bulkhead<Object> bulkhead = dev.failsafe.Bulkhead.of(Peers.LIMIT);

        public Failsafe() {
            while (bulkhead.tryAcquirePermit()) {
                // It stays taken.
            }
        }
    }

    /** concurrency-limits. */
    @State(Scope.Benchmark)
    public static class Simple {

        final Limiter<String> limiter = Peers.simple(Peers.LIMIT);

        public Simple() {
            takeAll(limiter);
        }
    }

    /** concurrency-limits with tiers and a limit that learns. */
    @State(Scope.Benchmark)
    public static class Partitioned {

        final Limiter<String> limiter = Peers.partitioned(Peers.LIMIT);
        final String[] names = Peers.partitions();

        public Partitioned() {
            takeAll(limiter);
        }
    }

    /** Sentinel. */
    @State(Scope.Benchmark)
    public static class Alibaba {

        final Sentinel sentinel = new Sentinel("full", Peers.LIMIT);

        public Alibaba() {
            sentinel.takeAll();
        }
    }

    /** A partition may take more than its part while there is room, so each is tried until it is refused. */
    private static void takeAll(Limiter<String> limiter) {
        for (String name : new String[] {Peers.PREMIUM, Peers.STANDARD, Peers.BATCH}) {
            while (limiter.acquire(name).isPresent()) {
                // It stays taken.
            }
        }
    }

    /** The reason, which is all a gateway needs that answers 429 without a header. */
    @Benchmark
    public Reason gateReason(Shipped shipped, Walk walk) {
        return ((Admission.Shed) shipped.ours.gate.tryAcquire(shipped.ours.requests[walk.next()])).reason();
    }

    /** The reason and the time to come back. */
    @Benchmark
    public Duration gateRetryAfter(Shipped shipped, Walk walk, Blackhole reasons) {
        Admission.Shed shed = (Admission.Shed) shipped.ours.gate.tryAcquire(shipped.ours.requests[walk.next()]);
        reasons.consume(shed.reason());
        return shed.retryAfter();
    }

    /** A boolean. */
    @Benchmark
    public boolean semaphore(Jdk jdk) {
        return refused(jdk.semaphore.tryAcquire());
    }

    /** A boolean. */
    @Benchmark
    public boolean resilience4j(Resilience4j resilience4j) {
        return refused(resilience4j.bulkhead.tryAcquirePermission());
    }

    /** An exception with its stack trace, which is the default of a decorated call. */
    @Benchmark
    public Object resilience4jException(Resilience4j resilience4j) {
        try {
            return refused(!resilience4j.call.get().isEmpty());
        } catch (BulkheadFullException e) {
            return e;
        }
    }

    /** A boolean. */
    @Benchmark
    public boolean failsafe(Failsafe failsafe) {
        return refused(failsafe.bulkhead.tryAcquirePermit());
    }

    /** An empty Optional. */
    @Benchmark
    public Optional<Limiter.Listener> simpleLimiter(Simple simple) {
        return simple.limiter.acquire(Peers.PREMIUM);
    }

    /** An empty Optional. */
    @Benchmark
    public Optional<Limiter.Listener> partitionedLimiter(Partitioned partitioned, Walk walk) {
        return partitioned.limiter.acquire(partitioned.names[walk.next()]);
    }

    /** An exception without stack trace. */
    @Benchmark
    public Object sentinel(Alibaba alibaba) {
        try {
            alibaba.sentinel.enter();
        } catch (BlockException e) {
            return e;
        }
        return refused(true);
    }

    private static boolean refused(boolean admitted) {
        if (admitted) {
            throw new IllegalStateException("it was admitted though everything is taken");
        }
        return true;
    }
}
