/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History;
import io.tidegate.ledger.Composition;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Inputs;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.Recovered;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every ledger that keeps what it takes keeps to. Extend it and say how one is opened.
 *
 * @since 0.1.0
 */
public abstract class LedgerContract {

    private static final Instant AT = Instant.parse("2026-03-02T08:00:00.123456789Z");

    /** Opens the ledger; within one test always the same, for each test an empty one. It can be written. */
    protected abstract Ledger open() throws Exception;

    private static Entry.Alerted alerted(String what) {
        return new Entry.Alerted("chat", AT, "max-reached", true, "warning", what);
    }

    private static Entry.Decided decided(String pool, long id) {
        Decision decision = new Decision(
                id,
                pool,
                AT,
                7,
                1,
                2,
                Cause.ARRIVALS,
                List.of(new Proposal.Wants("p", 2, Cause.ARRIVALS, "so much.")),
                List.of());
        return new Entry.Decided(
                decision,
                new Inputs(
                        Views.view().build(),
                        History.startingAt(0, 1),
                        Map.of(),
                        true,
                        Optional.empty(),
                        Composition.NONE));
    }

    private static ScaleEvent event(String pool, long id) {
        return new ScaleEvent(
                pool + "-" + id, pool, id, 1, 2, Cause.ARRIVALS, List.of(new Step(Phase.DECIDED, AT, 7, "")));
    }

    private static ScaleEvent next(ScaleEvent event, Phase phase) {
        Step last = event.latest();
        return event.with(new Step(phase, last.at().plusSeconds(1), last.atNanos() + 1_000_000_000, phase + " so"));
    }

    /** It survives. */
    private static void kept(CompletableFuture<Void> entry) throws Exception {
        entry.get(Kit.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** It is kept or lost, but not left open. */
    private static void ended(CompletableFuture<Void> entry) throws Exception {
        entry.handle((nothing, failure) -> true).get(Kit.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** All steps of an event, as the engine tells them. */
    private static void append(Ledger ledger, ScaleEvent event) throws Exception {
        for (int i = 1; i <= event.steps().size(); i++) {
            kept(ledger.append(new Entry.Stepped(new ScaleEvent(
                    event.id(),
                    event.pool(),
                    event.decisionId(),
                    event.from(),
                    event.to(),
                    event.cause(),
                    event.steps().subList(0, i)))));
        }
    }

    @Nested
    class Appending {

        @Test
        void append_each_isKept() throws Exception {
            try (Ledger ledger = open()) {
                kept(ledger.append(decided("chat", 1)));
                kept(ledger.append(new Entry.Stepped(event("chat", 1))));
                kept(ledger.append(new Entry.Overridden(
                        "chat",
                        AT,
                        Optional.of(new Inputs.Said(OptionalInt.of(3), Duration.ofHours(1), "me", "a test")))));
                kept(ledger.append(new Entry.Overridden("chat", AT, Optional.empty())));
                kept(ledger.append(alerted("12 wanted, 8 allowed")));
            }
        }

        @Test
        void append_many_areKeptInTheirOrder() throws Exception {
            try (Ledger ledger = open()) {
                List<Integer> wanted = new ArrayList<>();
                List<Integer> order = new CopyOnWriteArrayList<>();
                List<CompletableFuture<Void>> all = new ArrayList<>();
                for (int i = 0; i < 200; i++) {
                    int number = i;
                    wanted.add(i);
                    all.add(ledger.append(alerted("number " + i)).thenRun(() -> order.add(number)));
                }
                for (CompletableFuture<Void> each : all) {
                    kept(each);
                }
                assertEquals(wanted, order);
            }
        }

        @Test
        void append_oddAndLongTexts_throwsNothingAndEnds() throws Exception {
            List<String> odd =
                    List.of("", "a\r\nb\0", "\u2028\"\\", "half a pair \ud800 and \udc00", "x".repeat(200_000));
            try (Ledger ledger = open()) {
                for (String text : odd) {
                    ended(assertDoesNotThrow(() -> ledger.append(alerted(text))));
                }
                // None of them keeps it from what follows.
                kept(ledger.append(alerted("as ever")));
            }
        }
    }

    @Nested
    class Recovering {

        @Test
        void recovered_nothingWritten_isNothing() throws Exception {
            try (Ledger ledger = open()) {
                assertEquals(Recovered.NOTHING, ledger.recovered());
            }
        }

        @Test
        void recovered_openedAgain_hasOpenEventsWithTheirSteps() throws Exception {
            ScaleEvent first = next(next(event("chat", 1), Phase.SENT), Phase.ACCEPTED);
            ScaleEvent second = event("other", 1);
            try (Ledger ledger = open()) {
                append(ledger, first);
                append(ledger, second);
            }
            try (Ledger ledger = open()) {
                assertEquals(List.of(first, second), ledger.recovered().open());
            }
        }

        @Test
        void recovered_openedAgain_hasNoEventThatEnded() throws Exception {
            try (Ledger ledger = open()) {
                append(ledger, next(event("chat", 1), Phase.FAILED));
                append(ledger, next(event("chat", 2), Phase.SUPERSEDED));
                append(ledger, next(next(event("chat", 3), Phase.SENT), Phase.READY));
            }
            try (Ledger ledger = open()) {
                assertEquals(List.of(), ledger.recovered().open());
            }
        }

        @Test
        void recovered_openedAgain_hasTheLastDecisionOfEachPool() throws Exception {
            try (Ledger ledger = open()) {
                kept(ledger.append(decided("chat", 3)));
                kept(ledger.append(decided("other", 2)));
                kept(ledger.append(decided("chat", 7)));
            }
            try (Ledger ledger = open()) {
                assertEquals(Map.of("chat", 7L, "other", 2L), ledger.recovered().lastDecisions());
            }
        }

        @Test
        void recovered_openedThrice_forgetsNothing() throws Exception {
            try (Ledger ledger = open()) {
                kept(ledger.append(decided("chat", 3)));
                append(ledger, event("chat", 3));
            }
            open().close();
            try (Ledger ledger = open()) {
                assertEquals(Map.of("chat", 3L), ledger.recovered().lastDecisions());
                assertEquals(List.of(event("chat", 3)), ledger.recovered().open());
            }
        }

        @Test
        void recovered_afterAppend_isStillOfBefore() throws Exception {
            try (Ledger ledger = open()) {
                kept(ledger.append(decided("chat", 3)));
                append(ledger, event("chat", 3));
                assertEquals(Recovered.NOTHING, ledger.recovered());
            }
        }
    }

    @Nested
    class Ending {

        @Test
        void close_endsWhatWasTaken() throws Exception {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            try (Ledger ledger = open()) {
                for (int i = 0; i < 200; i++) {
                    all.add(ledger.append(alerted("waiting " + i)));
                }
            }
            all.forEach(each -> assertTrue(each.isDone(), "it is kept or lost when the ledger is closed"));
        }

        @Test
        void close_twice_isHarmless() throws Exception {
            Ledger ledger = open();
            kept(ledger.append(alerted("so")));
            assertDoesNotThrow(ledger::close);
            assertDoesNotThrow(ledger::close);
        }

        @Test
        void append_afterClose_failsAndThrowsNothing() throws Exception {
            Ledger ledger = open();
            ledger.close();
            CompletableFuture<Void> late = assertDoesNotThrow(() -> ledger.append(alerted("late")));
            ended(late);
            assertTrue(late.isCompletedExceptionally(), "nobody keeps it");
        }
    }
}
