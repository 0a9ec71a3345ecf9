/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

/** Single races, by a chosen interleaving where the gate calls the clock, else by many rounds of two threads. */
class GateRaceTest {

    private final HookedTime time = new HookedTime();
    private final Tier tier = Tier.builder("standard").maxQueued(1000).build();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Gate gate(int slots) {
        return Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(slots))
                .build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    private static TierLoad load(Gate gate) {
        return gate.load().tiers().get(0);
    }

    private static <T> T result(Future<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    // ---- by a chosen interleaving ----------------------------------------------------------------------------------

    /** Both have a place before either looks whether it is the first: a pool at zero would never be woken. */
    @Test
    void onDemand_twoArriveTogether_isTold() {
        Gate gate = gate(0);
        AtomicInteger told = new AtomicInteger();
        gate.onDemand(told::incrementAndGet);
        time.onSchedule(() -> gate.acquire(Request.of(tier), new Answers()));

        gate.acquire(Request.of(tier), new Answers());

        assertThat(gate.queued()).isEqualTo(2);
        assertThat(told).hasValue(1);
    }

    /** The first is granted before it looks; the second, which found the first waiting, is left. */
    @Test
    void onDemand_firstIsGrantedWhileASecondArrives_isTold() {
        Tier low = Tier.builder("low").ceiling(0.5).build();
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .tier(low)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(2))
                .build();
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        gate.tryAcquire(Request.of(tier));
        AtomicInteger told = new AtomicInteger();
        gate.onDemand(told::incrementAndGet);
        time.onSchedule(() -> {
            gate.acquire(Request.of(low), new Answers());
            held.close();
        });
        Answers first = new Answers();

        gate.acquire(Request.of(tier), first);

        assertThat(first.permit().closed()).isFalse();
        assertThat(gate.queued()).isEqualTo(1);
        assertThat(told).hasValue(1);
    }

    /** The age of the queue drives scaling: a reading in the middle of an arrival must not be the age of the clock. */
    @Test
    void load_whileTheFirstArrives_hasNoAgeYet() {
        Gate gate = gate(0);
        time.manual.advance(Duration.ofDays(3));
        List<Long> ages = new ArrayList<>();
        time.onSchedule(() -> ages.add(load(gate).oldestAgeNanos()));

        gate.acquire(Request.of(tier), new Answers());

        assertThat(ages).containsExactly(0L);
    }

    @Test
    void close_whileOneArrives_shedsIt() {
        Gate gate = gate(0);
        time.onSchedule(gate::close);
        Answers arrival = new Answers();

        gate.acquire(Request.of(tier), arrival);

        assertThat(arrival.shed().reason()).isEqualTo(Reason.DRAINING);
        assertThat(gate.queued()).isZero();
    }

    @Test
    void close_permitReturnedWhileOneArrives_grantsIt() {
        Gate gate = gate(1);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        time.onSchedule(held::close);
        Answers arrival = new Answers();

        gate.acquire(Request.of(tier), arrival);

        assertThat(arrival.permit().closed()).isFalse();
    }

    // ---- by many rounds --------------------------------------------------------------------------------------------

    /** An arrival that finds all places taken must not cost another its place, not even for a moment. */
    @Test
    void acquire_placesTakenWhileThePoolChanges_evictsNobody() throws Exception {
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .maxQueued(2)
                .build();
        Answers first = new Answers();
        Answers second = new Answers();
        gate.acquire(Request.of(tier), first);
        gate.acquire(Request.of(tier), second);
        AtomicBoolean done = new AtomicBoolean();

        Future<?> changes = threads.submit(() -> {
            for (int i = 0; !done.get(); i++) {
                gate.supply(Supply.fixed(1, new Work(0, i % 2)));
            }
        });
        for (int i = 0; i < 100_000 && first.told().isEmpty() && second.told().isEmpty(); i++) {
            gate.acquire(Request.of(tier), new Answers());
        }
        done.set(true);
        result(changes);

        assertThat(first.told()).isEmpty();
        assertThat(second.told()).isEmpty();
        assertThat(gate.queued()).isEqualTo(2);
    }

    /** Whatever supply is the last must also be the one whose limit holds. */
    @Test
    void supply_byTwoThreads_limitIsThatOfTheSupplyThatStands() throws Exception {
        Gate gate = gate(3);
        CyclicBarrier together = new CyclicBarrier(2);
        int rounds = 3_000;
        Callable<Void> writer = () -> {
            for (int i = 0; i < rounds; i++) {
                together.await(30, TimeUnit.SECONDS);
                gate.supply(Supply.fixed(1, Work.slots(i % 2 + 1)));
                gate.supply(Supply.fixed(1, Work.slots(i % 3 + 2)));
                together.await(30, TimeUnit.SECONDS);
                // One thread looks, the other waits for it at the barrier of the next round.
                if (Thread.currentThread().getName().equals("looks")) {
                    assertThat(capacity(gate)).isEqualTo(gate.supply().limit().slots());
                }
            }
            return null;
        };
        FutureTask<Void> looks = new FutureTask<>(writer);
        Thread looking = new Thread(looks, "looks");
        looking.start();
        Future<Void> other = threads.submit(writer);
        result(looks);
        result(other);
    }

    private int capacity(Gate gate) {
        List<Permit> taken = new ArrayList<>();
        while (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
            taken.add(permit);
        }
        taken.forEach(Permit::close);
        return taken.size();
    }

    /** The owner has just chosen the head when it leaves: this used to end the drain for good. */
    @Test
    void cancel_ofTheHeadWhileTheDrainLooksAtIt_leavesTheGateWorking() throws Exception {
        Gate gate = gate(0);
        AtomicBoolean done = new AtomicBoolean();
        Future<?> changes = threads.submit(() -> {
            for (int i = 0; !done.get(); i++) {
                gate.supply(Supply.fixed(1, new Work(0, i % 2)));
            }
        });
        for (int i = 0; i < 50_000; i++) {
            assertThat(gate.acquire(Request.of(tier), answer -> {}).cancel()).isTrue();
        }
        done.set(true);
        result(changes);

        assertThat(gate.listenerFailures()).isZero();
        assertThat(gate.queued()).isZero();
        gate.supply(Supply.fixed(1, Work.slots(1)));
        assertThat(gate.tryAcquire(Request.of(tier))).isInstanceOf(Permit.class);
    }

    @Test
    void cancelFuture_racingWithTheGrant_losesNoPermit() throws Exception {
        Gate gate = gate(1);
        CyclicBarrier together = new CyclicBarrier(2);
        List<CompletableFuture<Admission>> current = new ArrayList<>();
        int rounds = 3_000;
        Future<?> canceller = threads.submit(() -> {
            for (int i = 0; i < rounds; i++) {
                together.await(30, TimeUnit.SECONDS);
                current.get(0).cancel(false);
                together.await(30, TimeUnit.SECONDS);
            }
            return null;
        });
        for (int i = 0; i < rounds; i++) {
            Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
            current.clear();
            current.add(gate.acquireAsync(Request.of(tier)));
            together.await(30, TimeUnit.SECONDS);
            held.close();
            together.await(30, TimeUnit.SECONDS);
            // Neither cancelled nor granted to a future that nobody took: then it is ours to close.
            if (!current.get(0).isCancelled()) {
                Answers.permit(current.get(0).join()).close();
            }
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(gate.queued()).isZero();
        }
        result(canceller);
        TierLoad load = load(gate);
        assertThat(load.admitted() + load.cancelled()).isEqualTo(load.arrivals());
    }

    // ---- blocking callers ------------------------------------------------------------------------------------------

    @Test
    void acquire_blocked_isGrantedExpiredOrShed() throws Exception {
        Gate gate = gate(1);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        Future<Admission> granted = threads.submit(() -> gate.acquire(Request.of(tier)));
        Awaitility.await().until(() -> gate.queued() == 1);
        held.close();
        Permit second = Answers.permit(result(granted));

        Future<Admission> expired = threads.submit(() -> gate.acquire(Request.of(tier)));
        Awaitility.await().until(() -> gate.queued() == 1 && time.manual.scheduled() > 0);
        time.manual.advance(Duration.ofSeconds(10));
        assertThat(result(expired)).isInstanceOf(Admission.Expired.class);

        Future<Admission> shed = threads.submit(() -> gate.acquire(Request.of(tier)));
        Awaitility.await().until(() -> gate.queued() == 1);
        gate.close();
        assertThat(Answers.reason(result(shed))).isEqualTo(Reason.DRAINING);
        second.close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void acquire_interruptedBefore_throwsAndAsksNothing() {
        Gate gate = gate(1);
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> gate.acquire(Request.of(tier))).isInstanceOf(InterruptedException.class);

        assertThat(Thread.interrupted()).isFalse();
        assertThat(load(gate).arrivals()).isZero();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void acquire_interruptedWhileWaiting_leavesTheQueue() throws Exception {
        Gate gate = gate(1);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        FutureTask<Admission> waits = new FutureTask<>(() -> gate.acquire(Request.of(tier)));
        Thread waiter = new Thread(waits, "waiter");
        waiter.start();
        Awaitility.await().until(() -> gate.queued() == 1);

        waiter.interrupt();

        assertThatThrownBy(() -> result(waits)).hasCauseInstanceOf(InterruptedException.class);
        assertThat(gate.queued()).isZero();
        assertThat(load(gate).cancelled()).isEqualTo(1);
        held.close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void acquire_interruptRacingWithTheGrant_losesNoPermit() throws Exception {
        Gate gate = gate(1);
        for (int i = 0; i < 500; i++) {
            Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
            FutureTask<Admission> waits = new FutureTask<>(() -> gate.acquire(Request.of(tier)));
            Thread waiter = new Thread(waits, "waiter");
            waiter.start();
            Awaitility.await().pollInterval(Duration.ofNanos(1000)).until(() -> gate.queued() == 1);
            CyclicBarrier together = new CyclicBarrier(2);
            Future<?> closer = threads.submit(() -> {
                together.await(30, TimeUnit.SECONDS);
                held.close();
                return null;
            });
            together.await(30, TimeUnit.SECONDS);
            waiter.interrupt();
            result(closer);
            waiter.join(30_000);
            assertThat(waits).isDone();

            if (granted(waits) instanceof Permit permit) {
                permit.close();
            }
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(gate.queued()).isZero();
        }
    }

    private static Admission granted(FutureTask<Admission> waits) throws Exception {
        try {
            return waits.get(0, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(InterruptedException.class);
            return new Admission.Cancelled(Duration.ZERO);
        }
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void acquire_onVirtualThreads_allAreServed() throws Exception {
        Gate gate = gate(2);
        ExecutorService virtual = (ExecutorService)
                Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        List<Future<Admission>> all = new ArrayList<>();
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        for (int i = 0; i < 200; i++) {
            all.add(virtual.submit(() -> {
                Admission answer = gate.acquire(Request.of(tier));
                try (Permit permit = Answers.permit(answer)) {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    Thread.onSpinWait();
                    running.decrementAndGet();
                    return permit;
                }
            }));
        }
        for (Future<Admission> each : all) {
            result(each);
        }
        virtual.shutdown();

        assertThat(most.get()).isBetween(1, 2);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }
}
