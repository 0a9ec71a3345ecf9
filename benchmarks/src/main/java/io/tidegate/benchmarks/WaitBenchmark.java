/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
 * What does a request pay that waits: enqueue, grant through its callback, return? And one that gives up? Does it matter how
 * many wait?
 *
 * <p>One thread; the pool has one slot, and so many others wait all the time. One operation of {@code waitGate} puts a request
 * at the end of the queue and returns the slot, which grants the head: each request is enqueued, granted and returned once.
 * {@code waitLocked} is the plain JDK way: a lock, a deque of callbacks and a flag, without tiers, expiry, counts, clock or
 * prediction.
 *
 * <p>Expected: the locked deque wins by far, as it does far less. The gate is flat in depth with timer {@code none}; with
 * timer {@code real} it pays for the scheduler's heap, which grows with the logarithm of the depth and is the largest part.
 *
 * <p>Command:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar WaitBenchmark -prof gc -rf json -rff wait.json
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(3)
@State(Scope.Benchmark)
public class WaitBenchmark {

    /** Requests that wait. */
    @Param({"1", "1000"})
    int depth;

    /** Whether the expiry is armed at a real scheduler. */
    @Param({"real", "none"})
    String timer = "real";

    private final SystemTime system = SystemTime.start();
    private @Nullable Gate gate;
    private @Nullable Request request;
    private @Nullable Permit held;
    private long granted;
    private final Locked locked = new Locked();
    private final Consumer<Admission> keep = this::keep;
    private final Runnable next = this::next;

    /** Fills the slot and the queue. */
    @Setup
    public void fill() {
        Tier tier = Tier.builder("standard")
                .maxQueueTime(Duration.ofDays(1))
                .maxQueued(10_000)
                .build();
        gate = Gate.builder("chat")
                .tier(tier)
                .time(timer.equals("real") ? system : new NoTimer())
                .callbackExecutor(Runnable::run)
                .maxQueued(10_000)
                .limit(Work.slots(1))
                .build();
        request = Request.of(tier);
        held = (Permit) gate.tryAcquire(request);
        locked.tryAcquire(next);
        for (int i = 0; i < depth; i++) {
            gate.acquire(request, keep);
            locked.tryAcquire(next);
        }
    }

    private void keep(Admission answer) {
        if (answer instanceof Permit permit) {
            held = permit;
        }
    }

    private void next() {
        granted++;
    }

    /** Ends the clock's thread. */
    @TearDown
    public void stop() {
        system.close();
    }

    /** One is enqueued, one returned, one granted. */
    @Benchmark
    @SuppressWarnings("NullAway") // filled before
    public Permit waitGate() {
        Permit mine = held;
        gate.acquire(request, keep);
        mine.close();
        return mine;
    }

    /** One is enqueued and gives up. */
    @Benchmark
    @SuppressWarnings("NullAway") // filled before
    public boolean cancelGate() {
        return gate.acquire(request, keep).cancel();
    }

    /** One is enqueued, one returned, one granted: with a lock. */
    @Benchmark
    public long waitLocked() {
        locked.tryAcquire(next);
        locked.release();
        return granted;
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

    /** The system's clock with a scheduler that forgets. */
    private static final class NoTimer implements TimeSource {

        private static final Task NOTHING = () -> {};

        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public Instant wallTime() {
            return Instant.now();
        }

        @Override
        public Task schedule(long delayNanos, Runnable task) {
            return NOTHING;
        }
    }
}
