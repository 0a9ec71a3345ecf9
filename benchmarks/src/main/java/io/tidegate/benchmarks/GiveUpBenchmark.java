/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Ticket;
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
import reactor.pool.InstrumentedPool;

/**
 * What does a request pay that queues behind many and gives up, and does it matter how many?
 *
 * <p>Expected: the gate is flat in depth for the one that came last. For any of them it does as little, but the more wait, the
 * less of them is in the processor's caches. reactor-pool looks for the one that leaves from one end of its deque, so it grows
 * with depth.
 *
 * <p>Command, with CPU time and allocation:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar GiveUpBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(5)
public class GiveUpBenchmark {

    /** Ours. */
    @State(Scope.Benchmark)
    public static class Shipped {

        /** Requests that wait all the time. */
        @Param({"1000", "10000", "100000"})
        int depth = 1;

        final Handed<Admission> answer = new Handed<>();

        @SuppressWarnings("NullAway.Init") // in fill()
        ShippedGate ours;

        @SuppressWarnings("NullAway.Init") // in fill()
        Ticket[] waiting;

        /** Fills the queue. */
        @Setup
        public void fill() {
            ours = ShippedGate.withQueue(2 * depth, ShippedGate.TENANTS);
            waiting = new Ticket[depth];
            for (int i = 0; i < depth; i++) {
                waiting[i] = ours.gate.acquire(ours.requests[i % ShippedGate.TENANTS], answer);
            }
            if (ours.gate.queued() != depth) {
                throw new IllegalStateException(depth + " should wait but " + ours.gate.queued() + " do");
            }
        }

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            ours.close();
        }
    }

    /** reactor-pool. */
    @State(Scope.Benchmark)
    public static class Reactor {

        /** Requests that wait all the time. */
        @Param({"1000", "10000"})
        int depth = 1;

        final InstrumentedPool<Object> pool = Peers.pool(1);
        final Borrower borrower = new Borrower();

        @SuppressWarnings("NullAway.Init") // in fill()
        Borrower[] waiting;

        /** Fills the queue. */
        @Setup
        public void fill() {
            new Borrower().ask(pool);
            waiting = new Borrower[depth];
            for (int i = 0; i < depth; i++) {
                waiting[i] = new Borrower();
                waiting[i].ask(pool);
            }
        }
    }

    /** Who gives up next, by chance: in life it is not always the one that came last. */
    @State(Scope.Thread)
    public static class Dice {

        private long state = 42;

        int next(int bound) {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            return (int) ((state >>> 33) % bound);
        }
    }

    /** The ticket that came last, cancelled. */
    @Benchmark
    public Admission gate(Shipped shipped, Walk walk) {
        shipped.answer.forget();
        if (!shipped.ours
                .gate
                .acquire(shipped.ours.requests[walk.next()], shipped.answer)
                .cancel()) {
            throw new IllegalStateException("it had been answered");
        }
        return shipped.answer.await();
    }

    /** The subscription that came last, cancelled. */
    @Benchmark
    public Borrower reactorPool(Reactor reactor) {
        reactor.borrower.ask(reactor.pool);
        reactor.borrower.cancel();
        return reactor.borrower;
    }

    /** Any ticket, cancelled, and another in its place. */
    @Benchmark
    public Admission gateAny(Shipped shipped, Walk walk, Dice dice) {
        int who = dice.next(shipped.depth);
        shipped.answer.forget();
        if (!shipped.waiting[who].cancel()) {
            throw new IllegalStateException("it had been answered");
        }
        shipped.waiting[who] = shipped.ours.gate.acquire(shipped.ours.requests[walk.next()], shipped.answer);
        return shipped.answer.await();
    }

    /** Any subscription, cancelled, and another in its place. */
    @Benchmark
    public Borrower reactorPoolAny(Reactor reactor, Dice dice) {
        Borrower borrower = reactor.waiting[dice.next(reactor.depth)];
        borrower.cancel();
        borrower.ask(reactor.pool);
        return borrower;
    }
}
