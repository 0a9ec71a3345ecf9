/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.LearningPolicyContract;
import io.tidegate.contracts.PolicyContract;
import io.tidegate.contracts.Views;
import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.pool.PoolView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for policies that learn lets pass, and what it does not. */
class LearningPolicyContractTest {

    private static final String MOST = "most";

    /** As many replicas as ever waited at once, up to 100; the ways to get that wrong are its subclasses. */
    static class Most implements LearningPolicy {

        @Override
        public String name() {
            return "most";
        }

        @Override
        public Learned learn(PoolView view, Learned before) {
            return new Learned(Map.of(MOST, Math.max(most(before), (double) view.queued())));
        }

        @Override
        public Proposal propose(PoolView view, Learned learned) {
            int replicas = (int) Math.min(100, Math.max(1, most(learned)));
            return new Wants(name(), replicas, Cause.BACKLOG, "so many waited");
        }

        double most(Learned learned) {
            return learned.get(MOST, 0);
        }
    }

    private static Map<String, Supplier<LearningPolicy>> wrong() {
        AtomicInteger count = new AtomicInteger();
        Map<String, Supplier<LearningPolicy>> wrong = new LinkedHashMap<>();
        wrong.put("learn_itsLesson_learnsSomething", () -> new Most() {
            @Override
            public Learned learn(PoolView view, Learned before) {
                return before;
            }
        });
        wrong.put("learn_sameLesson_isTheSame", () -> new Most() {
            @Override
            public Learned learn(PoolView view, Learned before) {
                return new Learned(Map.of(MOST, (double) count.incrementAndGet()));
            }
        });
        wrong.put("learn_oddViews_answersEach", () -> new Most() {
            @Override
            public Learned learn(PoolView view, Learned before) {
                return new Learned(Map.of(MOST, view.tiers().get(0).arrivalsPerSecond()));
            }
        });
        wrong.put("learn_forLong_staysBounded", () -> new Most() {
            @Override
            public Learned learn(PoolView view, Learned before) {
                if (before.numbers().size() > 10_001) {
                    return before;
                }
                Map<String, Double> more = new HashMap<>(before.numbers());
                for (int i = 0; i < 1_000; i++) {
                    more.put(MOST + more.size(), 1.0);
                }
                return new Learned(more);
            }
        });
        wrong.put("propose_learned_isTheSame", () -> new Most() {
            private double kept;

            @Override
            double most(Learned learned) {
                double before = kept;
                kept = learned.get(MOST, 0);
                return Math.max(before, 2);
            }
        });
        wrong.put("propose_nothingLearned_isWhatItSaysWithout", () -> new Most() {
            @Override
            public Proposal propose(PoolView view) {
                return new Wants(name(), 17, Cause.BACKLOG, "just so");
            }
        });
        wrong.put("propose_oddNumbers_answersEach", () -> new Most() {
            @Override
            public Proposal propose(PoolView view, Learned learned) {
                return new Wants(name(), (int) learned.get(MOST, 1), Cause.BACKLOG, "so many waited");
            }
        });
        wrong.put("learn_oddNumbers_goesOn", () -> new Most() {
            @Override
            public Learned learn(PoolView view, Learned before) {
                return new Learned(Map.of(MOST, Math.max(before.get(MOST, 1) * 1e10, (double) view.queued())));
            }
        });
        return wrong;
    }

    /** The kit with the policy under test. */
    static class OfMost extends LearningPolicyContract {

        private static Supplier<LearningPolicy> made = Most::new;

        @Override
        protected LearningPolicy policy() {
            return made.get();
        }

        @Override
        protected PoolView wanting() {
            return Views.view().tier("standard", 3, 7).build();
        }

        @Override
        protected List<PoolView> lesson() {
            List<PoolView> views = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                views.add(Views.view()
                        .at(i * 1_000_000_000L)
                        .tier("standard", 3, 5 + i)
                        .build());
            }
            return views;
        }
    }

    @Test
    void kit_soundPolicy_passes() {
        OfMost.made = Most::new;
        Rules.areKept(
                LearningPolicyContract.class,
                OfMost.class,
                "recipe_makesTheSameAgain",
                "propose_moreLoad_neverWantsFewer");
    }

    @TestFactory
    List<DynamicTest> kit_policyThatBreaksARule_isFoundOutByIt() {
        Set<String> rules = Rules.of(LearningPolicyContract.class);
        rules.removeAll(Rules.of(PolicyContract.class));
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(rules);
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfMost.made = each.getValue();
                    assertThat(Rules.broken(OfMost.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
