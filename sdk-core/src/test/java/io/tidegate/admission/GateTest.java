/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Asking with room, without room and without waiting; limits, ceilings and sizes. */
class GateTest {

    /** What a gate has scheduled, however many wait: an alarm, and the leak detector's sweep. */
    private static final int CLOCK_TASKS = 2;

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 5_000_000_000L, java.time.Instant.EPOCH);
    private final Tier premium = Tier.builder("premium").build();
    private final Tier batch = Tier.builder("batch").ceiling(0.5).build();

    private Gate.Builder builder() {
        return Gate.builder("chat").tier(premium).tier(batch).time(time).callbackExecutor(Runnable::run);
    }

    private Gate gate(Work limit) {
        return builder().limit(limit).build();
    }

    // ---- settings --------------------------------------------------------------------------------------------------

    @Test
    void build_settingsThatCannotBe_areRefusedWithTheirName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Gate.builder("chat").tier(premium).build())
                .withMessageContaining("time");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Gate.builder("chat").time(time).build())
                .withMessageContaining("tiers");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().tier(Tier.builder("batch").build()).build())
                .withMessageContaining("batch");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Gate.builder("chat").maxQueued(-1))
                .withMessageContaining("-1");
        Gate.Builder many = Gate.builder("chat").time(time);
        for (int i = 0; i < 33; i++) {
            many.tier(Tier.builder("t" + i).build());
        }
        assertThatIllegalArgumentException().isThrownBy(many::build).withMessageContaining("33");
    }

    @Test
    void build_builderReused_doesNotChangeTheGate() {
        Gate.Builder builder = builder();
        Gate gate = builder.build();
        builder.tier(Tier.builder("other").build()).limit(Work.slots(9));

        assertThat(gate.tiers()).containsExactly(premium, batch);
        assertThat(gate.supply().limit()).isEqualTo(Work.NONE);
    }

    @Test
    void tier_byName_isFoundOrNamesThoseThereAre() {
        Gate gate = gate(Work.slots(1));

        assertThat(gate.tier("batch")).isSameAs(batch);
        assertThat(gate.pool()).isEqualTo("chat");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gate.tier("gold"))
                .withMessageContaining("gold")
                .withMessageContaining("premium");
    }

    @Test
    void ask_tierOfAnotherGate_isRefused() {
        Gate gate = gate(Work.slots(1));
        Request foreign = Request.of(Tier.builder("premium").build());

        assertThatIllegalArgumentException().isThrownBy(() -> gate.tryAcquire(foreign));
        assertThatIllegalArgumentException().isThrownBy(() -> gate.acquireAsync(foreign));
        assertThatIllegalArgumentException().isThrownBy(() -> gate.predictedWait(foreign.tier()));
        assertThatNullPointerException().isThrownBy(() -> gate.acquire(Request.of(premium), null));
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    // ---- with room -------------------------------------------------------------------------------------------------

    @Test
    void tryAcquire_room_isAPermitThatCountsUntilItIsClosed() {
        Gate gate = gate(new Work(2, 320));

        Permit permit = Answers.permit(gate.tryAcquire(Request.of(premium).withTokens(100, 60)));

        assertThat(permit.tier()).isSameAs(premium);
        assertThat(permit.queueWait()).isZero();
        assertThat(gate.inFlight()).isEqualTo(new Work(1, 160));
        permit.close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void close_again_returnsNothingMore() {
        Gate gate = gate(Work.slots(2));
        Permit held = Answers.permit(gate.tryAcquire(Request.of(premium)));
        Permit permit = Answers.permit(gate.tryAcquire(Request.of(premium)));

        assertThat(permit.closed()).isFalse();
        assertThat(permit.close(Outcome.COMPLETED, Usage.NONE)).isTrue();
        assertThat(permit.close(Outcome.FAILED, Usage.NONE)).isFalse();
        permit.close();

        assertThat(permit.closed()).isTrue();
        assertThat(permit.toString()).contains("premium", "closed=true");
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        assertThat(gate.load().tiers().get(0).closed()).isEqualTo(1);
        held.close();
    }

    @Test
    void acquire_roomByCallback_answersBeforeItReturns() {
        Gate gate = gate(Work.slots(1));
        Answers answers = new Answers();

        Ticket ticket = gate.acquire(Request.of(premium), answers);

        assertThat(ticket.outcome()).containsSame(answers.permit());
        assertThat(ticket.cancel()).isFalse();
        assertThat(gate.inFlight().slots()).isEqualTo(1);
    }

    @Test
    void acquire_roomByFutureOrThread_answersAtOnce() throws InterruptedException {
        Gate gate = gate(Work.slots(2));

        assertThat(gate.acquireAsync(Request.of(premium))).isCompletedWithValueMatching(Permit.class::isInstance);
        assertThat(gate.acquire(Request.of(premium))).isInstanceOf(Permit.class);
        assertThat(gate.inFlight().slots()).isEqualTo(2);
    }

    // ---- without room ----------------------------------------------------------------------------------------------

    @Test
    void tryAcquire_full_isShedAndChangesNothing() {
        Gate gate = gate(Work.slots(1));
        Permit held = Answers.permit(gate.tryAcquire(Request.of(premium)));

        assertThat(Answers.reason(gate.tryAcquire(Request.of(premium)))).isEqualTo(Reason.NO_ROOM);
        assertThat(gate.queued()).isZero();

        held.close();
        assertThat(gate.tryAcquire(Request.of(premium))).isInstanceOf(Permit.class);
    }

    @Test
    void tryAcquire_somebodyOfTheTierWaits_doesNotPassIt() {
        Gate gate = gate(new Work(2, 160));
        Permit held = Answers.permit(gate.tryAcquire(Request.of(premium).withTokens(100, 0)));
        Answers waiter = new Answers();
        gate.acquire(Request.of(premium).withTokens(100, 0), waiter);

        assertThat(Answers.reason(gate.tryAcquire(Request.of(premium)))).isEqualTo(Reason.NO_ROOM);

        held.close();
        assertThat(waiter.permit().closed()).isFalse();
    }

    @Test
    void acquire_requestThatDoesNotWait_isShedAtOnce() {
        Gate gate = gate(Work.slots(1));
        gate.tryAcquire(Request.of(premium));
        Answers answers = new Answers();

        gate.acquire(Request.of(premium).withTimeout(Duration.ZERO), answers);

        assertThat(answers.shed().reason()).isEqualTo(Reason.NO_ROOM);
        assertThat(time.scheduled()).isLessThanOrEqualTo(CLOCK_TASKS);
    }

    @Test
    void reason_saysWhetherCapacityIsContendedOrMissing() {
        assertThat(Reason.values())
                .extracting(Reason::httpStatus)
                .containsExactly(429, 429, 429, 504, 429, 503, 503, 429, 429, 429, 429);
    }

    // ---- ceilings --------------------------------------------------------------------------------------------------

    @Test
    void ceiling_lowerTierAtIts_roomIsHeldBackForTheHigher() {
        Gate gate = gate(Work.slots(4));
        List<Permit> low = takeAll(gate, batch);

        assertThat(low).hasSize(2);
        assertThat(takeAll(gate, premium)).hasSize(2);
        assertThat(gate.inFlight().slots()).isEqualTo(4);
    }

    @Test
    void ceiling_higherTierFillsThePool_lowerWaitsUntilTheTotalIsBelowItsCeiling() {
        Gate gate = gate(Work.slots(4));
        List<Permit> high = takeAll(gate, premium);
        Answers low = new Answers();
        gate.acquire(Request.of(batch), low);

        high.get(0).close();
        high.get(1).close();
        assertThat(low.told()).isEmpty();
        high.get(2).close();

        assertThat(low.permit().tier()).isSameAs(batch);
        assertThat(gate.inFlight().slots()).isEqualTo(2);
    }

    /** Waiters of a lower ceiling must not turn away those for whom the room above it is held back. */
    @Test
    void ceiling_lowerTierWaitsAtIts_theHigherStillGetsTheRoomAbove() throws InterruptedException {
        Tier urgent = Tier.builder("urgent").maxQueueTime(Duration.ZERO).build();
        Gate gate = Gate.builder("chat")
                .tier(urgent)
                .tier(batch)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(4))
                .build();
        List<Permit> low = takeAll(gate, batch);
        Answers waiter = new Answers();
        gate.acquire(Request.of(batch), waiter);

        assertThat(gate.tryAcquire(Request.of(urgent))).isInstanceOf(Permit.class);
        assertThat(gate.acquire(Request.of(urgent))).isInstanceOf(Permit.class);
        assertThat(Answers.reason(gate.tryAcquire(Request.of(urgent)))).isEqualTo(Reason.NO_ROOM);
        assertThat(waiter.told()).isEmpty();
        assertThat(low).hasSize(2);
        assertThat(gate.inFlight().slots()).isEqualTo(4);
    }

    @Test
    void ceiling_tokens_areHeldBackAsSlotsAre() {
        Gate gate = gate(new Work(10, 320));

        assertThat(gate.tryAcquire(Request.of(batch).withTokens(160, 0))).isInstanceOf(Permit.class);
        assertThat(gate.tryAcquire(Request.of(batch).withTokens(1, 0))).isInstanceOf(Admission.Shed.class);
        assertThat(gate.tryAcquire(Request.of(premium).withTokens(160, 0))).isInstanceOf(Permit.class);
        assertThat(gate.tryAcquire(Request.of(premium).withTokens(1, 0))).isInstanceOf(Admission.Shed.class);
    }

    // ---- sizes -----------------------------------------------------------------------------------------------------

    @Test
    void acquire_largerThanThePool_runsAlone() {
        Gate gate = gate(new Work(4, 320));
        Permit small = Answers.permit(gate.tryAcquire(Request.of(premium).withTokens(16, 0)));
        Answers huge = new Answers();
        gate.acquire(Request.of(premium).withTokens(Long.MAX_VALUE, Long.MAX_VALUE), huge);
        Answers after = new Answers();
        gate.acquire(Request.of(premium).withTokens(16, 0), after);

        assertThat(huge.told()).isEmpty();
        small.close();
        assertThat(gate.inFlight()).isEqualTo(new Work(1, 320));
        assertThat(after.told()).isEmpty();
        huge.permit().close();

        assertThat(after.permit().closed()).isFalse();
        assertThat(gate.inFlight()).isEqualTo(new Work(1, 16));
    }

    @Test
    void acquire_largerThanThePoolBecomesMeanwhile_stillRunsAndReturnsWhatItTook() {
        Gate gate = gate(new Work(4, 3200));
        Permit held = Answers.permit(gate.tryAcquire(Request.of(premium).withTokens(3200, 0)));
        Answers waiter = new Answers();
        gate.acquire(Request.of(premium).withTokens(3200, 0), waiter);
        gate.supply(Supply.fixed(1, new Work(4, 320)));

        held.close();
        assertThat(gate.inFlight()).isEqualTo(new Work(1, 320));
        gate.supply(Supply.fixed(1, new Work(4, 3200)));
        waiter.permit().close();

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void acquire_limitWithoutTokens_countsSlotsAlone() {
        Gate gate = gate(new Work(2, 0));

        assertThat(gate.tryAcquire(Request.of(premium).withTokens(1000, 0))).isInstanceOf(Permit.class);
        assertThat(gate.tryAcquire(Request.of(premium).withTokens(1000, 0))).isInstanceOf(Permit.class);
        assertThat(gate.tryAcquire(Request.of(premium))).isInstanceOf(Admission.Shed.class);
    }

    // ---- supply ----------------------------------------------------------------------------------------------------

    @Test
    void supply_fromNothing_wakesThoseWhoWait() {
        Gate gate = builder().build();
        List<Answers> waiters = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiters.add(new Answers());
            gate.acquire(Request.of(premium), waiters.get(i));
        }

        gate.supply(Supply.fixed(1, Work.slots(2)));
        assertThat(gate.queued()).isEqualTo(3);
        gate.supply(Supply.fixed(2, Work.slots(2)));

        assertThat(gate.inFlight().slots()).isEqualTo(4);
        assertThat(waiters.get(3).permit().closed()).isFalse();
        assertThat(waiters.get(4).told()).isEmpty();
    }

    @Test
    void supply_loweredBelowInFlight_takesNothingBackAndGrantsNobodyUntilThereIsRoom() {
        Gate gate = gate(Work.slots(3));
        List<Permit> held = takeAll(gate, premium);
        Answers waiter = new Answers();
        gate.acquire(Request.of(premium), waiter);

        gate.supply(Supply.fixed(1, Work.slots(1)));
        held.get(0).close();
        held.get(1).close();
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        assertThat(waiter.told()).isEmpty();
        held.get(2).close();

        assertThat(waiter.permit().closed()).isFalse();
    }

    @Test
    void supply_loweredToNothingAndBack_losesNobody() {
        Gate gate = gate(Work.slots(1));
        Permit held = Answers.permit(gate.tryAcquire(Request.of(premium)));
        Answers waiter = new Answers();
        gate.acquire(Request.of(premium), waiter);

        gate.supply(Supply.fixed(0, Work.slots(1)));
        held.close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(waiter.told()).isEmpty();
        gate.supply(Supply.fixed(1, Work.slots(1)));

        assertThat(waiter.permit().closed()).isFalse();
    }

    @Test
    void supply_sameLimitOtherwiseChanged_isSeen() {
        Gate gate = gate(Work.slots(1));
        Supply scaling = new Supply(new Replicas(2, 1, List.of(5L)), Work.slots(1), true);

        gate.supply(scaling);

        assertThat(gate.supply()).isSameAs(scaling);
        assertThatNullPointerException().isThrownBy(() -> gate.supply(null)).withMessage("supply");
        assertThat(gate.supply()).isSameAs(scaling);
    }

    // ---- closing ---------------------------------------------------------------------------------------------------

    @Test
    void close_withWaiters_shedsThemAndLeavesPermitsGood() {
        Gate gate = gate(Work.slots(2));
        List<Permit> held = takeAll(gate, premium);
        Answers first = new Answers();
        Answers second = new Answers();
        gate.acquire(Request.of(premium), first);
        gate.acquire(Request.of(batch), second);

        gate.close();
        gate.close();

        assertThat(first.shed().reason()).isEqualTo(Reason.DRAINING);
        assertThat(second.shed().reason()).isEqualTo(Reason.DRAINING);
        assertThat(gate.queued()).isZero();
        assertThat(time.scheduled()).isLessThanOrEqualTo(CLOCK_TASKS);
        assertThat(gate.inFlight().slots()).isEqualTo(2);
        held.forEach(Permit::close);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void close_arrivalsAfterIt_areShedThoughThereIsRoom() throws InterruptedException {
        Gate gate = gate(Work.slots(2));
        gate.close();
        Answers answers = new Answers();
        gate.acquire(Request.of(premium), answers);

        assertThat(answers.shed().reason()).isEqualTo(Reason.DRAINING);
        assertThat(Answers.reason(gate.tryAcquire(Request.of(premium)))).isEqualTo(Reason.DRAINING);
        assertThat(Answers.reason(gate.acquire(Request.of(premium)))).isEqualTo(Reason.DRAINING);
        assertThat(gate.toString()).contains("chat", "queued=0");
    }

    private static List<Permit> takeAll(Gate gate, Tier tier) {
        List<Permit> taken = new ArrayList<>();
        while (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
            taken.add(permit);
        }
        return taken;
    }
}
