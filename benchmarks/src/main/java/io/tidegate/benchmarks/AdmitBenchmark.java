/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import com.alibaba.csp.sentinel.Entry;
import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.netflix.concurrency.limits.Limiter;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.StrippedCore;
import java.time.Duration;
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
import org.openjdk.jmh.annotations.Warmup;
import reactor.pool.InstrumentedPool;
import reactor.pool.PooledRef;

/**
 * What does a request pay when nobody has to wait: admitted, and returned at once?
 *
 * <p>Expected: {@link Semaphore} is the floor, since it only counts, and the packed word alone is near it. The gate as shipped
 * pays besides for two readings of the clock, a permit, counters and meters; it should stay well below the partitioned limiter of
 * concurrency-limits, which is nearest to it in what it does.
 *
 * <p>Command, with CPU time and allocation:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar AdmitBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(5)
public class AdmitBenchmark {

    /** Ours, whole. */
    @State(Scope.Benchmark)
    public static class Shipped {

        final ShippedGate ours = ShippedGate.of(Peers.LIMIT);

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            ours.close();
        }
    }

    /** Ours, with quotas for tenants and tiers, a guarantee, a promise of tokens per second, and learned output. */
    @State(Scope.Benchmark)
    public static class Everything {

        final ShippedGate ours = ShippedGate.withEverything(Peers.LIMIT);

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            ours.close();
        }
    }

    /** Ours, the word alone. */
    @State(Scope.Benchmark)
    public static class Stripped {
        final StrippedCore core = new StrippedCore(Peers.LIMIT, 700);
    }

    /** The plain JDK way. */
    @State(Scope.Benchmark)
    public static class Jdk {
        final Semaphore semaphore = new Semaphore(Peers.LIMIT);
    }

    /** resilience4j. */
    @State(Scope.Benchmark)
    public static class Resilience4j {
        final Bulkhead bulkhead = Peers.bulkhead(Peers.LIMIT, Duration.ZERO);
    }

    /** Failsafe. */
    @State(Scope.Benchmark)
    public static class Failsafe {
        final dev.failsafe.Bulkhead<Object> bulkhead = dev.failsafe.Bulkhead.of(Peers.LIMIT);
    }

    /** concurrency-limits. */
    @State(Scope.Benchmark)
    public static class Simple {
        final Limiter<String> limiter = Peers.simple(Peers.LIMIT);
    }

    /** concurrency-limits with tiers and a limit that learns. */
    @State(Scope.Benchmark)
    public static class Partitioned {
        final Limiter<String> limiter = Peers.partitioned(Peers.LIMIT);
        final String[] names = Peers.partitions();
    }

    /** reactor-pool. */
    @State(Scope.Benchmark)
    public static class Reactor {
        final InstrumentedPool<Object> pool = Peers.pool(Peers.LIMIT);
    }

    /** Who takes from it. */
    @State(Scope.Thread)
    public static class Hand {
        final Borrower borrower = new Borrower();
    }

    /** Sentinel. */
    @State(Scope.Benchmark)
    public static class Alibaba {
        final Sentinel sentinel = new Sentinel("open", Peers.LIMIT);
    }

    /** A permit, closed with its outcome and usage. */
    @Benchmark
    public boolean gateAsShipped(Shipped shipped, Walk walk) {
        Permit permit = (Permit) shipped.ours.gate.tryAcquire(shipped.ours.requests[walk.next()]);
        return permit.close(Outcome.COMPLETED, ShippedGate.USAGE);
    }

    /** The same where all is on that a gate can be asked for. */
    @Benchmark
    public boolean gateWithEverything(Everything everything, Walk walk) {
        Permit permit = (Permit) everything.ours.gate.tryAcquire(everything.ours.requests[walk.next()]);
        return permit.close(Outcome.COMPLETED, ShippedGate.USAGE);
    }

    /** One compare-and-set, one fetch-and-add. */
    @Benchmark
    public boolean strippedCore(Stripped stripped) {
        return stripped.core.tryTake() && stripped.core.giveBack();
    }

    /** A count. */
    @Benchmark
    public boolean semaphore(Jdk jdk) {
        boolean taken = jdk.semaphore.tryAcquire();
        jdk.semaphore.release();
        return taken;
    }

    /** Without consumers of its events. */
    @Benchmark
    public boolean resilience4j(Resilience4j resilience4j) {
        boolean taken = resilience4j.bulkhead.tryAcquirePermission();
        resilience4j.bulkhead.onComplete();
        return taken;
    }

    /** A semaphore in a policy. */
    @Benchmark
    public boolean failsafe(Failsafe failsafe) {
        boolean taken = failsafe.bulkhead.tryAcquirePermit();
        failsafe.bulkhead.releasePermit();
        return taken;
    }

    /** With a limit that never moves. */
    @Benchmark
    public Limiter.Listener simpleLimiter(Simple simple) {
        Limiter.Listener listener = simple.limiter.acquire(Peers.PREMIUM).orElseThrow();
        listener.onSuccess();
        return listener;
    }

    /** Closest to the gate in what it does. */
    @Benchmark
    public Limiter.Listener partitionedLimiter(Partitioned partitioned, Walk walk) {
        Limiter.Listener listener =
                partitioned.limiter.acquire(partitioned.names[walk.next()]).orElseThrow();
        listener.onSuccess();
        return listener;
    }

    /** A pooled object, released. */
    @Benchmark
    public PooledRef<Object> reactorPool(Reactor reactor, Hand hand) {
        hand.borrower.ask(reactor.pool);
        PooledRef<Object> held = hand.borrower.held();
        hand.borrower.giveBack(held);
        return held;
    }

    /** Through its chain of slots. */
    @Benchmark
    public Entry sentinel(Alibaba alibaba) throws BlockException {
        Entry entry = alibaba.sentinel.enter();
        entry.exit();
        return entry;
    }
}
