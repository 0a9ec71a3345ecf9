/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A ticket is settled and told once, a permit returned once, whoever races. The same checks must find the fault of a flag
 * that is looked at first and set afterwards.
 */
@Tag("lincheck")
class SettlementLincheckTest {

    private static final Tier TIER = Tier.builder("standard").build();

    @Test
    void ticket_settledByMany_oneWins() {
        modelChecking(3, 100).sequentialSpecification(PlainOnce.class).check(TicketOnce.class);
        stress().sequentialSpecification(PlainOnce.class).check(TicketOnce.class);
    }

    @Test
    void ticket_deliveredByMany_isToldOnce() {
        modelChecking(3, 100).check(DeliverOnce.class);
    }

    @Test
    void permit_closedByMany_returnsOnce() {
        modelChecking(2, 100).sequentialSpecification(PlainOnce.class).check(PermitOnce.class);
        stress().sequentialSpecification(PlainOnce.class).check(PermitOnce.class);
    }

    @Test
    void gate_grantRacesWithCancellation_oneWinsAndNothingIsLost() {
        modelChecking(5, 100).check(GrantOrCancel.class);
    }

    @Test
    void lookThenSet_modelChecked_isFoundOut() {
        assertThatThrownBy(() -> modelChecking(3, 100)
                        .sequentialSpecification(PlainOnce.class)
                        .check(LookThenSet.class))
                .isInstanceOf(LincheckAssertionError.class);
    }

    @Test
    void lookThenReturn_modelChecked_isFoundOutByTheRoomAlone() {
        assertThatThrownBy(() -> modelChecking(4, 100).check(LookThenReturn.class))
                .isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking(int iterations, int invocations) {
        return new ModelCheckingOptions()
                .iterations(iterations)
                .invocationsPerIteration(invocations)
                .threads(3)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(1);
    }

    private static StressOptions stress() {
        return new StressOptions()
                .iterations(2)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(1);
    }

    // ---- alone -----------------------------------------------------------------------------------------------------

    /** One operation that succeeds once. */
    abstract static class Once {

        @Operation
        public abstract boolean win();
    }

    /** What it must look like. */
    public static final class PlainOnce extends Once {

        private boolean won;

        @Override
        public boolean win() {
            boolean first = !won;
            won = true;
            return first;
        }
    }

    /** Settlement of a ticket; nothing else of it is used, so it needs no gate. */
    @SuppressWarnings("NullAway")
    public static final class TicketOnce extends Once {

        private final Waiter ticket = new Waiter(null, null, 0, 0, null);

        @Override
        public boolean win() {
            return ticket.tryRefuse(Permit.EXPIRED);
        }
    }

    /** The return of a permit, with its room. */
    public static final class PermitOnce extends Once {

        private final Gate gate = gate();
        private final Permit permit = (Permit) gate.tryAcquire(Request.of(TIER));
        private final AtomicInteger wins = new AtomicInteger();

        @Override
        public boolean win() {
            boolean won = permit.close(Outcome.COMPLETED, Usage.NONE);
            if (won) {
                wins.incrementAndGet();
            }
            return won;
        }

        /** Called when all threads are done. */
        @Validate
        public void returnedWhatItTook() {
            check(gate.inFlight().slots() == 1 - wins.get(), "in flight " + gate.inFlight());
        }
    }

    /** A callback that several executors' threads run. */
    @SuppressWarnings("NullAway")
    public static final class DeliverOnce {

        private final AtomicInteger told = new AtomicInteger();
        private final Waiter ticket = new Waiter(null, null, 0, 0, (Consumer<Admission>) this::told);
        private final Admission answer = new Admission.Cancelled(Duration.ZERO);

        private void told(Admission unused) {
            told.incrementAndGet();
        }

        @Operation
        public void deliver() {
            Waiter.tell(ticket.answered(answer), answer);
        }

        @Validate
        public void toldOnce() {
            check(told.get() <= 1, "told " + told);
        }
    }

    /** The canary. */
    public static final class LookThenSet extends Once {

        private volatile boolean won;

        @Override
        public boolean win() {
            if (won) {
                return false;
            }
            won = true;
            return true;
        }
    }

    /** The canary of permits: its results are not looked at, only the room that is left. */
    public static final class LookThenReturn {

        private final GateState state = new GateState();
        private volatile boolean closed;

        public LookThenReturn() {
            GateState.Ceilings limits = new GateState.Ceilings(Work.slots(2), List.of(TIER));
            for (int i = 0; i < 2; i++) {
                check(state.tryTake(0, limits, 0) == GateState.Take.TAKEN, "no room to begin with");
            }
        }

        @Operation
        public void close() {
            if (!closed) {
                closed = true;
                boolean unused = state.giveBack(0);
            }
        }

        @Validate
        public void returnedOnce() {
            check(state.slotsInFlight() == (closed ? 1 : 2), "in flight " + state.slotsInFlight());
        }
    }

    // ---- in the gate -----------------------------------------------------------------------------------------------

    /** The pool is full and one waits: the permit comes back while the waiter gives up, and while others ask. */
    public static final class GrantOrCancel {

        private final Gate gate = gate();
        private final Permit held = (Permit) gate.tryAcquire(Request.of(TIER));
        private final AtomicInteger told = new AtomicInteger();
        private final AtomicInteger granted = new AtomicInteger();
        private final AtomicInteger others = new AtomicInteger();
        private final AtomicInteger cancelled = new AtomicInteger();
        private final Ticket ticket = gate.acquire(Request.of(TIER), this::answer);

        private void answer(Admission answer) {
            told.incrementAndGet();
            if (answer instanceof Permit) {
                granted.incrementAndGet();
            }
        }

        @Operation(runOnce = true)
        public void giveBack() {
            held.close();
        }

        @Operation(runOnce = true)
        public void cancel() {
            if (ticket.cancel()) {
                cancelled.incrementAndGet();
            }
        }

        @Operation(runOnce = true)
        public void ask() {
            if (gate.tryAcquire(Request.of(TIER)) instanceof Permit) {
                others.incrementAndGet();
            }
        }

        @Validate
        public void nothingIsLost() {
            int open = (held.closed() ? 0 : 1) + granted.get() + others.get();
            check(gate.inFlight().slots() == open && open <= 1, "in flight " + gate.inFlight() + ", open " + open);
            check(told.get() + gate.queued() == 1, "told " + told + ", queued " + gate.queued());
            check(granted.get() + cancelled.get() <= 1, "granted and cancelled");
            check(gate.queued() == 0 || !held.closed(), "left waiting though there is room");
        }
    }

    private static Gate gate() {
        return Gate.builder("chat")
                .tier(TIER)
                .time(new ManualTime())
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(1))
                .build();
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }
}
