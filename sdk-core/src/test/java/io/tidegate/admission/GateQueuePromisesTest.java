/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is promised of queues: they are bounded, nobody is served too late, and a high tier does not wait for a low one. */
class GateQueuePromisesTest {

    private static final long MILLI = 1_000_000;

    @Nested
    @DisplayName(
            "A11: a queue is bounded in entries, tokens and age at each tier, and who is refused is told when to come back")
    class Bounded {

        private static final int SLOTS = 20;
        private static final long TOKENS = 500;
        private static final int MAX_QUEUED = 100;
        /** By then permits come back all the time, and what is predicted follows. */
        private static final long WARM_NANOS = 3_000 * MILLI;

        private final ManualTime time = new ManualTime();
        /** Its entries are the bound. */
        private final Tier many = Tier.builder("many").weight(4).maxQueued(30).build();
        /** Its tokens are. */
        private final Tier large = Tier.builder("large")
                .weight(2)
                .maxQueued(1_000)
                .maxQueuedTokens(20 * TOKENS)
                .maxQueueTime(Duration.ofSeconds(20))
                .build();
        /** Its time is, and the places of all tiers. */
        private final Tier hasty = Tier.builder("hasty")
                .maxQueued(1_000)
                .maxQueueTime(Duration.ofSeconds(4))
                .build();

        private final Tier patient = Tier.builder("patient")
                .maxQueued(1_000)
                .maxQueueTime(Duration.ofMinutes(5))
                .build();
        private final List<Tier> tiers = List.of(many, large, hasty, patient);
        private final Gate gate;
        private final SplittableRandom random = new SplittableRandom(11);
        private final Map<Tier, Map<Reason, Integer>> shed = new HashMap<>();
        private final Map<Tier, Long> queuedTokens = new HashMap<>();
        private final Map<Tier, ArrayDeque<Long>> predicted = new HashMap<>();
        private final List<String> wrong = new ArrayList<>();
        private int admitted;
        private int checkedHints;

        Bounded() {
            Gate.Builder builder = Gate.builder("chat")
                    .time(time)
                    .maxQueued(MAX_QUEUED)
                    .callbackExecutor(Runnable::run)
                    .limit(Work.slots(SLOTS));
            tiers.forEach(builder::tier);
            gate = builder.build();
            tiers.forEach(tier -> {
                shed.put(tier, new EnumMap<>(Reason.class));
                queuedTokens.put(tier, 0L);
                predicted.put(tier, new ArrayDeque<>());
            });
        }

        /** 20 slots of a second each, and 200 requests a second that do not care: ten times what can be served. */
        @Test
        void tenTimesTheLoad_forAMinute_isBoundedAndToldWhenToComeBack() {
            for (int milli = 0; milli < 60_000; milli += 5) {
                time.advance(Duration.ofMillis(5));
                notePredictions();
                arrive(tiers.get(random.nextInt(tiers.size())));
                look();
            }

            assertThat(wrong).isEmpty();
            assertThat(checkedHints).isGreaterThan(5_000);
            assertThat(admitted).isBetween(60 * SLOTS * 9 / 10, 60 * SLOTS * 11 / 10);
            assertThat(shed.get(many)).containsKey(Reason.QUEUE_FULL);
            assertThat(shed.get(large)).containsKey(Reason.QUEUE_FULL);
            assertThat(shed.get(hasty)).containsKey(Reason.WAIT_TOO_LONG);
            assertThat(shed.get(patient)).containsKey(Reason.QUEUE_FULL).containsKey(Reason.EVICTED);
            assertThat(gate.listenerFailures()).isZero();
        }

        /** A refusal is handed out again while it is fresh, and after that until permits come back: some of these times. */
        private void notePredictions() {
            tiers.forEach(tier -> {
                ArrayDeque<Long> last = predicted.get(tier);
                gate.predictedWait(tier).ifPresent(wait -> last.addLast(wait.toNanos()));
                if (last.size() > 4 * Refusals.FRESH_NANOS / (5 * MILLI)) {
                    last.removeFirst();
                }
            });
        }

        private void arrive(Tier tier) {
            Request request = Request.of(tier).withTokens(TOKENS, 0);
            boolean[] waits = new boolean[1];
            if (random.nextInt(8) == 0) {
                answered(tier, gate.tryAcquire(request));
            } else {
                Ticket ticket = gate.acquire(request, answer -> {
                    if (waits[0]) {
                        queuedTokens.merge(tier, -TOKENS, Long::sum);
                    }
                    answered(tier, answer);
                });
                if (ticket.outcome().isEmpty()) {
                    waits[0] = true;
                    queuedTokens.merge(tier, TOKENS, Long::sum);
                }
            }
        }

        private void answered(Tier tier, Admission answer) {
            if (answer instanceof Permit permit) {
                admitted++;
                // Of a second on average, and so different that they do not come back in waves.
                long duration = 100 * MILLI + random.nextLong(1_800 * MILLI);
                time.schedule(duration, () -> permit.close(Outcome.COMPLETED, Usage.NONE));
            } else if (answer instanceof Admission.Shed refused) {
                shed.get(tier).merge(refused.reason(), 1, Integer::sum);
                checkHint(tier, refused);
            }
        }

        private void checkHint(Tier tier, Admission.Shed refused) {
            // Who is evicted was in queue and is told of the wait at its end, as all are.
            ArrayDeque<Long> last = predicted.get(tier);
            if (time.nanos() < WARM_NANOS) {
                return;
            }
            gate.predictedWait(tier).ifPresent(wait -> last.addLast(wait.toNanos()));
            double least = last.stream().mapToLong(nanos -> nanos).min().orElseThrow();
            double most = last.stream().mapToLong(nanos -> nanos).max().orElseThrow();
            // No hint is below a second or above half a minute, whatever is predicted.
            double from = Math.max(1e9, 0.8 * Math.min(least, 25e9));
            double to = Math.min(30e9, 1.2 * Math.max(most, 1.25e9));
            long hint = refused.retryAfter().toNanos();
            checkedHints++;
            if (hint < from - 1 || hint > to + 1) {
                wrong.add(tier + " " + refused + " but predicted " + least + " to " + most + " ns");
            }
        }

        private void look() {
            expect(gate.queued() <= MAX_QUEUED, "all " + gate.queued());
            for (TierLoad load : gate.load().tiers()) {
                Tier tier = load.tier();
                expect(load.queued() <= tier.maxQueued(), "entries of " + load);
                expect(queuedTokens.get(tier) <= tier.maxQueuedTokens(), "tokens of " + load);
                expect(load.oldestAgeNanos() <= tier.maxQueueTime().toNanos(), "age of " + load);
            }
        }

        private void expect(boolean holds, String otherwise) {
            if (!holds) {
                wrong.add(otherwise);
            }
        }
    }

    @Nested
    @DisplayName("A12: a request whose deadline has passed is never admitted, not at once and not out of the queue")
    class PastDeadline {

        private final LateTime time = new LateTime(Duration.ofMillis(50));
        private final Tier tier = Tier.builder("standard")
                .maxQueued(1_000)
                .maxQueueTime(Duration.ofMillis(40))
                .build();
        private final Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(4))
                .build();
        private final List<Permit> held = new ArrayList<>();
        private long grantedFromQueue;
        private long grantedAtOnce;
        private long foundLate;
        private long refusedAtOnce;
        private long dead;

        @Test
        void everyWayToAsk_deadlinePassed_isRefusedThoughThereIsRoom() throws Exception {
            Request late = Request.of(tier).withDeadline(time.nanos() - 1);
            Answers callback = new Answers();
            CompletableFuture<Admission> future = gate.acquireAsync(late);
            gate.acquire(late, callback);

            assertThat(Answers.reason(gate.tryAcquire(late))).isEqualTo(Reason.DEADLINE_PASSED);
            assertThat(Answers.reason(gate.acquire(late))).isEqualTo(Reason.DEADLINE_PASSED);
            assertThat(Answers.reason(future.join())).isEqualTo(Reason.DEADLINE_PASSED);
            assertThat(callback.shed().reason()).isEqualTo(Reason.DEADLINE_PASSED);
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(gate.tryAcquire(Request.of(tier).withDeadline(time.nanos())))
                    .isInstanceOf(Permit.class);
        }

        /** The clock's timer is late by more than anybody may wait, so that the queue is full of those whose time is over. */
        @Test
        void millionRequests_timerIsLate_noneIsDispatchedDead() {
            SplittableRandom random = new SplittableRandom(12);
            for (int i = 0; i < 1_000_000; i++) {
                ask(random);
                if (random.nextInt(3) == 0) {
                    time.advance(Duration.ofNanos(random.nextLong(4 * MILLI)));
                }
                // Busy and quiet by turns.
                if (!held.isEmpty() && (i / 1_000 % 2 == 0 || random.nextInt(5) < 2)) {
                    // As cancelled, which predicts nothing: else nobody would wait that cannot be served in time.
                    held.remove(random.nextInt(held.size())).close(Outcome.CANCELLED, Usage.NONE);
                }
            }

            assertThat(dead).as("dead dispatches").isZero();
            // All of it happened, so that none could go wrong unseen.
            assertThat(grantedAtOnce).isGreaterThan(1_000);
            assertThat(grantedFromQueue).isGreaterThan(10_000);
            assertThat(foundLate).isGreaterThan(10_000);
            assertThat(refusedAtOnce).isGreaterThan(10_000);
        }

        private void ask(SplittableRandom random) {
            long asked = time.nanos();
            Request request = Request.of(tier).withTenant("tenant" + random.nextInt(20));
            long last = asked + tier.maxQueueTime().toNanos();
            if (random.nextInt(2) == 0) {
                long deadline = asked + random.nextLong(60 * MILLI) - 10 * MILLI;
                request = request.withDeadline(deadline);
                last = Math.min(last, deadline);
            }
            if (random.nextInt(2) == 0) {
                long timeout = random.nextLong(30 * MILLI);
                request = request.withTimeout(Duration.ofNanos(timeout));
                // A time-out bounds the wait alone: with room at once, even that of zero is admitted.
                last = Math.min(last, asked + timeout);
            }
            long dispatchedUntil = last;
            boolean[] atOnce = {true};
            if (random.nextInt(4) == 0) {
                answered(gate.tryAcquire(request), true, dispatchedUntil);
            } else {
                gate.acquire(request, answer -> answered(answer, atOnce[0], dispatchedUntil));
            }
            atOnce[0] = false;
        }

        private void answered(Admission answer, boolean atOnce, long dispatchedUntil) {
            if (answer instanceof Permit permit) {
                held.add(permit);
                if (time.nanos() > dispatchedUntil) {
                    dead++;
                }
                if (atOnce) {
                    grantedAtOnce++;
                } else {
                    grantedFromQueue++;
                }
            } else if (answer instanceof Admission.Expired) {
                foundLate++;
            } else if (answer instanceof Admission.Shed shed && shed.reason() == Reason.DEADLINE_PASSED) {
                refusedAtOnce++;
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @Nested
    @DisplayName(
            "A16: a high tier that finds all slots taken by a low one waits no longer than the longest of those that run")
    class Inversion {

        private static final int SLOTS = 10;

        private final ManualTime time = new ManualTime();
        private final Tier high = Tier.builder("high").weight(8).build();
        private final Tier low = Tier.builder("low").maxQueued(200).build();

        private Gate gate(TierOrder order, int maxQueued) {
            return Gate.builder("chat")
                    .tier(high)
                    .tier(low)
                    .time(time)
                    .tierOrder(order)
                    .maxQueued(maxQueued)
                    .callbackExecutor(Runnable::run)
                    .limit(Work.slots(SLOTS))
                    .build();
        }

        @ParameterizedTest
        @MethodSource("io.tidegate.admission.GateQueuePromisesTest#seeds")
        void lowHoldsAllSlots_highArrives_isGrantedBeforeTheLastOfThemEnds(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            TierOrder order = List.of(TierOrder.weighted(), TierOrder.strict(), TierOrder.weightedAbove(0.7))
                    .get(random.nextInt(3));
            Gate gate = gate(order, 1_000);
            List<Long> ends = new ArrayList<>();
            // Low ones come and go for a while, and more of them wait than run.
            for (int i = 0; i < 60; i++) {
                gate.acquire(Request.of(low), answer -> run(answer, random, ends));
                time.advance(Duration.ofNanos(random.nextLong(100 * MILLI)));
            }
            assertThat(gate.inFlight().slots()).isEqualTo(SLOTS);
            long now = time.nanos();
            long longest = ends.stream()
                    .mapToLong(end -> end)
                    .filter(end -> end > now)
                    .max()
                    .orElseThrow();
            int runningLow = (int) ends.stream().filter(end -> end > now).count();
            Answers waiter = new Answers();

            gate.acquire(Request.of(high), waiter);
            assertThat(waiter.told()).isEmpty();
            assertThat(runningLow).isEqualTo(SLOTS);
            time.advance(Duration.ofNanos(longest - now));

            assertThat(waiter.permit().queueWait()).isLessThanOrEqualTo(Duration.ofNanos(longest - now));
        }

        private void run(Admission answer, SplittableRandom random, List<Long> ends) {
            if (answer instanceof Permit permit) {
                long duration = 100 * MILLI + random.nextLong(5_000 * MILLI);
                ends.add(time.nanos() + duration);
                time.schedule(duration, () -> permit.close(Outcome.COMPLETED, Usage.NONE));
            }
        }

        @Test
        void placesTaken_highArrives_evictsTheNewestQueuedLowAndNeverARunningOne() {
            Gate gate = gate(TierOrder.weighted(), 20);
            List<Permit> running = new ArrayList<>();
            for (int i = 0; i < SLOTS; i++) {
                running.add(Answers.permit(gate.tryAcquire(Request.of(low))));
            }
            List<Answers> queued = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                queued.add(new Answers());
                gate.acquire(Request.of(low), queued.get(i));
            }
            List<Answers> waiters = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                waiters.add(new Answers());
                gate.acquire(Request.of(high), waiters.get(i));
                int evicted = Math.min(20, i + 1);

                assertThat(queued.subList(0, 20 - evicted))
                        .allSatisfy(each -> assertThat(each.told()).isEmpty());
                assertThat(queued.subList(20 - evicted, 20))
                        .allSatisfy(each -> assertThat(each.shed().reason()).isEqualTo(Reason.EVICTED));
                assertThat(running).noneMatch(Permit::closed);
                assertThat(gate.inFlight().slots()).isEqualTo(SLOTS);
            }

            assertThat(waiters.subList(0, 20))
                    .allSatisfy(each -> assertThat(each.told()).isEmpty());
            assertThat(waiters.subList(20, 30))
                    .allSatisfy(each -> assertThat(each.shed().reason()).isEqualTo(Reason.QUEUE_FULL));
            running.forEach(Permit::close);
            assertThat(waiters.subList(0, SLOTS)).allSatisfy(each -> each.permit());
        }

        /** The limit falls below what runs: that is never taken away either. */
        @Test
        void limitFalls_highWaits_runningLowOnesStay() {
            Gate gate = gate(TierOrder.strict(), 20);
            List<Permit> running = new ArrayList<>();
            for (int i = 0; i < SLOTS; i++) {
                running.add(Answers.permit(gate.tryAcquire(Request.of(low))));
            }
            Answers waiter = new Answers();
            gate.acquire(Request.of(high), waiter);

            gate.supply(Supply.fixed(1, Work.slots(1)));

            assertThat(running).noneMatch(Permit::closed);
            assertThat(gate.inFlight().slots()).isEqualTo(SLOTS);
            running.forEach(Permit::close);
            assertThat(waiter.permit().tier()).isSameAs(high);
        }
    }
}
