/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Nobody works for others without end: after a batch the rest is the executor's, and it is done whatever that does. */
class GateHandOverTest {

    private static final int MANY = 10 * Gate.BATCH + 7;

    private final Tier tier = Tier.builder("standard").maxQueued(100_000).build();
    private final List<Thread> threads = new ArrayList<>();

    private Gate gate(Executor executor) {
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(new ManualTime())
                .callbackExecutor(executor)
                .maxQueued(100_000)
                .build();
        for (int i = 0; i < MANY; i++) {
            gate.acquire(Request.of(tier), answer -> threads.add(Thread.currentThread()));
        }
        return gate;
    }

    private static void room(Gate gate) {
        gate.supply(Supply.fixed(1, Work.slots(MANY)));
    }

    @Test
    void supply_manyFitAtOnce_callerGrantsABatchAndTheExecutorTheRest() {
        ArrayDeque<Runnable> later = new ArrayDeque<>();
        Gate gate = gate(later::add);

        room(gate);

        assertThat(gate.inFlight().slots()).isEqualTo(Gate.BATCH);
        for (Runnable task = later.poll(); task != null; task = later.poll()) {
            task.run();
        }
        assertThat(gate.inFlight().slots()).isEqualTo(MANY);
        assertThat(threads).hasSize(MANY);
        assertThat(gate.queued()).isZero();
    }

    @Test
    void supply_executorRunsOnTheCaller_grantsAllWithoutDeepCalls() {
        Gate gate = gate(Runnable::run);

        room(gate);

        assertThat(threads).hasSize(MANY);
    }

    @Test
    void supply_executorRejects_callerGrantsAll() {
        Gate gate = gate(task -> {
            throw new RejectedExecutionException("on purpose");
        });

        room(gate);

        assertThat(threads).hasSize(MANY);
        assertThat(gate.listenerFailures()).isZero();
    }

    @Test
    void supply_executorThrows_callerGrantsAllAndItIsCounted() {
        Gate gate = gate(task -> {
            throw new IllegalStateException("on purpose");
        });

        room(gate);

        assertThat(threads).hasSize(MANY);
        assertThat(gate.listenerFailures()).isPositive();
    }

    /** An executor that forgets what it is given: the next that comes by goes on. */
    @Test
    void supply_executorDropsTasks_nextWakeUpGoesOn() {
        Gate gate = gate(task -> {});

        room(gate);
        int before = gate.inFlight().slots();
        assertThat(before).isLessThan(MANY);
        for (int i = 0; i < MANY; i++) {
            gate.acquire(Request.of(tier), answer -> {}).cancel();
        }

        assertThat(gate.inFlight().slots()).isEqualTo(MANY);
    }

    /** By default callbacks of what a caller brings about run on its thread, but not without end. */
    @Test
    void close_byDefault_callbackRunsOnTheThreadThatReturnsThePermit() {
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(new ManualTime())
                .limit(Work.slots(1))
                .build();
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        gate.acquire(Request.of(tier), answer -> threads.add(Thread.currentThread()));

        held.close();

        assertThat(threads).containsExactly(Thread.currentThread());
    }

    @Test
    void supply_byDefault_callbackRunsOnAnotherThreadThanTheEngines() throws Exception {
        Gate gate = Gate.builder("chat").tier(tier).time(new ManualTime()).build();
        CompletableFuture<Thread> told = new CompletableFuture<>();
        gate.acquire(Request.of(tier), answer -> told.complete(Thread.currentThread()));

        gate.supply(Supply.fixed(1, Work.slots(1)));

        assertThat(told.get(30, TimeUnit.SECONDS)).isNotSameAs(Thread.currentThread());
    }
}
