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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Waiting: order, expiry, giving up, places, eviction, counts. The clock wraps in the course of each test. */
class GateQueueTest {

    /** What a gate has scheduled, however many wait: an alarm, and the leak detector's sweep. */
    private static final int CLOCK_TASKS = 2;

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 1_500_000_000L, Instant.EPOCH);
    private final Tier premium = Tier.builder("premium").build();
    private final Tier batch = Tier.builder("batch")
            .maxQueueTime(Duration.ofSeconds(60))
            .maxQueued(3)
            .build();

    private Gate gate(int slots, int maxQueued) {
        return Gate.builder("chat")
                .tier(premium)
                .tier(batch)
                .time(time)
                .callbackExecutor(Runnable::run)
                .maxQueued(maxQueued)
                .limit(Work.slots(slots))
                .build();
    }

    private static Answers ask(Gate gate, Tier tier) {
        Answers answers = new Answers();
        gate.acquire(Request.of(tier), answers);
        return answers;
    }

    // ---- order and expiry ------------------------------------------------------------------------------------------

    @Test
    void close_severalWait_grantsTheLongestWaiting() {
        Gate gate = gate(1, 10);
        Permit held = ask(gate, premium).permit();
        Answers first = ask(gate, premium);
        time.advance(Duration.ofSeconds(1));
        Answers second = ask(gate, premium);
        time.advance(Duration.ofSeconds(1));

        held.close();

        assertThat(first.permit().queueWait()).isEqualTo(Duration.ofSeconds(2));
        assertThat(second.told()).isEmpty();
        first.permit().close();
        assertThat(second.permit().queueWait()).isEqualTo(Duration.ofSeconds(1));
        assertThat(time.scheduled()).isLessThanOrEqualTo(CLOCK_TASKS);
    }

    @Test
    void advance_toTheBound_expiresAndNotBefore() {
        Gate gate = gate(1, 10);
        ask(gate, premium);
        Answers waiter = ask(gate, premium);

        time.advance(Duration.ofSeconds(10).minusNanos(1));
        assertThat(waiter.told()).isEmpty();
        time.advance(Duration.ofNanos(1));

        assertThat(waiter.told()).singleElement().isInstanceOfSatisfying(Admission.Expired.class, expired -> {
            assertThat(expired.waited()).isEqualTo(Duration.ofSeconds(10));
            assertThat(expired.retryAfter()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
        });
        assertThat(gate.queued()).isZero();
    }

    @Test
    void acquire_ownTimeout_holdsIfItIsShorter() {
        Gate gate = gate(1, 10);
        ask(gate, premium);
        Answers waiter = new Answers();
        gate.acquire(Request.of(premium).withTimeout(Duration.ofSeconds(3)), waiter);

        time.advance(Duration.ofSeconds(3));

        assertThat(waiter.told()).singleElement().isInstanceOf(Admission.Expired.class);
    }

    /** The timer may be late on a busy machine; a grant must not be. */
    @Test
    void close_waitersTimeRanOutAndItsTimerIsLate_expiresItAndGrantsTheNext() {
        LateTime late = new LateTime();
        Gate gate = Gate.builder("chat")
                .tier(premium)
                .tier(batch)
                .time(late)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(1))
                .build();
        Permit held = ask(gate, premium).permit();
        Answers tooLate = ask(gate, premium);
        Answers inTime = ask(gate, batch);
        late.nanos += Duration.ofSeconds(10).toNanos() + 1;

        held.close();

        assertThat(tooLate.told()).singleElement().isInstanceOf(Admission.Expired.class);
        assertThat(inTime.permit().queueWait()).isEqualTo(Duration.ofSeconds(10).plusNanos(1));
    }

    /** A clock whose scheduler runs nothing. */
    private static final class LateTime implements io.tidegate.time.TimeSource {
        private long nanos;

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public Instant wallTime() {
            return Instant.EPOCH;
        }

        @Override
        public Task schedule(long delayNanos, Runnable task) {
            return () -> {};
        }
    }

    @Test
    void advance_headExpires_smallerOneBehindItIsGranted() {
        Gate gate = Gate.builder("chat")
                .tier(premium)
                .tier(batch)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(new Work(4, 160))
                .build();
        gate.tryAcquire(Request.of(premium).withTokens(100, 0));
        Answers large = new Answers();
        gate.acquire(Request.of(premium).withTokens(160, 0).withTimeout(Duration.ofSeconds(1)), large);
        Answers small = new Answers();
        gate.acquire(Request.of(premium).withTokens(16, 0), small);
        assertThat(small.told()).isEmpty();

        time.advance(Duration.ofSeconds(1));

        assertThat(large.told()).singleElement().isInstanceOf(Admission.Expired.class);
        assertThat(small.permit().queueWait()).isEqualTo(Duration.ofSeconds(1));
    }

    // ---- giving up -------------------------------------------------------------------------------------------------

    @Test
    void cancel_whileWaiting_leavesTheQueueAndIsToldOnce() {
        Gate gate = gate(1, 10);
        Permit held = ask(gate, premium).permit();
        Answers waiter = new Answers();
        Ticket ticket = gate.acquire(Request.of(premium), waiter);
        time.advance(Duration.ofSeconds(2));

        assertThat(ticket.outcome()).isEmpty();
        assertThat(ticket.cancel()).isTrue();
        assertThat(ticket.cancel()).isFalse();

        assertThat(waiter.told()).containsExactly(new Admission.Cancelled(Duration.ofSeconds(2)));
        assertThat(ticket.outcome()).contains(new Admission.Cancelled(Duration.ofSeconds(2)));
        assertThat(gate.queued()).isZero();
        assertThat(time.scheduled()).isLessThanOrEqualTo(CLOCK_TASKS);
        held.close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void cancel_afterTheGrant_returnsFalseAndKeepsThePermit() {
        Gate gate = gate(1, 10);
        Permit held = ask(gate, premium).permit();
        Answers waiter = new Answers();
        Ticket ticket = gate.acquire(Request.of(premium), waiter);
        held.close();

        assertThat(ticket.cancel()).isFalse();
        assertThat(waiter.permit().closed()).isFalse();
        assertThat(gate.inFlight().slots()).isEqualTo(1);
    }

    @Test
    void cancel_largeHead_letsTheNextRunAtOnce() {
        Gate gate = Gate.builder("chat")
                .tier(premium)
                .tier(batch)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(new Work(4, 160))
                .build();
        gate.tryAcquire(Request.of(premium).withTokens(100, 0));
        Ticket large = gate.acquire(Request.of(premium).withTokens(160, 0), new Answers());
        Answers small = new Answers();
        gate.acquire(Request.of(premium).withTokens(16, 0), small);

        large.cancel();

        assertThat(small.permit().closed()).isFalse();
    }

    @Test
    void cancelFuture_whileWaiting_leavesTheQueue() {
        Gate gate = gate(1, 10);
        Permit held = ask(gate, premium).permit();
        CompletableFuture<Admission> future = gate.acquireAsync(Request.of(premium));

        assertThat(future.cancel(false)).isTrue();

        assertThat(gate.queued()).isZero();
        assertThat(tier(gate, premium).cancelled()).isEqualTo(1);
        held.close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void cancelFuture_grantedAndNotYetTold_returnsThePermit() {
        List<Runnable> later = new ArrayList<>();
        Gate gate = Gate.builder("chat")
                .tier(premium)
                .time(time)
                .callbackExecutor(later::add)
                .limit(Work.slots(1))
                .build();
        Permit held = Answers.permit(gate.tryAcquire(Request.of(premium)));
        CompletableFuture<Admission> future = gate.acquireAsync(Request.of(premium));
        held.close();

        assertThat(future).isNotDone();
        future.cancel(false);
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        later.forEach(Runnable::run);

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(tier(gate, premium).admitted()).isEqualTo(2);
        assertThat(tier(gate, premium).cancelled()).isZero();
        assertThat(gate.sloAttainment(premium)).hasValue(1.0);
    }

    /** {@code completeOnTimeout} and the like: nobody would look at the answer, so nobody should wait for it. */
    @Test
    void completeFuture_byTheCaller_leavesTheQueue() {
        Gate gate = gate(1, 10);
        ask(gate, premium);
        CompletableFuture<Admission> future = gate.acquireAsync(Request.of(premium));

        future.complete(new Admission.Cancelled(Duration.ZERO));
        CompletableFuture<Admission> other = gate.acquireAsync(Request.of(premium));
        other.completeExceptionally(new java.util.concurrent.TimeoutException());

        assertThat(gate.queued()).isZero();
        assertThat(time.scheduled()).isLessThanOrEqualTo(CLOCK_TASKS);
    }

    @Test
    void acquireAsync_granted_completesTheFutureOnceAndDisarmsTheTimer() throws Exception {
        Gate gate = gate(1, 10);
        Permit held = ask(gate, premium).permit();
        CompletableFuture<Admission> future = gate.acquireAsync(Request.of(premium));

        held.close();

        assertThat(future.get(1, TimeUnit.SECONDS)).isInstanceOf(Permit.class);
        assertThat(time.scheduled()).isLessThanOrEqualTo(CLOCK_TASKS);
        time.advance(Duration.ofSeconds(20));
        assertThat(tier(gate, premium).expired()).isZero();
    }

    @Test
    void cancel_manyBehindABlockedHead_freesTheirPlacesAndTheirMemory() {
        Tier roomy = Tier.builder("roomy").maxQueued(1_000_000).build();
        Gate gate = Gate.builder("chat")
                .tier(roomy)
                .time(new LateTime())
                .callbackExecutor(Runnable::run)
                .maxQueued(1_000)
                .limit(Work.slots(1))
                .build();
        Permit held = ask(gate, roomy).permit();
        Answers head = ask(gate, roomy);

        for (int i = 0; i < 100_000; i++) {
            assertThat(gate.acquire(Request.of(roomy), new Answers()).cancel()).isTrue();
        }

        assertThat(gate.queued()).isEqualTo(1);
        held.close();
        assertThat(head.permit().closed()).isFalse();
        assertThat(tier(gate, roomy).cancelled()).isEqualTo(100_000);
    }

    // ---- places ----------------------------------------------------------------------------------------------------

    @Test
    void acquire_tiersPlacesTaken_isShed() {
        Gate gate = gate(1, 10);
        ask(gate, premium);
        for (int i = 0; i < 3; i++) {
            assertThat(ask(gate, batch).told()).isEmpty();
        }

        assertThat(ask(gate, batch).shed().reason()).isEqualTo(Reason.QUEUE_FULL);
        assertThat(gate.queued()).isEqualTo(3);
        assertThat(ask(gate, premium).told()).isEmpty();
    }

    @Test
    void acquire_allPlacesTaken_isShedAndLeavesNoTrace() {
        Gate gate = gate(1, 2);
        ask(gate, premium);
        Answers first = ask(gate, premium);
        Answers second = ask(gate, premium);

        assertThat(ask(gate, premium).shed().reason()).isEqualTo(Reason.QUEUE_FULL);
        assertThat(ask(gate, batch).shed().reason()).isEqualTo(Reason.QUEUE_FULL);

        assertThat(first.told()).isEmpty();
        assertThat(second.told()).isEmpty();
        assertThat(gate.queued()).isEqualTo(2);
        assertThat(tier(gate, batch).queued()).isZero();
    }

    @Test
    void acquire_placesTakenAndNoReplica_saysThatThereIsNoCapacity() {
        Gate gate = Gate.builder("chat").tier(premium).time(time).maxQueued(0).build();

        assertThat(Answers.reason(gate.acquireAsync(Request.of(premium)).join()))
                .isEqualTo(Reason.NO_CAPACITY);
    }

    @Test
    void acquire_placesTakenByALowerTier_evictsItsNewest() {
        Gate gate = gate(1, 3);
        Permit held = ask(gate, premium).permit();
        Answers oldest = ask(gate, batch);
        Answers high = ask(gate, premium);
        Answers newest = ask(gate, batch);

        Answers arrival = ask(gate, premium);

        assertThat(newest.shed().reason()).isEqualTo(Reason.EVICTED);
        assertThat(List.of(oldest.told(), high.told(), arrival.told())).allMatch(List::isEmpty);
        assertThat(gate.queued()).isEqualTo(3);
        assertThat(tier(gate, batch).queued()).isEqualTo(1);

        Answers another = ask(gate, premium);
        assertThat(oldest.shed().reason()).isEqualTo(Reason.EVICTED);
        assertThat(ask(gate, premium).shed().reason()).isEqualTo(Reason.QUEUE_FULL);
        assertThat(ask(gate, batch).shed().reason()).isEqualTo(Reason.QUEUE_FULL);
        held.close();
        high.permit().close();
        arrival.permit().close();
        another.permit().close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    // ---- counts ----------------------------------------------------------------------------------------------------

    @Test
    void load_queueAge_isTheLongestWaitersAndGoneWithTheQueue() {
        Gate gate = gate(1, 10);
        Permit held = ask(gate, premium).permit();
        assertThat(tier(gate, premium).oldestAgeNanos()).isZero();
        Ticket first = gate.acquire(Request.of(premium), new Answers());
        time.advance(Duration.ofSeconds(1));
        ask(gate, premium);
        time.advance(Duration.ofSeconds(2));

        assertThat(tier(gate, premium).oldestAgeNanos()).isEqualTo(3_000_000_000L);
        assertThat(tier(gate, batch).oldestAgeNanos()).isZero();
        first.cancel();
        assertThat(tier(gate, premium).oldestAgeNanos()).isEqualTo(2_000_000_000L);
        held.close();
        assertThat(tier(gate, premium).oldestAgeNanos()).isZero();
        time.advance(Duration.ofSeconds(5));
        assertThat(tier(gate, premium).oldestAgeNanos()).isZero();
    }

    @Test
    void load_everyWayARequestCanGo_balances() {
        Gate gate = gate(1, 3);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(premium).withTokens(20, 0)));
        gate.tryAcquire(Request.of(premium));
        ask(gate, batch);
        ask(gate, batch);
        Ticket cancelled = gate.acquire(Request.of(premium).withTimeout(Duration.ofSeconds(9)), new Answers());
        ask(gate, premium);
        cancelled.cancel();
        time.advance(Duration.ofSeconds(2));
        held.close();
        time.advance(Duration.ofSeconds(70));
        Answers waiting = ask(gate, premium);

        TierLoad high = tier(gate, premium);
        assertThat(high.arrivals()).isEqualTo(5);
        assertThat(high.admitted()).isEqualTo(2);
        assertThat(high.shed()).isEqualTo(1);
        assertThat(high.cancelled()).isEqualTo(1);
        assertThat(high.queued()).isEqualTo(1);
        assertThat(high.inFlight()).isEqualTo(1);
        assertThat(high.closed()).isEqualTo(1);
        assertThat(high.inFlightNanos()).isEqualTo(2_000_000_000L);
        assertThat(high.admittedTokens()).isEqualTo(32);
        assertThat(high.tokensInFlight()).isZero();
        TierLoad low = tier(gate, batch);
        assertThat(low.arrivals()).isEqualTo(2);
        assertThat(low.expired()).isEqualTo(1);
        assertThat(low.shed()).isEqualTo(1);
        assertThat(waiting.told()).isEmpty();
        for (TierLoad each : gate.load().tiers()) {
            assertThat(each.admitted() + each.shed() + each.expired() + each.cancelled() + each.queued())
                    .isEqualTo(each.arrivals());
        }
        assertThat(gate.load().pool()).isEqualTo("chat");
        assertThat(gate.load().atNanos()).isEqualTo(time.nanos());
    }

    @Test
    void onDemand_isToldOnceForEachTimeTheQueueBegins() {
        Gate gate = gate(0, 10);
        List<Integer> seen = new ArrayList<>();
        gate.onDemand(() -> seen.add(gate.queued()));

        ask(gate, premium);
        ask(gate, premium);
        assertThat(seen).containsExactly(1);
        gate.supply(Supply.fixed(1, Work.slots(2)));
        assertThat(gate.queued()).isZero();
        ask(gate, premium);

        assertThat(seen).containsExactly(1, 1);
    }

    @Test
    void onDemand_admittedAtOnceOrShed_isNotTold() {
        Gate gate = gate(1, 0);
        List<Integer> seen = new ArrayList<>();
        gate.onDemand(() -> seen.add(gate.queued()));

        ask(gate, premium);
        ask(gate, premium);
        gate.tryAcquire(Request.of(premium));

        assertThat(seen).isEmpty();
    }

    private static TierLoad tier(Gate gate, Tier tier) {
        return gate.load().tiers().get(gate.tiers().indexOf(tier));
    }
}
