/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every guardrail keeps to. Extend it and say how one is made, and what it does not let pass.
 *
 * @since 0.1.0
 */
public abstract class GuardrailContract {

    private static final int[] PROPOSED = {0, 1, 2, 5, 9, 10, 11, 20, 100, ReplicaMath.MANY};

    /** A new guardrail, the same each time. */
    protected abstract Guardrail guardrail();

    /** A round in which it leaves less than was proposed of a change. */
    protected abstract Round holding();

    /**
     * A round of the engine.
     *
     * @param view what is known
     * @param history what was before
     * @param proposed what is asked for
     */
    public record Round(PoolView view, History history, int proposed) {

        /** With no history but the present count. */
        public Round(PoolView view, int proposed) {
            this(view, History.startingAt(view.nowNanos(), view.replicas().desired()), proposed);
        }
    }

    /**
     * Whether it may go past the present count, as bounds do where the pool is outside of them. False by default: what it leaves is
     * between what there is and what is proposed.
     */
    protected boolean passesThePresent() {
        return false;
    }

    private Map<String, Round> rounds() {
        Map<String, Round> rounds = new LinkedHashMap<>();
        Round holding = holding();
        rounds.put("holding", holding);
        PoolView base = Views.view().ready(10).tier("standard", 40, 3, 5, 8).build();
        Map<String, PoolView> views = Views.odd(base);
        views.put(
                "incomplete", Views.of(base).evidence(Evidence.missing("half")).build());
        views.forEach((what, view) -> {
            for (int proposed : PROPOSED) {
                rounds.put(what + ", " + proposed, new Round(view, proposed));
            }
        });
        for (int proposed : PROPOSED) {
            rounds.put("as when it holds, " + proposed, new Round(holding.view(), holding.history(), proposed));
            rounds.put("after a busy hour, " + proposed, new Round(base, busy(base.nowNanos()), proposed));
        }
        return rounds;
    }

    private static History busy(long nowNanos) {
        long minute = Duration.ofMinutes(1).toNanos();
        History history = History.startingAt(nowNanos - 60 * minute, 4);
        for (int i = 59; i >= 0; i--) {
            history = history.withProposal(nowNanos - i * minute, 5 + i % 7, History.HORIZON.toNanos());
            if (i % 10 == 0) {
                history = history.withChange(nowNanos - i * minute, 4 + i % 3, 5 + i % 4);
            }
        }
        return history;
    }

    private static Narrowing narrow(Guardrail guardrail, Round round) {
        return Kit.inTime(() -> guardrail.narrow(round.view(), round.history(), round.proposed()), "narrow()");
    }

    private Map<String, Narrowing> answers(Guardrail guardrail) {
        Map<String, Narrowing> answers = new LinkedHashMap<>();
        rounds().forEach((what, round) -> answers.put(what, narrow(guardrail, round)));
        return answers;
    }

    @Nested
    class Names {

        @Test
        void name_isShortAndStays() {
            Guardrail guardrail = guardrail();
            String name = guardrail.name();
            Kit.isShortText(name);
            narrow(guardrail, holding());
            assertEquals(name, guardrail.name());
            assertEquals(name, guardrail().name());
        }

        @Test
        void narrow_answerBearsTheName() {
            Guardrail guardrail = guardrail();
            assertEquals(guardrail.name(), narrow(guardrail, holding()).guardrail());
        }
    }

    @Nested
    class Narrows {

        @Test
        void narrow_whatItIsFor_isHeld() {
            Round round = holding();
            Narrowing answer = narrow(guardrail(), round);
            assertTrue(answer.replicas() != round.proposed(), answer::toString);
        }

        @Test
        void narrow_staysBetweenWhatThereIsAndWhatIsProposed() {
            assumeFalse(passesThePresent(), "it may go past the present count");
            Guardrail guardrail = guardrail();
            rounds().forEach((what, round) -> {
                int present = round.view().replicas().desired();
                int left = narrow(guardrail, round).replicas();
                assertTrue(
                        left >= Math.min(present, round.proposed()) && left <= Math.max(present, round.proposed()),
                        () -> what + ": of " + present + " there are and " + round.proposed() + " proposed it made "
                                + left);
            });
        }

        @Test
        void narrow_moreProposed_neverLeavesFewer() {
            Guardrail guardrail = guardrail();
            Round holding = holding();
            List<Round> bases = new ArrayList<>();
            bases.add(holding);
            rounds().values().stream().filter(round -> round.proposed() == 0).forEach(bases::add);
            for (Round base : bases) {
                int before = 0;
                for (int proposed : PROPOSED) {
                    int left = narrow(guardrail, new Round(base.view(), base.history(), proposed))
                            .replicas();
                    int least = before;
                    assertTrue(
                            left >= least,
                            () -> "it left " + least + " of fewer and " + left + " of " + proposed + " on "
                                    + base.view());
                    before = left;
                }
            }
        }

        @Test
        void narrow_changesSomething_saysWhy() {
            Guardrail guardrail = guardrail();
            rounds().forEach((what, round) -> {
                Narrowing answer = narrow(guardrail, round);
                assertTrue(answer.replicas() >= 0, () -> what + ": " + answer);
                assertTrue(
                        answer.replicas() == round.proposed() || !answer.why().isBlank(),
                        () -> what + ": it made " + answer.replicas() + " of " + round.proposed() + " without a word");
            });
        }

        @Test
        void narrow_oddViews_answersEach() {
            Guardrail guardrail = guardrail();
            rounds().forEach((what, round) ->
                    assertNotNull(assertDoesNotThrow(() -> narrow(guardrail, round), what), what));
        }
    }

    @Nested
    class Pure {

        @Test
        void narrow_sameRound_isTheSame() {
            Guardrail guardrail = guardrail();
            rounds().forEach((what, round) -> assertEquals(narrow(guardrail, round), narrow(guardrail, round), what));
        }

        @Test
        void narrow_otherRoundsBetween_remembersNothing() {
            Guardrail guardrail = guardrail();
            Narrowing first = narrow(guardrail, holding());
            answers(guardrail);
            assertEquals(first, narrow(guardrail, holding()));
        }

        @Test
        void narrow_onAnotherThread_isTheSame() {
            Guardrail guardrail = guardrail();
            Narrowing here = narrow(guardrail, holding());
            Round round = holding();
            assertEquals(here, Kit.elsewhere(() -> guardrail.narrow(round.view(), round.history(), round.proposed())));
        }
    }
}
