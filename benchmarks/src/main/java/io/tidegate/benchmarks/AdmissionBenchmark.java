/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.FixedLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limiter.AbstractPartitionedLimiter;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.SystemTime;
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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a request pay at the gate when nobody has to wait: admitted and returned, or refused because all is taken?
 *
 * <p>Expected: {@link Semaphore} is the floor, since it only counts. The bulkhead is near it. The gate pays for two readings
 * of the clock (some 20 ns each), a permit object and its counters, and should stay below both limiters of
 * concurrency-limits, which pay for as many readings and more allocation; the distance should grow with threads, where the
 * partitioned limiter with Gradient2 takes a monitor for each sample. Refusals cost the counting ones a read; the gate also
 * says why and when to come back.
 *
 * <p>Command, for one, two and four threads, with allocation:
 *
 * <pre>{@code
 * for t in 1 2 4; do
 *   java -jar benchmarks/target/benchmarks.jar AdmissionBenchmark -t $t -prof gc -rf json -rff admission-$t.json
 * done
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(3)
@State(Scope.Benchmark)
public class AdmissionBenchmark {

    private static final int LIMIT = 1000;
    private static final String PREMIUM = "premium";
    private static final String BATCH = "batch";

    /** Nothing is taken. */
    @State(Scope.Benchmark)
    public static class Open extends Limiters {

        public Open() {
            super(LIMIT);
        }
    }

    /** Everything is taken. */
    @State(Scope.Benchmark)
    public static class Full extends Limiters {

        public Full() {
            super(1);
        }

        /** Takes what there is. */
        @Setup
        public void take() {
            while (gate.tryAcquire(request) instanceof Permit) {
                // The permit stays taken: the room is what counts.
            }
            semaphore.drainPermits();
            while (fixed.acquire(PREMIUM).isPresent()) {
                // As above.
            }
            while (partitioned.acquire(PREMIUM).isPresent()) {
                // As above.
            }
            while (bulkhead.tryAcquirePermission()) {
                // As above.
            }
        }
    }

    /** One of each, of the same size. */
    @State(Scope.Benchmark)
    public abstract static class Limiters {

        final SystemTime time = SystemTime.start();
        final Gate gate;
        final Request request;
        final Semaphore semaphore;
        final Limiter<String> fixed;
        final Limiter<String> partitioned;
        final Bulkhead bulkhead;

        Limiters(int limit) {
            Tier premium = Tier.builder(PREMIUM).build();
            gate = Gate.builder("chat")
                    .tier(premium)
                    .tier(Tier.builder(BATCH).ceiling(0.9).build())
                    .time(time)
                    .limit(Work.slots(limit))
                    .build();
            request = Request.of(premium);
            semaphore = new Semaphore(limit);
            fixed = SimpleLimiter.newBuilder().limit(FixedLimit.of(limit)).<String>build();
            partitioned = new PartitionedBuilder()
                    .partitionResolver(name -> name)
                    .partition(PREMIUM, 0.9)
                    .partition(BATCH, 0.1)
                    .limit(Gradient2Limit.newBuilder()
                            .initialLimit(limit)
                            .minLimit(limit)
                            .maxConcurrency(LIMIT)
                            .build())
                    .build();
            bulkhead = Bulkhead.of(
                    "chat",
                    BulkheadConfig.custom()
                            .maxConcurrentCalls(limit)
                            .maxWaitDuration(Duration.ZERO)
                            .build());
        }

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            time.close();
        }
    }

    private static final class PartitionedBuilder
            extends AbstractPartitionedLimiter.Builder<PartitionedBuilder, String> {
        @Override
        protected PartitionedBuilder self() {
            return this;
        }
    }

    // ---- admitted and returned -------------------------------------------------------------------------------------

    /** Ours: a permit, closed at once. */
    @Benchmark
    public Admission admitGate(Open open) {
        Admission answer = open.gate.tryAcquire(open.request);
        ((Permit) answer).close();
        return answer;
    }

    /** The plain JDK way: a count. */
    @Benchmark
    public boolean admitSemaphore(Open open) {
        boolean taken = open.semaphore.tryAcquire();
        open.semaphore.release();
        return taken;
    }

    /** concurrency-limits with a limit that never moves. */
    @Benchmark
    public Limiter.Listener admitSimpleLimiter(Open open) {
        Limiter.Listener listener = open.fixed.acquire(PREMIUM).orElseThrow();
        listener.onSuccess();
        return listener;
    }

    /** concurrency-limits with tiers and a limit that learns: closest to the gate in what it does. */
    @Benchmark
    public Limiter.Listener admitPartitionedGradient2(Open open) {
        Limiter.Listener listener = open.partitioned.acquire(PREMIUM).orElseThrow();
        listener.onSuccess();
        return listener;
    }

    /** resilience4j without consumers of its events. */
    @Benchmark
    public boolean admitBulkhead(Open open) {
        boolean taken = open.bulkhead.tryAcquirePermission();
        open.bulkhead.onComplete();
        return taken;
    }

    // ---- refused ---------------------------------------------------------------------------------------------------

    /** Ours: a reason and a time to come back. */
    @Benchmark
    public Admission refuseGate(Full full) {
        return full.gate.tryAcquire(full.request);
    }

    /** A boolean. */
    @Benchmark
    public boolean refuseSemaphore(Full full) {
        return full.semaphore.tryAcquire();
    }

    /** An empty Optional. */
    @Benchmark
    public Optional<Limiter.Listener> refuseSimpleLimiter(Full full) {
        return full.fixed.acquire(PREMIUM);
    }

    /** An empty Optional. */
    @Benchmark
    public Optional<Limiter.Listener> refusePartitionedGradient2(Full full) {
        return full.partitioned.acquire(PREMIUM);
    }

    /** A boolean; by exception it is hundreds of times more. */
    @Benchmark
    public boolean refuseBulkhead(Full full) {
        return full.bulkhead.tryAcquirePermission();
    }
}
