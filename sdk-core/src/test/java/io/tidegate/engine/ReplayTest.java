/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.engine.Replay.Replayed;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Alternative;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.ledger.Composition;
import io.tidegate.ledger.Composition.Part;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Inputs;
import io.tidegate.policy.AdaptiveThresholdPolicy;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.policy.Learned;
import io.tidegate.policy.PolicySets;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Recipe;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.RandomViews;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReplayTest {

    private static final PoolView VIEW =
            view().ready(4).atNanos(50).tier(8, 8, 0).build();

    /** Decided by these, as an engine does it. */
    private static Entry.Decided decided(
            PoolView view,
            Map<String, Learned> learned,
            @Nullable ManualOverride override,
            List<Policy> policies,
            Guardrail... guardrails) {
        Course course = new Course(
                new Decider(policies, List.of(guardrails), (who, failure) -> {}, who -> {}),
                History.startingAt(0, view.replicas().desired()));
        course.begin(course.history(), learned);
        Decision decision = course.decide(
                view,
                course.history().marks(),
                true,
                7,
                Instant.EPOCH.plusNanos(3),
                new Origin(Trigger.QUEUE, 49, Mode.DRY_RUN),
                override);
        return new Entry.Decided(decision, course.inputs());
    }

    private static Entry.Decided decided(List<Policy> policies, Guardrail... guardrails) {
        return decided(VIEW, Map.of(), null, policies, guardrails);
    }

    private static Policy policy(String name, Function<PoolView, Proposal> propose) {
        return new Policy() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Proposal propose(PoolView view) {
                return propose.apply(view);
            }
        };
    }

    private static Policy wants(String name, int replicas) {
        return policy(name, view -> new Proposal.Wants(name, replicas, Cause.SCHEDULE, "it is Friday"));
    }

    /** A guardrail of somebody's own that says this first, and another thing whenever it is asked again. */
    private static Guardrail once(String name, boolean binds, Function<Integer, Narrowing> answer) {
        return new Guardrail() {
            private boolean asked;

            @Override
            public String name() {
                return name;
            }

            @Override
            public boolean bindsOverrides() {
                return binds;
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                if (asked) {
                    throw new AssertionError("asked again");
                }
                asked = true;
                return answer.apply(proposed);
            }
        };
    }

    private static void assertSame(Entry.Decided entry, String... taken) {
        Replayed replayed = Replay.of(entry);
        assertThat(replayed.differences()).isEmpty();
        assertThat(replayed.same()).isTrue();
        assertThat(replayed.again()).isEqualTo(entry.decision()).isEqualTo(replayed.recorded());
        assertThat(replayed.taken()).containsExactlyInAnyOrder(taken);
    }

    @Test
    void of_whatThisLibraryDecides_isAskedAgain() {
        RandomViews views = new RandomViews(new SplittableRandom(1));
        Guardrail[] guardrails = Guardrails.builder().bounds(1, 9).build().toArray(Guardrail[]::new);
        for (int i = 0; i < 200; i++) {
            assertSame(decided(views.next(), Map.of(), null, PolicySets.standard(), guardrails));
        }
    }

    @Test
    void of_policyWithoutARecipe_itsAnswerIsTaken_andTheOthersAreAsked() {
        assertSame(
                decided(List.of(BacklogPolicy.builder().build(), wants("friday", 9)), new Bounds(1, 8)),
                "policy friday");
        // It goes by its place, whatever name its answer bears.
        assertSame(
                decided(
                        List.of(
                                policy("a", view -> new Proposal.Wants("b", 3, Cause.SIGNAL, "")),
                                policy("b", view -> new Proposal.Abstains("a", "no"))),
                        new Bounds(1, 8)),
                "policy a",
                "policy b");
    }

    @Test
    void of_policyThatThrew_itsFailureIsTaken_alsoIfItCouldBeMadeAgain() {
        Policy failing = new Policy() {
            @Override
            public String name() {
                return "backlog";
            }

            @Override
            public Proposal propose(PoolView view) {
                throw new IllegalStateException("out of memory");
            }

            @Override
            public Optional<Recipe> recipe() {
                return BacklogPolicy.builder().build().recipe();
            }
        };
        Entry.Decided entry = decided(List.of(failing, wants("friday", 2)), new Bounds(1, 8));
        assertThat(entry.decision().cause()).isEqualTo(Cause.NO_DATA);
        assertSame(entry, "policy backlog", "policy friday");
    }

    @Test
    void of_recipeOfATypeThatIsNotThere_orOfSettingsThatAreRefused_isTaken() {
        for (Recipe recipe : List.of(new Recipe("lunar", Map.of()), new Recipe("backlog", Map.of("moon", "full")))) {
            Policy policy = new Policy() {
                @Override
                public String name() {
                    return "tide";
                }

                @Override
                public Proposal propose(PoolView view) {
                    return new Proposal.Wants(name(), 6, 5.5, Cause.FORECAST, "the moon");
                }

                @Override
                public Optional<Recipe> recipe() {
                    return Optional.of(recipe);
                }
            };
            assertSame(decided(List.of(policy), new Bounds(1, 8)), "policy tide");
        }
    }

    @Test
    void of_learningPolicy_learnsAgainFromWhatItKnewBefore() {
        PoolView busy = view().atNanos(2_000_000_000L)
                .ready(4)
                .tier(120, 0, 4, 30, Double.NaN)
                .build();
        Map<String, Learned> knew =
                Map.of("adaptive", new Learned(Map.of("threshold", 0.6, "use", 0.9, "at", 1.0, "near", 599.5)));
        Entry.Decided entry = decided(
                busy, knew, null, List.of(AdaptiveThresholdPolicy.builder().build()), new Bounds(1, 20));
        assertThat(entry.decision().proposals().get(0).why()).contains("The threshold is 0.60");
        assertSame(entry);

        Entry.Decided forgetful = new Entry.Decided(entry.decision(), withLearned(entry.inputs(), Map.of()));
        assertThat(Replay.of(forgetful).same()).isFalse();
    }

    private static Inputs withLearned(Inputs inputs, Map<String, Learned> learned) {
        return new Inputs(
                inputs.view(), inputs.history(), learned, inputs.trusted(), inputs.override(), inputs.composition());
    }

    @Test
    void of_learningPolicyOfSomebodyElse_isNeitherTaughtNorAsked() {
        LearningPolicy learning = new LearningPolicy() {
            private int taught;

            @Override
            public String name() {
                return "pupil";
            }

            @Override
            public Learned learn(PoolView view, Learned before) {
                taught++;
                return new Learned(Map.of("lessons", (double) taught));
            }

            @Override
            public Proposal propose(PoolView view, Learned learned) {
                return new Proposal.Wants(name(), taught, Cause.SIGNAL, learned.toString());
            }
        };
        assertSame(decided(List.of(learning), new Bounds(0, 8)), "policy pupil");
    }

    @Test
    void of_guardrailWithoutARecipe_whateverItAnswered_isTaken() {
        List<Function<Integer, Narrowing>> answers = List.of(
                proposed -> Narrowing.none("own", proposed),
                proposed -> new Narrowing("own", 5, "the till says five"),
                proposed -> new Narrowing("own", 5, ""),
                proposed -> new Narrowing("other", 5, "under another name"),
                proposed -> {
                    throw new IllegalStateException("the till is open");
                });
        for (Function<Integer, Narrowing> answer : answers) {
            Entry.Decided first =
                    decided(List.of(BacklogPolicy.builder().build()), once("own", false, answer), new Bounds(1, 8));
            assertThat(first.decision().narrowings().get(0).guardrail()).isEqualTo("own");
            assertSame(first, "guardrail own");
            assertSame(
                    decided(
                            List.of(BacklogPolicy.builder().build()),
                            new Bounds(1, 6),
                            once("own", false, answer),
                            once("own2", false, proposed -> new Narrowing("own2", proposed - 1, ""))),
                    "guardrail own",
                    "guardrail own2");
        }
    }

    @Test
    void of_overridden_thoseThatHoldForItAreToldFromTheRecord() {
        ManualOverride pin = ManualOverride.pin(30, Duration.ofNanos(3_600_000_000_001L), "ana", "launch");
        ManualOverride pause = ManualOverride.pause(Duration.ofHours(2), "bo", "");
        for (boolean binds : new boolean[] {true, false}) {
            Function<Integer, Narrowing> answer = proposed -> new Narrowing("own", Math.min(proposed, 12), "the till");
            Entry.Decided pinned = decided(
                    VIEW,
                    Map.of(),
                    pin,
                    List.of(BacklogPolicy.builder().build()),
                    once("free", false, proposed -> Narrowing.none("free", proposed)),
                    once("own", binds, answer),
                    once("last", true, proposed -> Narrowing.none("last", proposed)),
                    new Bounds(1, 20));
            assertThat(pinned.decision().to()).isEqualTo(binds ? 12 : 20);
            assertSame(pinned, "guardrail free", "guardrail own", "guardrail last");
            assertSame(
                    decided(
                            VIEW,
                            Map.of(),
                            pause,
                            List.of(BacklogPolicy.builder().build()),
                            once("own", binds, answer),
                            new Bounds(1, 2)),
                    "guardrail own");
        }
    }

    @Test
    void of_recordOfAnotherVersion_saysWhatDiffers_andWhoWasTakenHasNothingAgainstTheOtherNumber() {
        Entry.Decided entry = decided(
                List.of(BacklogPolicy.builder().build()),
                once("own", false, proposed -> Narrowing.none("own", proposed)),
                new Bounds(1, 20));
        Part lazier = new Part(
                "backlog",
                BacklogPolicy.builder().targetUtilization(0.4).build().recipe());
        Inputs inputs = entry.inputs();
        Inputs other = new Inputs(
                inputs.view(),
                inputs.history(),
                inputs.learned(),
                inputs.trusted(),
                inputs.override(),
                new Composition(List.of(lazier), inputs.composition().guardrails()));
        Replayed replayed = Replay.of(new Entry.Decided(entry.decision(), other));
        assertThat(entry.decision().to()).isEqualTo(3);
        assertThat(replayed.again().to()).isEqualTo(5);
        assertThat(replayed.same()).isFalse();
        assertThat(replayed.differences())
                .startsWith("to was 3 and is 5")
                .anyMatch(each -> each.startsWith("proposal 1 was Wants[policy=backlog, replicas=3"))
                .anyMatch(each -> each.startsWith("narrowing 1 was Narrowing[guardrail=own, replicas=3, why=] and is "
                        + "Narrowing[guardrail=own, replicas=5, why=]"));
    }

    @Test
    void differences_nameEveryPartOfADecision() {
        Entry.Decided entry = decided(List.of(wants("friday", 6)), new Bounds(1, 5));
        Decision was = entry.decision();
        List<String> parts = new ArrayList<>();
        for (RecordComponent component : Decision.class.getRecordComponents()) {
            Decision other = new Decision(
                    component.getName().equals("id") ? 99 : was.id(),
                    component.getName().equals("pool") ? "other" : was.pool(),
                    component.getName().equals("at") ? Instant.MAX : was.at(),
                    component.getName().equals("atNanos") ? 99 : was.atNanos(),
                    component.getName().equals("from") ? 99 : was.from(),
                    component.getName().equals("to") ? 99 : was.to(),
                    component.getName().equals("cause") ? Cause.NO_DATA : was.cause(),
                    component.getName().equals("proposals")
                            ? List.of(was.proposals().get(0), new Proposal.Abstains("more", ""))
                            : was.proposals(),
                    component.getName().equals("narrowings")
                            ? List.of(was.narrowings().get(0), new Narrowing("more", 5, ""))
                            : was.narrowings(),
                    component.getName().equals("alternatives") ? List.<Alternative>of() : was.alternatives(),
                    component.getName().equals("origin") ? Origin.period(1) : was.origin());
            assertThat(other).as(component.getName()).isNotEqualTo(was);
            // Identity, time and origin are given to whoever decides again; here they are compared with those of
            // before.
            List<String> found = Replay.differences(was, other);
            assertThat(found).as(component.getName()).isNotEmpty();
            parts.add(found.get(0).split(" was ", 2)[0]);
        }
        assertThat(parts)
                .containsExactly(
                        "id",
                        "pool",
                        "at",
                        "atNanos",
                        "from",
                        "to",
                        "cause",
                        "proposal 2",
                        "narrowing 2",
                        "alternative 1",
                        "origin");
    }

    @Test
    void of_noAnswerToTake_isRefused() {
        Entry.Decided entry = decided(List.of(wants("friday", 6)), new Bounds(1, 5));
        Decision was = entry.decision();
        Decision torn = new Decision(
                was.id(),
                was.pool(),
                was.at(),
                was.atNanos(),
                was.from(),
                was.to(),
                was.cause(),
                List.of(),
                was.narrowings(),
                was.alternatives(),
                was.origin());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Replay.of(new Entry.Decided(torn, entry.inputs())))
                .withMessage("decision 7 of pool chat has no answer of policy friday, which cannot be made again");
    }

    @Test
    void with_others_saysWhatTheyWouldHaveDecidedOnTheSame() {
        Entry.Decided entry = decided(List.of(BacklogPolicy.builder().build()), new Bounds(1, 20));
        Replayed replayed =
                Replay.with(entry, new PolicySet("what if", List.of(wants("friday", 9)), List.of(new Bounds(1, 8))));
        assertThat(replayed.recorded().to()).isEqualTo(3);
        assertThat(replayed.again().to()).isEqualTo(8);
        assertThat(replayed.again().id()).isEqualTo(7);
        assertThat(replayed.again().origin()).isEqualTo(entry.decision().origin());
        assertThat(replayed.taken()).isEmpty();
        assertThat(replayed.differences()).startsWith("to was 3 and is 8");

        PolicySet same = new PolicySet("same", List.of(BacklogPolicy.builder().build()), List.of(new Bounds(1, 20)));
        assertThat(Replay.with(entry, same).same()).isTrue();
    }
}
