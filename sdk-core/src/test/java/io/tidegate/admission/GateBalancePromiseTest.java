/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The books of a gate after very many operations. The short form runs with every build; the full one, of 10<sup>8</sup>
 * operations, with {@code -Dtidegate.stress=full}.
 */
class GateBalancePromiseTest {

    private static final long FULL = 100_000_000;
    private static final long SHORT = 6_000_000;
    private static final int[] THREADS = {2, 8, 64};

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    @DisplayName(
            "A1: 10^8 requests, returns and cancels from 2, 8 and 64 threads leave nothing in flight and never exceed"
                    + " a limit")
    void everyOperation_fromManyThreads_booksBalance() throws Exception {
        long wanted = "full".equals(System.getProperty("tidegate.stress")) ? FULL : SHORT;
        long done = 0;
        for (int threads : THREADS) {
            long began = System.nanoTime();
            Run run = new Run(threads, wanted / THREADS.length + 1);
            long operations = run.go();
            done += operations;
            System.out.printf(
                    "A1: %,d operations by %d threads in %.1f s; %s%n",
                    operations, threads, (System.nanoTime() - began) / 1e9, run);
        }
        System.out.printf("A1: %,d operations in all%n", done);
        assertThat(done).isGreaterThanOrEqualTo(wanted);
    }

    /** One gate and its threads. An operation is a request, a return or a cancellation. */
    private static final class Run {

        private static final long TOKENS = 4_000;
        private static final int HELD_EACH = 2;
        /** Own counts, in one word: slots below, tokens above. */
        private static final int TOKEN_SHIFT = 20;

        private static final long SLOT_MASK = (1L << TOKEN_SHIFT) - 1;

        private final int workers;
        private final long share;
        private final int slots;
        private final ManualTime time = new ManualTime(Long.MAX_VALUE - 1_000_000_000L, Instant.EPOCH);
        private final Tier high = Tier.builder("high").floor(0).maxQueued(512).build();
        private final Tier low = Tier.builder("low")
                .ceiling(0.5)
                .floor(0)
                .maxQueued(512)
                .maxQueueTime(Duration.ofMillis(1))
                .build();
        private final Gate gate;
        private final AtomicLong all = new AtomicLong();
        private final AtomicLong ofLow = new AtomicLong();
        private final AtomicReferenceArray<Ticket> tickets = new AtomicReferenceArray<>(64);
        private final LongAdder returnedByCallbacks = new LongAdder();
        private final LongAdder asked = new LongAdder();
        private final LongAdder answered = new LongAdder();
        private final LongAdder cancelled = new LongAdder();
        private final LongAdder expired = new LongAdder();
        private final LongAdder violations = new LongAdder();

        Run(int workers, long operations) {
            this.workers = workers;
            this.share = operations / workers + 1;
            this.slots = Math.max(3, workers);
            this.gate = Gate.builder("chat")
                    .tier(high)
                    .tier(low)
                    .time(time)
                    .maxQueued(512)
                    .callbackExecutor(Runnable::run)
                    .limit(new Work(slots, TOKENS))
                    .build();
        }

        long go() throws Exception {
            ExecutorService threads = Executors.newFixedThreadPool(workers);
            long operations = 0;
            try {
                List<Future<Long>> counts = new ArrayList<>();
                for (int i = 0; i < workers; i++) {
                    boolean movesTime = i == 0;
                    SplittableRandom random = new SplittableRandom(1_000L * workers + i);
                    counts.add(threads.submit(() -> new Worker(random, movesTime).go()));
                }
                for (Future<Long> count : counts) {
                    operations += count.get(15, TimeUnit.MINUTES);
                }
            } finally {
                threads.shutdownNow();
            }
            time.advance(Duration.ofSeconds(30));

            assertThat(violations.sum()).as("limits exceeded").isZero();
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(gate.queued()).isZero();
            assertThat(all).hasValue(0);
            assertThat(ofLow).hasValue(0);
            assertThat(answered.sum()).as("answers of those who could wait").isEqualTo(asked.sum());
            assertThat(gate.listenerFailures()).isZero();
            assertThat(cancelled.sum()).isPositive();
            assertThat(expired.sum()).isPositive();
            for (TierLoad load : gate.load().tiers()) {
                assertThat(load.admitted()).isEqualTo(load.closed()).isPositive();
                assertThat(load.inFlight()).isZero();
                assertThat(load.tokensInFlight()).isZero();
                assertThat(load.admitted() + load.shed() + load.expired() + load.cancelled())
                        .isEqualTo(load.arrivals());
            }
            return operations + returnedByCallbacks.sum();
        }

        /** After it was granted, so that the count here is never above the true one. */
        private void granted(Permit permit) {
            long cost = cost(permit);
            check(all.addAndGet(cost), slots, TOKENS);
            if (permit.tier() == low) {
                check(ofLow.addAndGet(cost), slots / 2, TOKENS / 2);
            }
        }

        /** Before it is returned, for the same reason. */
        private void returning(Permit permit) {
            long cost = cost(permit);
            check(all.addAndGet(-cost), slots, TOKENS);
            if (permit.tier() == low) {
                check(ofLow.addAndGet(-cost), slots / 2, TOKENS / 2);
            }
        }

        private static long cost(Permit permit) {
            return GateState.tokensOf(permit.units) << TOKEN_SHIFT | 1;
        }

        private void check(long counted, int mostSlots, long mostTokens) {
            if (counted < 0 || (counted & SLOT_MASK) > mostSlots || counted >> TOKEN_SHIFT > mostTokens) {
                violations.increment();
            }
        }

        private void answer(Admission answer) {
            answered.increment();
            if (answer instanceof Permit permit) {
                granted(permit);
                returning(permit);
                permit.close(Outcome.COMPLETED, Usage.NONE);
                returnedByCallbacks.increment();
            } else if (answer instanceof Admission.Expired) {
                expired.increment();
            }
        }

        @Override
        public String toString() {
            return String.format("%,d cancelled, %,d expired", cancelled.sum(), expired.sum());
        }

        private final class Worker {

            private final SplittableRandom random;
            private final boolean movesTime;
            private final ArrayDeque<Permit> held = new ArrayDeque<>();
            private final Request[] requests = new Request[64];
            private long operations;

            Worker(SplittableRandom random, boolean movesTime) {
                this.random = random;
                this.movesTime = movesTime;
                for (int i = 0; i < requests.length; i++) {
                    // Some are larger than half of the pool. Each has tokens: none may come when those are used up.
                    long tokens = i % 16 == 0 ? 1 + random.nextInt(5_000) : 1 + random.nextInt(200);
                    requests[i] = Request.of(i % 2 == 0 ? high : low)
                            .withTokens(tokens, 0)
                            .withTimeout(Duration.ofNanos(1 + random.nextInt(1_000_000)));
                }
            }

            long go() {
                for (int step = 0; operations < share; step++) {
                    step(random.nextInt(1024));
                    if (movesTime && step % 64 == 0) {
                        time.advance(Duration.ofNanos(20_000));
                    }
                    if (step % 64 == 1) {
                        Work now = gate.inFlight();
                        // A count below 0 would read as a very large one.
                        if (now.slots() > slots || now.tokens() > TOKENS) {
                            violations.increment();
                        }
                    }
                }
                for (Permit permit : held) {
                    giveBack(permit);
                }
                return operations;
            }

            private void step(int random1024) {
                Request request = requests[random1024 & 63];
                if (random1024 < 860) {
                    operations++;
                    if (gate.tryAcquire(request) instanceof Permit permit) {
                        granted(permit);
                        if (held.size() < HELD_EACH && (random1024 & 7) == 0) {
                            held.add(permit);
                        } else {
                            giveBack(permit);
                        }
                    }
                } else if (random1024 < 960 || held.isEmpty()) {
                    asked.increment();
                    operations++;
                    Ticket ticket = gate.acquire(request, Run.this::answer);
                    // Another thread may cancel it, at any time of its life.
                    Ticket before = tickets.getAndSet(random1024 & 63, ticket);
                    if (before != null && (random1024 & 64) == 0) {
                        operations++;
                        if (before.cancel()) {
                            cancelled.increment();
                        }
                    }
                } else {
                    giveBack(held.remove());
                }
            }

            private void giveBack(Permit permit) {
                operations++;
                returning(permit);
                permit.close(Outcome.COMPLETED, Usage.NONE);
            }
        }
    }
}
