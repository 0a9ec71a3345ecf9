/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A clock that fails at any of its readings: no room is lost, nobody is forgotten. And refusals that outlive what they say. */
class GateFailingClockTest {

    private final HookedTime time = new HookedTime();
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

    private void goOn() {
        time.failAfter(1_000_000);
    }

    @Test
    void close_clockFails_givesTheRoomBackAndIsCounted() {
        Permit permit = hold();
        time.failAfter(0);

        permit.close();

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(gate.listenerFailures()).isEqualTo(1);
    }

    @Test
    void tryAcquire_clockFails_takesNoRoom() {
        time.failAfter(0);

        assertThatIllegalStateException().isThrownBy(() -> gate.tryAcquire(Request.of(tier)));

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void grant_clockFailsAtAnyReading_waiterIsServedInTheEnd(int readings) {
        Permit held = hold();
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        time.failAfter(readings);

        held.close();
        goOn();
        gate.supply(Supply.fixed(1, new Work(1, 1 << 20)));

        assertThat(waiter.permit().closed()).isFalse();
        assertThat(gate.inFlight().slots()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void cancel_clockFailsAtAnyReading_isToldAndLeavesNoPlaceTaken(int readings) {
        hold();
        Answers waiter = new Answers();
        Ticket ticket = gate.acquire(Request.of(tier), waiter);
        time.failAfter(readings);

        assertThat(ticket.cancel()).isTrue();
        goOn();

        assertThat(waiter.told()).singleElement().isInstanceOf(Admission.Cancelled.class);
        assertThat(gate.queued()).isZero();
    }

    /** The queue grows in the same instant in which a refusal was made, and then nothing happens for a while. */
    @Test
    void retryAfter_queueGrewSinceItWasMade_isOfTheQueueAsItIs() {
        Permit first = hold();
        time.manual.advance(Duration.ofSeconds(1));
        first.close(Outcome.COMPLETED, Usage.NONE);
        hold();
        gate.acquire(Request.of(tier), new Answers());
        gate.tryAcquire(Request.of(tier));
        for (int i = 0; i < 7; i++) {
            gate.acquire(Request.of(tier), new Answers());
        }
        time.manual.advance(Duration.ofSeconds(5));

        Admission.Shed shed = (Admission.Shed) gate.tryAcquire(Request.of(tier));

        double predicted = gate.predictedWait(tier).orElseThrow().toNanos();
        assertThat((double) shed.retryAfter().toNanos()).isBetween(0.8 * predicted, 1.2 * predicted);
    }
}
