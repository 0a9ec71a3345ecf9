/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
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
 * What does a request pay that waits: enqueue, grant through its callback, return?
 *
 * <p>One thread and one slot, which is always taken. One operation puts a request into the queue and returns the slot, which
 * grants it: each request is enqueued, granted and returned once. {@code lockedDeque} is the plain JDK way: a lock, a deque of
 * callbacks and a flag, without tiers, expiry, counts, clock or prediction.
 *
 * <p>Expected: the locked deque wins by far, as it does far less. The gate should be far below reactor-pool, which assembles
 * publishers for each.
 *
 * <p>Command, with CPU time and allocation:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar WaitBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(5)
public class WaitBenchmark {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /** Ours. */
    @State(Scope.Benchmark)
    public static class Shipped {

        final ShippedGate ours = ShippedGate.of(1);
        final Handed<Admission> answer = new Handed<>();
        Permit held = (Permit) ours.gate.tryAcquire(ours.requests[0]);

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            ours.close();
        }
    }

    /** reactor-pool. */
    @State(Scope.Benchmark)
    public static class Reactor {

        final InstrumentedPool<Object> pool = Peers.pool(1);
        final Borrower borrower = new Borrower();

        public Reactor() {
            borrower.ask(pool);
        }
    }

    /** The plain JDK way. */
    @State(Scope.Benchmark)
    public static class Jdk {

        final Locked locked = new Locked();
        final Runnable next = this::next;
        long granted;

        public Jdk() {
            locked.tryAcquire(next);
        }

        private void next() {
            granted++;
        }
    }

    /** The permit that is granted is the one the next operation returns. */
    @Benchmark
    public Permit gateAsShipped(Shipped shipped, Walk walk) {
        Permit mine = shipped.held;
        shipped.answer.forget();
        shipped.ours.gate.acquire(shipped.ours.requests[walk.next()], shipped.answer);
        mine.close(Outcome.COMPLETED, ShippedGate.USAGE);
        shipped.held = (Permit) shipped.answer.await();
        return mine;
    }

    /** The object that is granted is the one the next operation releases. */
    @Benchmark
    public PooledRef<Object> reactorPool(Reactor reactor) {
        PooledRef<Object> mine = reactor.borrower.held();
        reactor.borrower.ask(reactor.pool);
        reactor.borrower.giveBack(mine);
        return mine;
    }

    /** The same with a time-out, which every request has at the gate. */
    @Benchmark
    public PooledRef<Object> reactorPoolWithTimeout(Reactor reactor) {
        PooledRef<Object> mine = reactor.borrower.held();
        reactor.borrower.ask(reactor.pool, TIMEOUT);
        reactor.borrower.giveBack(mine);
        return mine;
    }

    /** With a lock. */
    @Benchmark
    public long lockedDeque(Jdk jdk) {
        jdk.locked.tryAcquire(jdk.next);
        jdk.locked.release();
        return jdk.granted;
    }

    /** One slot, and whoever waits for it. */
    private static final class Locked {

        private final ReentrantLock lock = new ReentrantLock();
        private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
        private boolean taken;

        boolean tryAcquire(Runnable granted) {
            lock.lock();
            try {
                if (taken) {
                    waiting.addLast(granted);
                    return false;
                }
                taken = true;
                return true;
            } finally {
                lock.unlock();
            }
        }

        void release() {
            Runnable head;
            lock.lock();
            try {
                head = waiting.pollFirst();
                taken = head != null;
            } finally {
                lock.unlock();
            }
            if (head != null) {
                head.run();
            }
        }
    }
}
