/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.PolicyContract;
import io.tidegate.contracts.Views;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.Recipe;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Signal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for policies lets pass, and what it does not. */
class PolicyContractTest {

    private static final String SIGNAL = "load";

    /** One replica for each ten of a signal; the ways to get that wrong are its subclasses. */
    static class Tens implements Policy {

        @Override
        public String name() {
            return "tens";
        }

        @Override
        public Proposal propose(PoolView view) {
            if (view.signal(SIGNAL) instanceof Signal.Known known && known.value() >= 0) {
                return wants((int) Math.min(1_000, Math.ceil(known.value() / 10)));
            }
            return new Abstains(name(), SIGNAL + " is not known");
        }

        Proposal wants(int replicas) {
            return new Wants(name(), replicas, Cause.SIGNAL, replicas + " of ten each");
        }
    }

    /** Sound, and comes from settings. */
    private static Policy recipe(String type) {
        return new Tens() {
            @Override
            public Optional<Recipe> recipe() {
                return Optional.of(new Recipe(type, Map.of()));
            }
        };
    }

    private static Map<String, Supplier<Policy>> wrong() {
        AtomicInteger count = new AtomicInteger();
        Map<String, Supplier<Policy>> wrong = new LinkedHashMap<>();
        wrong.put("name_isShortAndStays", () -> new Tens() {
            @Override
            public String name() {
                return "tens of " + count.incrementAndGet();
            }
        });
        wrong.put("propose_proposalBearsTheName", () -> new Tens() {
            @Override
            Proposal wants(int replicas) {
                return new Wants("another", replicas, Cause.SIGNAL, "why");
            }
        });
        wrong.put("propose_whatItNeedsIsKnown_wantsANumber", () -> new Tens() {
            @Override
            public Proposal propose(PoolView view) {
                return new Abstains(name(), "never");
            }
        });
        wrong.put("propose_oddViews_answersEach", () -> new Tens() {
            @Override
            public Proposal propose(PoolView view) {
                // Fails where there are no tiers.
                view.tiers().get(0);
                return super.propose(view);
            }
        });
        wrong.put("propose_saysWhy", () -> new Tens() {
            @Override
            Proposal wants(int replicas) {
                return new Wants(name(), replicas, Cause.SIGNAL, " ");
            }
        });
        wrong.put("propose_signalsNotKnown_neverWantsNone", () -> new Tens() {
            @Override
            public Proposal propose(PoolView view) {
                return view.signal(SIGNAL) instanceof Signal.Known ? super.propose(view) : wants(0);
            }
        });
        wrong.put("propose_moreLoad_neverWantsFewer", () -> new Tens() {
            @Override
            Proposal wants(int replicas) {
                return super.wants(Math.max(1, 20 - replicas));
            }
        });
        wrong.put("propose_sameView_isTheSame", () -> new Tens() {
            @Override
            Proposal wants(int replicas) {
                return super.wants(replicas + count.incrementAndGet() % 2);
            }
        });
        wrong.put("propose_otherViewsBetween_remembersNothing", () -> new Tens() {
            private int most;

            @Override
            Proposal wants(int replicas) {
                most = Math.max(most, replicas);
                return super.wants(most);
            }
        });
        wrong.put("propose_anotherOfTheSameSettings_isTheSame", () -> {
            int own = count.incrementAndGet();
            return new Tens() {
                @Override
                Proposal wants(int replicas) {
                    return super.wants(replicas + own);
                }
            };
        });
        wrong.put("propose_onAnotherThread_isTheSame", () -> {
            Thread home = Thread.currentThread();
            return new Tens() {
                @Override
                Proposal wants(int replicas) {
                    return super.wants(
                            Thread.currentThread().getName().equals("another-thread") && home != null
                                    ? replicas + 1
                                    : replicas);
                }
            };
        });
        wrong.put("recipe_makesTheSameAgain", () -> recipe("backlog"));
        return wrong;
    }

    /** The kit with the policy under test. */
    static class OfTens extends PolicyContract {

        private static Supplier<Policy> made = Tens::new;

        @Override
        protected Policy policy() {
            return made.get();
        }

        @Override
        protected PoolView wanting() {
            return view(60);
        }

        @Override
        protected List<PoolView> growing() {
            return List.of(view(10), view(11), view(60));
        }

        private static PoolView view(double load) {
            return Views.view()
                    .tier("standard", 3, 1)
                    .signal(SIGNAL, load, "requests")
                    .build();
        }
    }

    @Test
    void kit_soundPolicy_passes() {
        OfTens.made = Tens::new;
        Rules.areKept(PolicyContract.class, OfTens.class, "recipe_makesTheSameAgain");
    }

    @TestFactory
    List<DynamicTest> kit_policyThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(PolicyContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfTens.made = each.getValue();
                    assertThat(Rules.broken(OfTens.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
