/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.spi.GateListener;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Callbacks, listeners, executors and clocks that throw, come back into the gate, or do more than they should. */
class GateForeignCodeTest {

    private final HookedTime time = new HookedTime();
    private final Tier tier = Tier.builder("standard")
            .maxQueued(1_000_000)
            .slo(Slo.timeToFirstToken(Duration.ofNanos(1)))
            .build();

    private Gate gate(int slots, Executor callbacks) {
        return Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(callbacks)
                .maxQueued(1_000_000)
                .limit(Work.slots(slots))
                .build();
    }

    // ---- callbacks -------------------------------------------------------------------------------------------------

    /** Each grant in the callback of the one before it: the stack must not grow with the queue. */
    @Test
    void callback_returnsThePermitAtOnce_drainsAnyQueueWithoutDeepCalls() {
        Gate gate = gate(1, Runnable::run);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        AtomicInteger told = new AtomicInteger();
        for (int i = 0; i < 100_000; i++) {
            gate.acquire(Request.of(tier), answer -> {
                told.incrementAndGet();
                ((Permit) answer).close();
            });
        }

        held.close();

        assertThat(told).hasValue(100_000);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(gate.queued()).isZero();
        assertThat(gate.listenerFailures()).isZero();
    }

    @Test
    void callback_returnsThePermitAtOnceInTwoGatesThatGrantEachOther_drainsBoth() {
        Gate one = gate(1, Runnable::run);
        Gate other = gate(1, Runnable::run);
        Permit held = Answers.permit(one.tryAcquire(Request.of(tier)));
        List<Permit> crossed = new ArrayList<>();
        AtomicInteger told = new AtomicInteger();
        crossed.add(Answers.permit(other.tryAcquire(Request.of(tier))));
        for (int i = 0; i < 20_000; i++) {
            for (Gate gate : List.of(one, other)) {
                gate.acquire(Request.of(tier), answer -> {
                    told.incrementAndGet();
                    crossed.add((Permit) answer);
                    crossed.remove(0).close();
                });
            }
        }

        held.close();

        crossed.forEach(Permit::close);
        assertThat(told).hasValue(40_000);
        assertThat(one.inFlight()).isEqualTo(Work.NONE);
        assertThat(other.inFlight()).isEqualTo(Work.NONE);
    }

    static List<Throwable> failures() {
        return List.of(
                new IllegalStateException("on purpose"),
                new AssertionError("on purpose"),
                new IOException("on purpose"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void callback_throws_othersAreToldAndItIsCounted(Throwable failure) {
        Gate gate = gate(2, Runnable::run);
        List<Permit> held = List.of(
                Answers.permit(gate.tryAcquire(Request.of(tier))), Answers.permit(gate.tryAcquire(Request.of(tier))));
        Consumer<Admission> throwing = answer -> sneaky(failure);
        gate.acquire(Request.of(tier), throwing);
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);

        held.forEach(Permit::close);
        waiter.permit().close();
        gate.acquire(Request.of(tier), throwing);

        assertThat(gate.listenerFailures()).isEqualTo(2);
        assertThat(gate.inFlight().slots()).isEqualTo(2);
        assertThat(gate.tryAcquire(Request.of(tier))).isInstanceOf(Admission.Shed.class);
    }

    /** Several are settled by one drain, and the first one's callback throws. */
    @ParameterizedTest
    @MethodSource("failures")
    void callback_throwsWhileSeveralAreTold_theRestAreTold(Throwable failure) {
        Gate gate = gate(1, Runnable::run);
        gate.tryAcquire(Request.of(tier));
        gate.acquire(Request.of(tier), answer -> sneaky(failure));
        Answers second = new Answers();
        gate.acquire(Request.of(tier), second);

        gate.close();

        assertThat(second.shed().reason()).isEqualTo(Admission.Reason.DRAINING);
        assertThat(gate.listenerFailures()).isEqualTo(1);
    }

    @Test
    void callback_asksAgain_isAnswered() {
        Gate gate = gate(1, Runnable::run);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        Answers inner = new Answers();
        gate.acquire(Request.of(tier), answer -> {
            gate.acquire(Request.of(tier), inner);
            ((Permit) answer).close();
        });

        held.close();

        assertThat(inner.permit().closed()).isFalse();
    }

    @Test
    void callback_cancelsAnotherOfTheSameDrain_thatOneKeepsItsAnswer() {
        Gate gate = gate(1, Runnable::run);
        gate.tryAcquire(Request.of(tier));
        List<Ticket> tickets = new ArrayList<>();
        List<Boolean> cancelled = new ArrayList<>();
        gate.acquire(Request.of(tier), answer -> cancelled.add(tickets.get(0).cancel()));
        Answers second = new Answers();
        tickets.add(gate.acquire(Request.of(tier), second));

        gate.close();

        assertThat(cancelled).containsExactly(false);
        assertThat(second.shed().reason()).isEqualTo(Admission.Reason.DRAINING);
    }

    // ---- executors -------------------------------------------------------------------------------------------------

    static List<Executor> badExecutors() {
        return List.of(
                task -> {
                    throw new RejectedExecutionException("on purpose");
                },
                task -> {
                    throw new IllegalStateException("on purpose");
                },
                task -> {
                    throw new NoClassDefFoundError("on purpose");
                },
                task -> {
                    task.run();
                    throw new IllegalStateException("on purpose");
                },
                task -> {
                    task.run();
                    task.run();
                });
    }

    @ParameterizedTest
    @MethodSource("badExecutors")
    void executor_doesNotDoAsItShould_everyAnswerArrivesOnce(Executor executor) {
        Gate gate = gate(3, executor);
        List<Permit> held = new ArrayList<>();
        List<Answers> waiters = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            held.add(Answers.permit(gate.tryAcquire(Request.of(tier))));
        }
        for (int i = 0; i < 6; i++) {
            waiters.add(new Answers());
            gate.acquire(Request.of(tier), waiters.get(i));
        }

        held.forEach(Permit::close);
        for (int i = 0; i < 3; i++) {
            waiters.get(i).permit().close();
        }
        for (int i = 3; i < 6; i++) {
            waiters.get(i).permit().close();
        }

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(gate.queued()).isZero();
    }

    @ParameterizedTest
    @MethodSource("badExecutors")
    void executor_doesNotDoAsItShould_closingTheGateTellsAll(Executor executor) {
        Gate gate = gate(0, executor);
        List<Answers> waiters = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            waiters.add(new Answers());
            gate.acquire(Request.of(tier), waiters.get(i));
        }

        gate.close();

        assertThat(waiters).allSatisfy(each -> assertThat(each.told()).hasSize(1));
    }

    // ---- listeners -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("failures")
    void listener_throwsFromEverything_changesNothingForRequestsOrOtherListeners(Throwable failure) {
        Gate gate = gate(1, Runnable::run);
        Events events = new Events();
        gate.addListener(new Throwing(failure));
        gate.addListener(events);
        gate.onDemand(() -> sneaky(failure));
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        held.firstToken();
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        gate.tryAcquire(Request.of(tier));
        held.close();
        waiter.permit().close();

        assertThat(events.lines)
                .extracting(line -> line.substring(0, line.indexOf(' ')))
                .containsExactly(
                        "admitted",
                        "firstToken",
                        "refused",
                        "evaluated",
                        "admitted",
                        "evaluated",
                        "closed",
                        "evaluated",
                        "closed");
        assertThat(gate.listenerFailures()).isEqualTo(10);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void removeListener_isToldNoMore() {
        Gate gate = gate(1, Runnable::run);
        Events events = new Events();
        gate.addListener(events);
        gate.removeListener(events);
        gate.removeListener(events);

        gate.tryAcquire(Request.of(tier));

        assertThat(events.lines).isEmpty();
    }

    /** What one listener does to the set of broken objectives must not be seen by the next. */
    @Test
    void listener_changesTheSetItIsGiven_othersSeeItUnchanged() {
        Gate gate = gate(1, Runnable::run);
        Events events = new Events();
        gate.addListener(new GateListener() {
            @Override
            public void evaluated(Tier tier, Set<Objective> broken, boolean scaling) {
                broken.clear();
            }
        });
        gate.addListener(events);
        Permit permit = Answers.permit(gate.tryAcquire(Request.of(tier)));
        gate.tryAcquire(Request.of(tier));
        time.manual.advance(Duration.ofSeconds(1));
        permit.close(Outcome.COMPLETED, Usage.NONE);

        assertThat(events.lines).contains("evaluated standard [ADMISSION]", "evaluated standard [TIME_TO_FIRST_TOKEN]");
    }

    /** The listener of one request's end gives back another permit, which grants a third. */
    @Test
    void listener_comesBackIntoTheGate_isServed() {
        Gate gate = gate(2, Runnable::run);
        List<Permit> held = new ArrayList<>();
        held.add(Answers.permit(gate.tryAcquire(Request.of(tier))));
        held.add(Answers.permit(gate.tryAcquire(Request.of(tier))));
        Answers first = new Answers();
        Answers second = new Answers();
        gate.acquire(Request.of(tier), first);
        gate.acquire(Request.of(tier), second);
        gate.addListener(new GateListener() {
            @Override
            public void admitted(Tier tier, long queueNanos) {
                held.get(1).close();
            }
        });

        held.get(0).close();

        assertThat(first.permit().closed()).isFalse();
        assertThat(second.permit().closed()).isFalse();
    }

    // ---- clocks ----------------------------------------------------------------------------------------------------

    /** Without an alarm nothing would end its wait: the next that asks sets it again. */
    @Test
    void schedule_throws_isCountedAndTheNextSetsTheAlarmAgain() {
        Gate gate = gate(1, Runnable::run);
        Answers.permit(gate.tryAcquire(Request.of(tier)));
        time.onSchedule(() -> {
            throw new IllegalStateException("on purpose");
        });
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        assertThat(gate.listenerFailures()).isEqualTo(1);
        time.onSchedule(() -> {});
        time.manual.advance(Duration.ofSeconds(10));
        assertThat(waiter.told()).isEmpty();

        gate.acquire(Request.of(tier), new Answers());
        time.manual.advance(Duration.ofNanos(1));

        assertThat(waiter.told()).singleElement().isInstanceOf(Admission.Expired.class);
    }

    @Test
    void cancelOfTheAlarm_throws_theGateClosesAllTheSame() {
        Gate gate = gate(1, Runnable::run);
        Answers.permit(gate.tryAcquire(Request.of(tier)));
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        time.onCancel(() -> {
            throw new IllegalStateException("on purpose");
        });

        gate.close();

        assertThat(gate.listenerFailures()).isEqualTo(1);
        assertThat(waiter.shed().reason()).isEqualTo(Admission.Reason.DRAINING);
    }

    @Test
    void nanos_throwsInsideTheDrain_theNextReturnGrantsAllTheSame() {
        Gate gate = gate(2, Runnable::run);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        Permit other = Answers.permit(gate.tryAcquire(Request.of(tier)));
        Answers first = new Answers();
        Answers second = new Answers();
        gate.acquire(Request.of(tier), first);
        gate.acquire(Request.of(tier), second);
        time.failAfter(1);

        held.close();
        assertThat(first.told()).isEmpty();
        other.close();

        assertThat(first.permit().closed()).isFalse();
        assertThat(second.permit().closed()).isFalse();
        assertThat(gate.listenerFailures()).isEqualTo(1);
    }

    /** A clock's scheduler has locks of its own: the owner of the drain must not wait for them. */
    @Test
    void schedule_isNotCalledInsideTheDrain() {
        Gate gate = gate(1, Runnable::run);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        Answers waiter = new Answers();
        List<Boolean> granted = new ArrayList<>();
        time.onSchedule(() -> {
            held.close();
            granted.add(!waiter.told().isEmpty());
        });

        gate.acquire(Request.of(tier), waiter);

        assertThat(granted).containsExactly(true);
    }

    @Test
    void scheduleRunsTheExpiryAtOnce_isExpiredAndNeverGranted() {
        Gate gate = gate(1, Runnable::run);
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        Answers waiter = new Answers();
        time.afterSchedule(() -> time.manual.advance(Duration.ofNanos(1)));
        gate.acquire(Request.of(tier).withTimeout(Duration.ofNanos(1)), waiter);

        held.close();

        assertThat(waiter.told()).singleElement().isInstanceOf(Admission.Expired.class);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    private record Throwing(Throwable failure) implements GateListener {
        @Override
        public void admitted(Tier tier, long queueNanos) {
            sneaky(failure);
        }

        @Override
        public void refused(Tier tier, Admission refusal, long queueNanos) {
            sneaky(failure);
        }

        @Override
        public void firstToken(Tier tier, long sinceArrivalNanos) {
            sneaky(failure);
        }

        @Override
        public void closed(Tier tier, Outcome outcome, long inFlightNanos, Usage usage) {
            sneaky(failure);
        }

        @Override
        public void evaluated(Tier tier, Set<Objective> broken, boolean scaling) {
            sneaky(failure);
        }
    }

    /** Throws anything, checked or not, as code of other JVM languages does. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void sneaky(Throwable failure) throws T {
        throw (T) failure;
    }
}
