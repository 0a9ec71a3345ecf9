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
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.Recipe;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every policy keeps to. Extend it and say how one is made, and on which view it wants something.
 *
 * @since 0.1.0
 */
public abstract class PolicyContract {

    /** A new policy, the same each time. */
    protected abstract Policy policy();

    /** A view on which it wants a number of replicas, at least one, with every signal that it reads. */
    protected abstract PoolView wanting();

    /**
     * Views of ever more load, all else equal: on none may it want fewer than on the one before, and on the last it wants more than on
     * the first. Empty, and not checked, by default.
     */
    protected List<PoolView> growing() {
        return List.of();
    }

    private Map<String, PoolView> odd() {
        return Views.odd(wanting());
    }

    private static Proposal propose(Policy policy, PoolView view) {
        return Kit.inTime(() -> policy.propose(view), "propose()");
    }

    private Map<String, Proposal> proposals(Policy policy) {
        Map<String, Proposal> all = new LinkedHashMap<>();
        odd().forEach((what, view) -> all.put(what, propose(policy, view)));
        return all;
    }

    @Nested
    class Names {

        @Test
        void name_isShortAndStays() {
            Policy policy = policy();
            String name = policy.name();
            Kit.isShort(name);
            propose(policy, wanting());
            assertEquals(name, policy.name());
            assertEquals(name, policy().name());
        }

        @Test
        void propose_proposalBearsTheName() {
            Policy policy = policy();
            assertEquals(policy.name(), propose(policy, wanting()).policy());
            proposals(policy).forEach((what, proposal) -> assertEquals(policy.name(), proposal.policy(), what));
        }
    }

    @Nested
    class Answers {

        @Test
        void propose_whatItNeedsIsKnown_wantsANumber() {
            Wants wants = assertInstanceOf(Wants.class, propose(policy(), wanting()));
            assertTrue(wants.replicas() > 0, wants::toString);
        }

        @Test
        void propose_oddViews_answersEach() {
            Policy policy = policy();
            assertAll(odd().entrySet().stream()
                    .map(view -> () -> assertNotNull(
                            assertDoesNotThrow(() -> propose(policy, view.getValue()), view.getKey()), view.getKey())));
        }

        @Test
        void propose_saysWhy() {
            Policy policy = policy();
            proposals(policy)
                    .forEach((what, proposal) -> assertFalse(proposal.why().isBlank(), what));
        }

        @Test
        void propose_signalsNotKnown_neverWantsNone() {
            // No opinion is not the opinion that nothing is needed.
            Policy policy = policy();
            Views.gaps(wanting()).forEach((what, view) -> {
                Proposal proposal = propose(policy, view);
                assertFalse(proposal instanceof Wants wants && wants.replicas() == 0, () -> what + ": " + proposal);
            });
        }

        @Test
        void propose_moreLoad_neverWantsFewer() {
            List<PoolView> growing = growing();
            assumeFalse(growing.isEmpty(), "growing() gives no views");
            List<Integer> wanted = new ArrayList<>();
            for (PoolView view : growing) {
                wanted.add(
                        assertInstanceOf(Wants.class, propose(policy(), view)).replicas());
            }
            assertEquals(wanted.stream().sorted().toList(), wanted, "wanted, from little load to much");
            assertTrue(wanted.get(wanted.size() - 1) > wanted.get(0), () -> "never wants more: " + wanted);
        }
    }

    @Nested
    class Pure {

        @Test
        void propose_sameView_isTheSame() {
            Policy policy = policy();
            odd().forEach((what, view) -> assertEquals(propose(policy, view), propose(policy, view), what));
        }

        @Test
        void propose_otherViewsBetween_remembersNothing() {
            Policy policy = policy();
            Proposal first = propose(policy, wanting());
            proposals(policy);
            assertEquals(first, propose(policy, wanting()));
        }

        @Test
        void propose_anotherOfTheSameSettings_isTheSame() {
            Policy used = policy();
            Map<String, Proposal> first = proposals(used);
            assertEquals(first, proposals(policy()));
        }

        @Test
        void propose_onAnotherThread_isTheSame() {
            Policy policy = policy();
            Map<String, Proposal> here = proposals(policy);
            assertEquals(here, Kit.elsewhere(() -> {
                Map<String, Proposal> there = new LinkedHashMap<>();
                odd().forEach((what, view) -> there.put(what, policy.propose(view)));
                return there;
            }));
        }

        @Test
        void recipe_makesTheSameAgain() {
            Policy policy = policy();
            Optional<Recipe> recipe = policy.recipe();
            assumeTrue(recipe.isPresent(), "it has no recipe");
            Policy again = PolicyTypes.create(
                    recipe.get().type(), policy.name(), recipe.get().settings());
            Stream.of(policy, again).forEach(each -> assertEquals(recipe, each.recipe()));
            assertEquals(proposals(policy), proposals(again));
        }
    }
}
