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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is promised of permits: they are given once, returned once, and never more of them than there are. */
class GatePermitPromisesTest {

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard").maxQueued(100_000).build();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Gate.Builder builder() {
        return Gate.builder("chat").tier(tier).time(time).maxQueued(100_000).callbackExecutor(Runnable::run);
    }

    private Gate gate(int slots) {
        return builder().limit(Work.slots(slots)).build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    private Permit take(Gate gate) {
        return Answers.permit(gate.tryAcquire(Request.of(tier)));
    }

    /** How many it gives when it is asked until it refuses; all are returned again. */
    private int capacity(Gate gate) {
        List<Permit> taken = new ArrayList<>();
        while (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
            taken.add(permit);
        }
        taken.forEach(Permit::close);
        return taken.size();
    }

    private static TierLoad load(Gate gate) {
        return gate.load().tiers().get(0);
    }

    @Nested
    @DisplayName("A2: a permit that three finish at once is returned exactly once")
    class ThreeFinishers {

        private static final int ROUNDS = 10_000;

        @Test
        void completeCancelAndClose_atOnce_oneReturnsIt() throws Exception {
            Gate gate = gate(2);
            take(gate);
            List<Finish> current = new ArrayList<>();
            CyclicBarrier together = new CyclicBarrier(3);
            LongAdder returned = new LongAdder();
            List<Future<?>> finishers = new ArrayList<>();
            for (int finisher = 0; finisher < 3; finisher++) {
                int number = finisher;
                finishers.add(threads.submit(() -> {
                    for (int round = 0; round < ROUNDS; round++) {
                        if (number == 0) {
                            current.clear();
                            current.add(granted(gate, round));
                        }
                        together.await(30, TimeUnit.SECONDS);
                        if (current.get(0).by(number)) {
                            returned.increment();
                        }
                        together.await(30, TimeUnit.SECONDS);
                        if (number == 0) {
                            assertThat(gate.inFlight().slots()).isEqualTo(1);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : finishers) {
                each.get(2, TimeUnit.MINUTES);
            }

            assertThat(returned.sum()).isEqualTo(ROUNDS);
            // One more each second round: the permit the waiter waited for.
            assertThat(load(gate).closed()).isEqualTo(ROUNDS + ROUNDS / 2);
            assertThat(gate.inFlight().slots()).isEqualTo(1);
        }

        /** Half of them come out of the queue, where the ticket is the permit. */
        private Finish granted(Gate gate, int round) {
            Permit held = take(gate);
            if (round % 2 == 0) {
                return new Finish(held, () -> false);
            }
            Answers waiter = new Answers();
            Ticket ticket = gate.acquire(Request.of(tier), waiter);
            held.close(Outcome.CANCELLED, Usage.NONE);
            return new Finish(waiter.permit(), ticket::cancel);
        }

        private record Finish(Permit permit, BooleanSupplier cancel) {

            boolean by(int finisher) {
                return switch (finisher) {
                    case 0 -> permit.close(Outcome.COMPLETED, Usage.NONE);
                    case 1 -> !cancel.getAsBoolean() && permit.close(Outcome.CANCELLED, Usage.NONE);
                    default -> permit.close(Outcome.FAILED, Usage.NONE);
                };
            }
        }
    }

    @Nested
    @DisplayName("A3: a waiter that times out while it is granted loses no permit")
    class TimesOutWhileGranted {

        /** A moment before the deadline it is the waiter's; after it, the next one's. */
        @Test
        void returned_beforeAndAfterTheDeadline_goesToTheWaiterAndToTheNext() {
            Gate gate = gate(1);
            Answers first = new Answers();
            Answers second = new Answers();
            Answers third = new Answers();
            Permit held = take(gate);
            gate.acquire(Request.of(tier).withTimeout(Duration.ofMillis(10)), first);
            gate.acquire(Request.of(tier).withTimeout(Duration.ofMillis(20)), second);
            gate.acquire(Request.of(tier), third);
            time.schedule(Duration.ofMillis(10).toNanos() - 1, held::close);
            time.advance(Duration.ofMillis(10));

            assertThat(first.permit().closed()).isFalse();
            time.advance(Duration.ofMillis(20));
            first.permit().close();

            assertThat(second.told()).singleElement().isInstanceOf(Admission.Expired.class);
            assertThat(third.permit().closed()).isFalse();
            third.permit().close();
            assertThat(capacity(gate)).isEqualTo(1);
        }

        /** Its time is over and nobody has told it yet when the permit comes. */
        @Test
        void returned_afterTheDeadlineOfOneNotYetTold_goesToTheNext() {
            LateTime late = new LateTime(Duration.ofHours(1));
            Gate gate = builder().time(late).limit(Work.slots(1)).build();
            Permit held = take(gate);
            Answers first = new Answers();
            Answers second = new Answers();
            gate.acquire(Request.of(tier).withTimeout(Duration.ofMillis(1)), first);
            gate.acquire(Request.of(tier), second);
            late.advance(Duration.ofMillis(2));
            assertThat(first.told()).isEmpty();

            held.close();

            assertThat(first.told()).singleElement().isInstanceOf(Admission.Expired.class);
            assertThat(second.permit().closed()).isFalse();
        }

        /** One thread lets waiters time out while another returns permits. */
        @Test
        @SuppressWarnings("ThreadPriorityCheck") // nothing but the time it takes depends on it
        void millionTimeouts_racingWithReturns_leaveTheCapacity() throws Exception {
            Gate gate = gate(3);
            AtomicBoolean done = new AtomicBoolean();
            LongAdder expired = new LongAdder();
            LongAdder granted = new LongAdder();
            Queue<Permit> open = new ConcurrentLinkedQueue<>();
            Future<?> clock = threads.submit(() -> {
                while (!done.get()) {
                    time.advance(Duration.ofNanos(25_000));
                    Thread.yield();
                }
            });
            SplittableRandom random = new SplittableRandom(3);
            // Each round lets most of a queue of 256 time out.
            for (int round = 0; round < 100_000 && expired.sum() < 1_000_000; round++) {
                while (gate.queued() > 128 && !clock.isDone()) {
                    Thread.yield();
                }
                for (int i = gate.queued(); i < 256; i++) {
                    Duration timeout = Duration.ofNanos(1 + random.nextInt(200_000));
                    gate.acquire(Request.of(tier).withTimeout(timeout), answer -> {
                        if (answer instanceof Permit permit) {
                            granted.increment();
                            open.add(permit);
                        } else if (answer instanceof Admission.Expired) {
                            expired.increment();
                        }
                    });
                }
                // Most of the time all are held, so that most waiters time out. As cancelled, which predicts nothing:
                // else
                // who cannot be served in time would not even wait.
                if (random.nextInt(8) == 0) {
                    for (Permit permit = open.poll(); permit != null; permit = open.poll()) {
                        permit.close(Outcome.CANCELLED, Usage.NONE);
                    }
                }
            }
            done.set(true);
            clock.get(30, TimeUnit.SECONDS);
            time.advance(Duration.ofSeconds(10));
            for (Permit permit = open.poll(); permit != null; permit = open.poll()) {
                permit.close();
            }

            assertThat(expired.sum()).isGreaterThanOrEqualTo(1_000_000);
            assertThat(granted.sum()).isPositive();
            assertThat(gate.queued()).isZero();
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(capacity(gate)).isEqualTo(3);
        }
    }

    @Nested
    @DisplayName("A8: closing a permit again, from another thread or after the gate, does nothing")
    class ClosedAgain {

        @Test
        void close_again_returnsNothing() throws Exception {
            Gate gate = gate(3);
            Events events = new Events();
            List<Permit> others = List.of(take(gate), take(gate));
            Permit permit = take(gate);
            gate.addListener(events);

            assertThat(permit.close(Outcome.COMPLETED, new Usage(3, 4))).isTrue();
            assertThat(permit.close(Outcome.FAILED, new Usage(5, 6))).isFalse();
            permit.close();
            assertThat(threads.submit(() -> permit.close(Outcome.FAILED, Usage.NONE))
                            .get(30, TimeUnit.SECONDS))
                    .isFalse();
            permit.firstToken();

            assertThat(gate.inFlight().slots()).isEqualTo(others.size());
            assertThat(capacity(gate)).isEqualTo(1);
            assertThat(gate.usage(tier)).isEqualTo(new Usage(3, 4));
            assertThat(events.lines)
                    .filteredOn(line -> line.startsWith("closed"))
                    .hasSize(2);
        }

        @Test
        void close_afterTheGate_returnsOnceAndGrantsNobody() throws Exception {
            Gate gate = gate(2);
            Permit permit = take(gate);
            take(gate);
            Answers waiter = new Answers();
            gate.acquire(Request.of(tier), waiter);
            gate.close();
            gate.close();

            assertThat(threads.submit(() -> permit.close(Outcome.COMPLETED, Usage.NONE))
                            .get(30, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(permit.close(Outcome.COMPLETED, Usage.NONE)).isFalse();
            gate.close();

            assertThat(gate.inFlight().slots()).isEqualTo(1);
            assertThat(waiter.shed().reason()).isEqualTo(Admission.Reason.DRAINING);
            assertThat(load(gate).closed()).isEqualTo(1);
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @Nested
    @DisplayName(
            "A9: a limit that falls below what is in flight admits nobody until there is room, and one that rises wakes"
                    + " those who wait")
    class LimitChanges {

        @Test
        void supply_loweredBelowInFlight_grantsAgainOnlyBelowIt() {
            Gate gate = gate(4);
            List<Permit> held = List.of(take(gate), take(gate), take(gate), take(gate));
            Answers waiter = new Answers();
            gate.acquire(Request.of(tier), waiter);
            gate.supply(Supply.fixed(1, Work.slots(2)));

            held.get(0).close();
            held.get(1).close();
            assertThat(waiter.told()).isEmpty();
            assertThat(gate.tryAcquire(Request.of(tier))).isInstanceOf(Admission.Shed.class);
            held.get(2).close();

            assertThat(waiter.permit().closed()).isFalse();
            assertThat(gate.inFlight().slots()).isEqualTo(2);
        }

        @Test
        void supply_zeroAndRaised_grantsNobodyAndThenAsManyAsFit() {
            Gate gate = gate(0);
            List<Answers> waiters = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                waiters.add(new Answers());
                gate.acquire(Request.of(tier), waiters.get(i));
            }
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(gate.queued()).isEqualTo(200);

            // More than one call grants in a row.
            gate.supply(Supply.fixed(1, Work.slots(150)));

            assertThat(gate.inFlight().slots()).isEqualTo(150);
            assertThat(waiters.subList(0, 150)).allSatisfy(each -> each.permit());
            assertThat(waiters.subList(150, 200))
                    .allSatisfy(each -> assertThat(each.told()).isEmpty());
        }

        /** Arithmetic alone says what must be in flight and in queue after each step. */
        @ParameterizedTest
        @MethodSource("io.tidegate.admission.GatePermitPromisesTest#seeds")
        void randomLimits_granted_asManyAsArithmeticSays(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            int limit = random.nextInt(6);
            Gate gate = gate(limit);
            ArrayDeque<Answers> queue = new ArrayDeque<>();
            List<Permit> held = new ArrayList<>();
            for (int step = 0; step < 400; step++) {
                int what = random.nextInt(10);
                if (what < 2) {
                    limit = random.nextInt(3) == 0 ? 0 : random.nextInt(8);
                    gate.supply(Supply.fixed(1, Work.slots(limit)));
                } else if (what < 5) {
                    Answers answers = new Answers();
                    queue.add(answers);
                    gate.acquire(Request.of(tier), answers);
                } else if (what < 7) {
                    boolean room = queue.isEmpty() && held.size() < limit;
                    Admission answer = gate.tryAcquire(Request.of(tier));
                    assertThat(answer instanceof Permit).isEqualTo(room);
                    if (answer instanceof Permit permit) {
                        held.add(permit);
                    }
                } else if (!held.isEmpty()) {
                    held.remove(random.nextInt(held.size())).close();
                }
                while (!queue.isEmpty() && held.size() < limit) {
                    held.add(queue.remove().permit());
                }
                assertThat(queue).allSatisfy(each -> assertThat(each.told()).isEmpty());
                assertThat(gate.inFlight().slots()).as("step %d", step).isEqualTo(held.size());
                assertThat(gate.queued()).isEqualTo(queue.size());
            }
        }
    }

    @Nested
    @DisplayName("A10: counters that run over their largest number lose no grant and give none twice")
    class CountersWrap {

        @ParameterizedTest
        @ValueSource(longs = {Long.MAX_VALUE - 5, Long.MIN_VALUE, -3})
        void wakeUps_wrapWhileServed_everyWaiterIsGrantedOnce(long start) {
            Gate gate = builder().wakeUps(start).limit(Work.slots(1)).build();
            Permit held = take(gate);
            List<Answers> waiters = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                waiters.add(new Answers());
                gate.acquire(Request.of(tier), waiters.get(i));
            }
            held.close();

            for (Answers waiter : waiters) {
                assertThat(gate.inFlight().slots()).isEqualTo(1);
                waiter.permit().close();
            }
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(gate.queued()).isZero();
        }

        /** The count comes back to where it began each time the gate is idle, so each round wraps it again. */
        @Test
        void wakeUps_wrapUnderThreads_nothingIsLostOrGivenTwice() throws Exception {
            for (int round = 0; round < 50; round++) {
                Gate gate = builder()
                        .wakeUps(Long.MAX_VALUE - round % 6)
                        .limit(Work.slots(2))
                        .build();
                AtomicInteger running = new AtomicInteger();
                AtomicInteger most = new AtomicInteger();
                AtomicInteger answers = new AtomicInteger();
                List<Future<?>> all = new ArrayList<>();
                for (int worker = 0; worker < 4; worker++) {
                    all.add(threads.submit(() -> {
                        for (int i = 0; i < 500; i++) {
                            try (Permit permit = Answers.permit(gate.acquire(Request.of(tier)))) {
                                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                                answers.incrementAndGet();
                                running.decrementAndGet();
                                assertThat(permit.closed()).isFalse();
                            }
                        }
                        return null;
                    }));
                }
                for (Future<?> each : all) {
                    each.get(1, TimeUnit.MINUTES);
                }
                assertThat(answers).hasValue(2_000);
                assertThat(most.get()).isBetween(1, 2);
                assertThat(gate.inFlight()).isEqualTo(Work.NONE);
                assertThat(gate.queued()).isZero();
            }
        }

        @Test
        void counts_nearTheLargest_wrapAndTheGateGoesOn() {
            Gate gate = builder().seed(Long.MAX_VALUE - 2).limit(Work.slots(2)).build();
            Permit first = take(gate);
            Tally tally = first.lane.tally;
            long atLargest = Long.MAX_VALUE - 100;
            long unused = tally.add(Tally.SHARED, TierLane.ADMITTED, atLargest);
            first.close();

            for (int i = 0; i < 1_000; i++) {
                Permit permit = take(gate);
                Answers waiter = new Answers();
                take(gate);
                Ticket ticket = gate.acquire(Request.of(tier), waiter);
                assertThat(ticket.cancel()).isTrue();
                gate.acquire(Request.of(tier), waiter);
                assertThat(((Admission.Shed) gate.tryAcquire(Request.of(tier))).retryAfter())
                        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
                permit.close();
                ((Permit) waiter.told().get(1)).close();
                gate.supply(Supply.fixed(1, Work.slots(3 + i)));
            }

            assertThat(tally.sum(TierLane.ADMITTED)).isEqualTo(atLargest + 1 + 3_000);
            assertThat(gate.inFlight().slots()).isEqualTo(1_000);
            assertThat(gate.queued()).isZero();
        }
    }
}
