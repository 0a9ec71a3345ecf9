/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.pool.PoolView;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every policy that learns keeps to, besides what every policy does.
 *
 * @since 0.1.0
 */
public abstract class LearningPolicyContract extends PolicyContract {

    /** Most numbers that a policy may keep: they are written down every ten seconds. */
    protected static final int MOST_NUMBERS = 10_000;

    /** Numbers that are made odd, of those there are. */
    private static final int MOST_ODD = 20;

    @Override
    protected abstract LearningPolicy policy();

    /** Views, in order of time, from which it learns something. */
    protected abstract List<PoolView> lesson();

    private Learned taught(LearningPolicy policy) {
        Learned learned = Learned.NOTHING;
        for (PoolView view : lesson()) {
            learned = learn(policy, view, learned);
        }
        return learned;
    }

    private static Learned learn(LearningPolicy policy, PoolView view, Learned before) {
        return Kit.inTime(() -> policy.learn(view, before), "learn()");
    }

    private static Proposal propose(LearningPolicy policy, PoolView view, Learned learned) {
        return Kit.inTime(() -> policy.propose(view, learned), "propose()");
    }

    /** What it has learned with each number left out, and made odd. */
    private Map<String, Learned> odd(Learned learned) {
        Map<String, Learned> odd = new LinkedHashMap<>();
        odd.put("nothing", Learned.NOTHING);
        odd.put("a number of another version", with(learned, "another.version", 1e300));
        for (String name :
                learned.numbers().keySet().stream().sorted().limit(MOST_ODD).toList()) {
            Map<String, Double> without = new HashMap<>(learned.numbers());
            without.remove(name);
            odd.put("no " + name, new Learned(without));
            for (double value : new double[] {0, -1, 1e300, -1e300, Double.MIN_VALUE}) {
                odd.put(name + " " + value, with(learned, name, value));
            }
        }
        return odd;
    }

    private static Learned with(Learned learned, String name, double value) {
        Map<String, Double> other = new HashMap<>(learned.numbers());
        other.put(name, value);
        return new Learned(other);
    }

    @Nested
    class Learning {

        @Test
        void learn_itsLesson_learnsSomething() {
            assertNotEquals(Learned.NOTHING, taught(policy()));
        }

        @Test
        void learn_sameLesson_isTheSame() {
            LearningPolicy policy = policy();
            Learned first = taught(policy);
            assertEquals(first, taught(policy), "learned twice by one");
            assertEquals(first, taught(policy()), "learned by another");
            PoolView view = wanting();
            Learned here = learn(policy, view, first);
            assertEquals(here, Kit.elsewhere(() -> policy.learn(view, first)), "learned on another thread");
        }

        @Test
        void learn_oddViews_answersEach() {
            LearningPolicy policy = policy();
            Learned learned = taught(policy);
            assertAll(Views.odd(wanting()).entrySet().stream()
                    .map(view -> () -> assertNotNull(
                            assertDoesNotThrow(() -> learn(policy, view.getValue(), learned), view.getKey()),
                            view.getKey())));
        }

        @Test
        void learn_forLong_staysBounded() {
            LearningPolicy policy = policy();
            Learned learned = Learned.NOTHING;
            List<PoolView> lesson = lesson();
            long length =
                    lesson.get(lesson.size() - 1).nowNanos() - lesson.get(0).nowNanos() + 1_000_000_000L;
            int rounds = 0;
            while (rounds < 20_000) {
                for (PoolView view : lesson) {
                    long at = view.nowNanos() + rounds / lesson.size() * length;
                    learned = policy.learn(Views.of(view).at(at).build(), learned);
                    rounds++;
                }
            }
            int size = learned.numbers().size();
            assertTrue(size <= MOST_NUMBERS, () -> "it keeps " + size + " numbers after 20,000 rounds");
        }
    }

    @Nested
    class Restored {

        @Test
        void propose_learned_isTheSame() {
            LearningPolicy policy = policy();
            Learned learned = taught(policy);
            Proposal first = propose(policy, wanting(), learned);
            propose(policy, wanting(), Learned.NOTHING);
            assertEquals(first, propose(policy, wanting(), learned));
            assertEquals(first, propose(policy(), wanting(), learned));
        }

        @Test
        void propose_nothingLearned_isWhatItSaysWithout() {
            assertEquals(policy().propose(wanting()), propose(policy(), wanting(), Learned.NOTHING));
        }

        @Test
        void propose_oddNumbers_answersEach() {
            LearningPolicy policy = policy();
            odd(taught(policy)).forEach((what, learned) -> {
                Proposal proposal = assertDoesNotThrow(() -> propose(policy, wanting(), learned), what);
                assertFalse(proposal.why().isBlank(), what);
            });
        }

        @Test
        void learn_oddNumbers_goesOn() {
            LearningPolicy policy = policy();
            odd(taught(policy))
                    .forEach((what, learned) ->
                            assertNotNull(assertDoesNotThrow(() -> learn(policy, wanting(), learned), what), what));
        }
    }
}
