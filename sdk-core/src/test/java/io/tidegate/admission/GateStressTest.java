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
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The whole gate under threads that ask in every way, cancel, return, move the clock and change the supply. A bounded number
 * of operations; what each thread does follows from a seed. What is counted here is counted apart from the gate.
 */
class GateStressTest {

    private static final int SLOTS = 5;
    private static final long TOKENS = 4_000;
    private static final int OPERATIONS = 24_000;

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 100_000_000L, Instant.EPOCH);
    private final List<Tier> tiers = List.of(
            Tier.builder("a")
                    .weight(4)
                    .maxQueued(40)
                    .maxQueueTime(Duration.ofMillis(40))
                    .build(),
            Tier.builder("b")
                    .weight(2)
                    .maxQueued(40)
                    .ceiling(0.8)
                    .maxQueueTime(Duration.ofMillis(20))
                    .build(),
            Tier.builder("c")
                    .maxQueued(40)
                    .ceiling(0.8)
                    .maxQueueTime(Duration.ofMillis(80))
                    .build());
    private final AtomicInteger slots = new AtomicInteger();
    private final AtomicLong tokens = new AtomicLong();
    private final AtomicInteger mostSlots = new AtomicInteger();
    private final AtomicLong mostTokens = new AtomicLong();
    private final LongAdder asked = new LongAdder();
    private final LongAdder answered = new LongAdder();
    private final List<AtomicInteger> callbacks = new ArrayList<>();
    private final Queue<CompletableFuture<Void>> stages = new ConcurrentLinkedQueue<>();
    private final Queue<Held> held = new ConcurrentLinkedQueue<>();

    private record Held(Permit permit, long tokens) {}

    @ParameterizedTest
    @CsvSource({"2, false, false", "8, false, false", "8, true, false", "2, true, true", "8, false, true"})
    void manyThreads_everyWayToAskAndLeave_losesNothing(int workers, boolean pool, boolean changingSupply)
            throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        ExecutorService callbackThreads = Executors.newFixedThreadPool(2);
        Gate.Builder builder = Gate.builder("chat")
                .time(time)
                .maxQueued(60)
                .callbackExecutor(pool ? callbackThreads : Runnable::run)
                .limit(new Work(SLOTS, TOKENS));
        tiers.forEach(builder::tier);
        Gate gate = builder.build();
        AtomicBoolean done = new AtomicBoolean();
        CountDownLatch working = new CountDownLatch(workers);
        List<Future<?>> all = new ArrayList<>();
        try {
            for (int i = 0; i < workers; i++) {
                SplittableRandom random = new SplittableRandom(31L * workers + i);
                AtomicInteger[] own = new AtomicInteger[OPERATIONS / workers];
                for (int j = 0; j < own.length; j++) {
                    own[j] = new AtomicInteger();
                    callbacks.add(own[j]);
                }
                all.add(threads.submit(worker(gate, random, own, working)));
            }
            all.add(threads.submit(() -> {
                while (!done.get()) {
                    time.advance(Duration.ofMillis(1));
                    Thread.onSpinWait();
                }
            }));
            if (changingSupply) {
                all.add(threads.submit(() -> {
                    SplittableRandom random = new SplittableRandom(5);
                    while (!done.get()) {
                        // Never above the first limit, so that one bound holds throughout.
                        gate.supply(Supply.fixed(1, new Work(random.nextInt(SLOTS + 1), random.nextLong(TOKENS + 1))));
                        Thread.onSpinWait();
                    }
                }));
            }

            // Blocked callers go on when others return what is held, which those do until all have done their share.
            while (!working.await(1, TimeUnit.MILLISECONDS)) {
                returnOne();
                assertThat(all).noneMatch(each -> each.isDone() && failed(each));
            }
            done.set(true);
            for (Future<?> each : all) {
                each.get(30, TimeUnit.SECONDS);
            }
            gate.supply(Supply.fixed(1, new Work(SLOTS, TOKENS)));
            Awaitility.await().until(() -> {
                time.advance(Duration.ofMillis(100));
                while (returnOne()) {
                    // All of it.
                }
                return gate.queued() == 0 && gate.inFlight().equals(Work.NONE) && held.isEmpty();
            });
            callbackThreads.shutdown();
            assertThat(callbackThreads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            while (returnOne()) {
                // What the last callbacks brought.
            }

            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(slots).hasValue(0);
            assertThat(tokens).hasValue(0);
            assertThat(mostSlots.get()).isBetween(2, SLOTS);
            assertThat(mostTokens.get()).isBetween(1L, TOKENS);
            assertThat(answered.sum()).isEqualTo(asked.sum());
            assertThat(stages).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
            assertThat(callbacks).allMatch(each -> each.get() <= 1);
            assertThat(gate.listenerFailures()).isZero();
            long arrivals = 0;
            for (TierLoad each : gate.load().tiers()) {
                assertThat(each.admitted() + each.shed() + each.expired() + each.cancelled())
                        .isEqualTo(each.arrivals());
                assertThat(each.admitted()).isEqualTo(each.closed()).isPositive();
                assertThat(each.inFlight()).isZero();
                assertThat(each.tokensInFlight()).isZero();
                assertThat(each.queued()).isZero();
                arrivals += each.arrivals();
            }
            assertThat(arrivals).isEqualTo(asked.sum());
        } finally {
            done.set(true);
            threads.shutdownNow();
            callbackThreads.shutdownNow();
        }
    }

    private static boolean failed(Future<?> each) {
        try {
            each.get();
            return false;
        } catch (Exception e) {
            throw new AssertionError("a thread failed", e);
        }
    }

    private Callable<Void> worker(Gate gate, SplittableRandom random, AtomicInteger[] own, CountDownLatch working) {
        return () -> {
            try {
                for (AtomicInteger told : own) {
                    operate(gate, random, told);
                }
            } finally {
                working.countDown();
            }
            return null;
        };
    }

    private void operate(Gate gate, SplittableRandom random, AtomicInteger told) throws InterruptedException {
        Tier tier = tiers.get(random.nextInt(tiers.size()));
        // A few are larger than the pool and are counted as all of it.
        long size = random.nextInt(50) == 0 ? 2 * TOKENS : random.nextInt(1_500);
        Request request = Request.of(tier).withTokens(size, 0);
        int how = random.nextInt(100);
        if (how < 35) {
            returnOne();
        } else if (how < 45) {
            asked.increment();
            answer(gate.tryAcquire(request), random.nextBoolean());
        } else if (how < 55) {
            asked.increment();
            answer(gate.acquire(request.withTimeout(Duration.ofMillis(random.nextInt(30)))), true);
        } else if (how < 70) {
            asked.increment();
            CompletableFuture<Admission> future = gate.acquireAsync(request);
            if (random.nextInt(3) == 0 && future.cancel(false)) {
                answered.increment();
            } else {
                boolean atOnce = random.nextBoolean();
                stages.add(future.thenAccept(answer -> answer(answer, atOnce)));
            }
        } else {
            asked.increment();
            boolean atOnce = random.nextInt(4) == 0;
            Ticket ticket = gate.acquire(request, answer -> {
                told.incrementAndGet();
                answer(answer, atOnce);
            });
            if (random.nextInt(3) == 0) {
                ticket.cancel();
            }
        }
    }

    private void answer(Admission answer, boolean returnAtOnce) {
        answered.increment();
        if (answer instanceof Permit permit) {
            // As the gate counts it, which is no more than it estimated at admission.
            long size = GateState.tokensOf(permit.units);
            mostSlots.accumulateAndGet(slots.incrementAndGet(), Math::max);
            mostTokens.accumulateAndGet(tokens.addAndGet(size), Math::max);
            Held one = new Held(permit, size);
            if (returnAtOnce) {
                giveBack(one);
            } else {
                held.add(one);
            }
        }
    }

    private boolean returnOne() {
        Held one = held.poll();
        if (one == null) {
            return false;
        }
        giveBack(one);
        return true;
    }

    private void giveBack(Held one) {
        // Counted down before it is returned: the count here is never above the true one.
        slots.decrementAndGet();
        tokens.addAndGet(-one.tokens);
        one.permit.close(Outcome.COMPLETED, Usage.NONE);
        one.permit.close();
    }
}
