/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Gate.Drained;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Emptying a gate: who waits may still run, who comes may not, and somebody is told when the last has gone. */
class GateDrainTest {

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard").build();
    private final Gate gate = Gate.builder("chat")
            .tier(tier)
            .time(time)
            .callbackExecutor(Runnable::run)
            .limit(Work.slots(1))
            .build();

    private Permit hold() {
        return Answers.permit(gate.tryAcquire(Request.of(tier)));
    }

    @Test
    void drain_nothingInFlight_isDoneAtOnce() {
        assertThat(gate.drain(Duration.ofSeconds(30)).join()).isEqualTo(new Drained(true, 0));
        assertThat(Answers.reason(gate.tryAcquire(Request.of(tier)))).isEqualTo(Reason.DRAINING);
    }

    @Test
    void drain_inFlightAndWaiting_isDoneWhenTheLastIsReturned() {
        Permit held = hold();
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);

        CompletableFuture<Drained> drained = gate.drain(Duration.ofSeconds(30));
        assertThat(Answers.reason(gate.tryAcquire(Request.of(tier)))).isEqualTo(Reason.DRAINING);
        Answers late = new Answers();
        gate.acquire(Request.of(tier), late);
        assertThat(late.shed().reason()).isEqualTo(Reason.DRAINING);
        held.close();
        assertThat(drained).isNotDone();
        waiter.permit().close();

        assertThat(drained.join()).isEqualTo(new Drained(true, 0));
    }

    @Test
    void drain_graceIsOver_shedsWhoWaitsAndLeavesPermitsGood() {
        Permit held = hold();
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        CompletableFuture<Drained> drained = gate.drain(Duration.ofSeconds(5));

        time.advance(Duration.ofSeconds(5).minusNanos(1));
        assertThat(drained).isNotDone();
        time.advance(Duration.ofNanos(1));

        assertThat(drained.join()).isEqualTo(new Drained(false, 1));
        assertThat(waiter.shed().reason()).isEqualTo(Reason.DRAINING);
        assertThat(held.close(Outcome.COMPLETED, Usage.NONE)).isTrue();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void drain_again_isTheSameAndMovesNoDeadline() {
        hold();
        CompletableFuture<Drained> first = gate.drain(Duration.ofSeconds(5));
        CompletableFuture<Drained> second = gate.drain(Duration.ofHours(1));

        time.advance(Duration.ofSeconds(5));

        assertThat(first).isDone();
        assertThat(second.join()).isEqualTo(first.join());
    }

    @Test
    void drain_callerCompletesItsCopy_othersAreToldTheTruth() {
        Permit held = hold();
        CompletableFuture<Drained> mine = gate.drain(Duration.ofSeconds(5));
        CompletableFuture<Drained> theirs = gate.drain(Duration.ofSeconds(5));
        mine.complete(new Drained(true, 0));

        assertThat(theirs).isNotDone();
        held.close();
        assertThat(theirs.join()).isEqualTo(new Drained(true, 0));
    }

    @Test
    void close_whileDraining_endsItEarly() {
        hold();
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        CompletableFuture<Drained> drained = gate.drain(Duration.ofSeconds(30));

        gate.close();

        assertThat(drained.join()).isEqualTo(new Drained(false, 1));
        assertThat(waiter.shed().reason()).isEqualTo(Reason.DRAINING);
    }

    @Test
    void drain_limitIsRaisedMeanwhile_whoWaitsStillRuns() {
        gate.supply(Supply.fixed(0, Work.NONE));
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        CompletableFuture<Drained> drained = gate.drain(Duration.ofSeconds(30));

        gate.supply(Supply.fixed(1, Work.slots(1)));
        waiter.permit().close();

        assertThat(drained.join().empty()).isTrue();
    }

    @Test
    void drain_whoWaitsExpires_isDone() {
        gate.supply(Supply.fixed(0, Work.NONE));
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        CompletableFuture<Drained> drained = gate.drain(Duration.ofSeconds(30));

        time.advance(tier.maxQueueTime());

        assertThat(waiter.told()).singleElement().isInstanceOf(Admission.Expired.class);
        assertThat(drained.join().empty()).isTrue();
    }

    @Test
    void drain_negativeGrace_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gate.drain(Duration.ofNanos(-1)))
                .withMessageContaining("grace");
    }
}
