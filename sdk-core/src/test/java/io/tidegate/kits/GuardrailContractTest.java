/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.GuardrailContract;
import io.tidegate.contracts.Views;
import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.ClockJump;
import io.tidegate.guardrail.CompleteData;
import io.tidegate.guardrail.Coverage;
import io.tidegate.guardrail.Fallback;
import io.tidegate.guardrail.FlapDamping;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.guardrail.Healthy;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Marks;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.PendingCap;
import io.tidegate.guardrail.SpendCap;
import io.tidegate.guardrail.ToZero;
import io.tidegate.guardrail.Tolerance;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Tier;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for guardrails lets pass, our own among it, and what it does not. */
class GuardrailContractTest {

    /** At most three more at once; the ways to get that wrong are its subclasses. */
    static class Three implements Guardrail {

        @Override
        public String name() {
            return "three";
        }

        @Override
        public Narrowing narrow(PoolView view, History history, int proposed) {
            int most = most(view);
            return proposed > most
                    ? new Narrowing(name(), most, "at most three more at once")
                    : Narrowing.none(name(), proposed);
        }

        int most(PoolView view) {
            return view.replicas().desired() + 3;
        }
    }

    private static Map<String, Supplier<Guardrail>> wrong() {
        AtomicInteger count = new AtomicInteger();
        Map<String, Supplier<Guardrail>> wrong = new LinkedHashMap<>();
        wrong.put("name_isShortAndStays", () -> new Three() {
            @Override
            public String name() {
                return "";
            }
        });
        wrong.put("narrow_answerBearsTheName", () -> new Three() {
            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                return new Narrowing(
                        "other", super.narrow(view, history, proposed).replicas(), "why");
            }
        });
        wrong.put("narrow_whatItIsFor_isHeld", () -> new Three() {
            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                return Narrowing.none(name(), proposed);
            }
        });
        wrong.put("narrow_staysBetweenWhatThereIsAndWhatIsProposed", () -> new Three() {
            @Override
            int most(PoolView view) {
                return 3;
            }
        });
        wrong.put("narrow_moreProposed_neverLeavesFewer", () -> new Three() {
            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                // What is too much is refused as a whole.
                return proposed > most(view)
                        ? new Narrowing(name(), view.replicas().desired(), "too much")
                        : Narrowing.none(name(), proposed);
            }
        });
        wrong.put("narrow_changesSomething_saysWhy", () -> new Three() {
            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                return new Narrowing(
                        name(), super.narrow(view, history, proposed).replicas(), "");
            }
        });
        wrong.put("narrow_oddViews_answersEach", () -> new Three() {
            @Override
            int most(PoolView view) {
                return view.tiers().get(0) == null ? 0 : super.most(view);
            }
        });
        wrong.put("narrow_sameRound_isTheSame", () -> new Three() {
            @Override
            int most(PoolView view) {
                return super.most(view) + count.incrementAndGet() % 2;
            }
        });
        wrong.put("narrow_otherRoundsBetween_remembersNothing", () -> new Three() {
            private int highest;

            @Override
            int most(PoolView view) {
                highest = Math.max(highest, super.most(view));
                return highest;
            }
        });
        wrong.put("narrow_onAnotherThread_isTheSame", () -> new Three() {
            @Override
            int most(PoolView view) {
                return super.most(view) + (Thread.currentThread().getName().equals("another-thread") ? 1 : 0);
            }
        });
        return wrong;
    }

    /** The kit with the guardrail under test. */
    static class OfThree extends GuardrailContract {

        private static Supplier<Guardrail> made = Three::new;

        @Override
        protected Guardrail guardrail() {
            return made.get();
        }

        @Override
        protected Round holding() {
            return new Round(Views.view().ready(4).tier("standard", 1, 0).build(), 20);
        }
    }

    @Test
    void kit_soundGuardrail_passes() {
        OfThree.made = Three::new;
        Rules.areKept(GuardrailContract.class, OfThree.class);
    }

    @TestFactory
    List<DynamicTest> kit_guardrailThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(GuardrailContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfThree.made = each.getValue();
                    assertThat(Rules.broken(OfThree.class)).containsKey(each.getKey());
                }))
                .toList();
    }

    private static PoolView ten() {
        return Views.view().ready(10).tier("standard", 40, 0, 5, 8).build();
    }

    /** A guardrail of ours. */
    abstract static class Ours extends GuardrailContract {

        private final Supplier<Guardrail> made;
        private final Supplier<Round> holding;
        private final boolean passes;

        Ours(Supplier<Guardrail> made, PoolView view, int proposed) {
            this(made, () -> new Round(view, proposed), false);
        }

        Ours(Supplier<Guardrail> made, Supplier<Round> holding, boolean passes) {
            this.made = made;
            this.holding = holding;
            this.passes = passes;
        }

        @Override
        protected Guardrail guardrail() {
            return made.get();
        }

        @Override
        protected Round holding() {
            return holding.get();
        }

        @Override
        protected boolean passesThePresent() {
            return passes;
        }

        static Round round(PoolView view, History history, int proposed) {
            return new Round(view, history, proposed);
        }
    }

    @Nested
    class OfBounds extends Ours {
        OfBounds() {
            super(() -> new Bounds(2, 12), () -> round(ten(), startingLongAgo(), 20), true);
        }
    }

    @Nested
    class OfTolerance extends Ours {
        OfTolerance() {
            super(
                    () -> new Tolerance(0.2, 0.2),
                    () -> round(
                            ten(),
                            startingLongAgo().withProposal(ten().nowNanos(), 11, 10.9, History.HORIZON.toNanos()),
                            11),
                    false);
        }
    }

    @Nested
    class OfFallback extends Ours {
        OfFallback() {
            super(
                    () -> new Fallback(15),
                    () -> round(
                            Views.of(ten())
                                    .evidence(new Evidence(List.of("all"), 0, true))
                                    .build(),
                            startingLongAgo(),
                            10),
                    true);
        }
    }

    @Nested
    class OfCompleteData extends Ours {
        OfCompleteData() {
            super(
                    CompleteData::new,
                    Views.of(ten()).evidence(Evidence.missing("half")).build(),
                    5);
        }
    }

    @Nested
    class OfCoverage extends Ours {
        OfCoverage() {
            super(
                    Coverage::new,
                    Views.of(ten())
                            .evidence(new Evidence(List.of("half"), 0.5, false))
                            .build(),
                    5);
        }
    }

    @Nested
    class OfHealthy extends Ours {
        OfHealthy() {
            super(
                    Healthy::new,
                    Views.of(ten())
                            .ready(10)
                            .desired(10)
                            .noTiers()
                            .tier(failing())
                            .build(),
                    5);
        }
    }

    @Nested
    class OfClockJump extends Ours {
        OfClockJump() {
            super(ClockJump::new, ten(), 5);
        }
    }

    @Nested
    class OfUp extends Ours {
        OfUp() {
            super(Behavior::up, ten(), 100);
        }
    }

    @Nested
    class OfDown extends Ours {
        OfDown() {
            super(Behavior::down, ten(), 2);
        }
    }

    @Nested
    class OfFlapDamping extends Ours {
        OfFlapDamping() {
            super(
                    FlapDamping::new,
                    () -> round(
                            ten(),
                            startingLongAgo()
                                    .withChange(
                                            ten().nowNanos()
                                                    - Duration.ofMinutes(1).toNanos(),
                                            11,
                                            10),
                            11),
                    false);
        }
    }

    @Nested
    class OfToZero extends Ours {
        OfToZero() {
            super(ToZero::new, Views.of(ten()).ready(1).build(), 0);
        }
    }

    @Nested
    class OfPendingCap extends Ours {
        OfPendingCap() {
            super(() -> PendingCap.forMax(12), ten(), 100);
        }
    }

    @Nested
    class OfSpend extends Ours {
        OfSpend() {
            super(
                    () -> Guardrails.builder().spend(new SpendCap(12, 1)).build().stream()
                            .filter(each -> each.name().equals("spend cap"))
                            .findFirst()
                            .orElseThrow(),
                    ten(),
                    100);
        }
    }

    private static PoolView.TierView failing() {
        return new PoolView.TierView(
                Tier.builder("standard").build(),
                10,
                0,
                Duration.ZERO,
                5,
                0,
                8,
                Double.NaN,
                new PoolView.ServedView(
                        1, 0, 0, 50, 50, 0, 0, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY));
    }

    private static History startingLongAgo() {
        long then = ten().nowNanos() - Duration.ofMinutes(50).toNanos();
        return new History(then, List.of(new History.Proposed(then, 10)), List.of(), Marks.startingAt(then));
    }
}
