/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.plugin.HangingThreads;
import io.tidegate.plugin.PluginStatus;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.plugin.PluginStatus.State;
import io.tidegate.policy.Learned;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Policies that are not ours, each thing that one may do wrong. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PluginPolicyPromisesTest {

    private final HangingThreads threads = new HangingThreads();

    @AfterEach
    void release() {
        threads.close();
    }

    /** A policy that is not ours, as the test says. */
    private static final class Foreign implements Policy {

        private final String name;
        private final AtomicInteger asked = new AtomicInteger();
        private volatile Function<PoolView, Proposal> answer;

        Foreign(String name, Function<PoolView, Proposal> answer) {
            this.name = name;
            this.answer = answer;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Proposal propose(PoolView view) {
            asked.incrementAndGet();
            return answer.apply(view);
        }
    }

    private static Proposal wants(String name, int replicas) {
        return new Proposal.Wants(name, replicas, Cause.SIGNAL, "the plugin says so.");
    }

    private static Foreign wanting(int replicas) {
        return new Foreign("plugin", view -> wants("plugin", replicas));
    }

    private static Proposal ofPlugin(Rig rig) {
        return rig.state().latest().orElseThrow().proposals().stream()
                .filter(each -> each.policy().equals("plugin"))
                .findFirst()
                .orElseThrow();
    }

    private static PluginStatus status(Rig rig) {
        return rig.engine().plugins("chat").stream()
                .filter(each -> each.kind() == Kind.POLICY)
                .findFirst()
                .orElseThrow();
    }

    private record Wrong(String what, Function<PoolView, Proposal> answer) {
        @Override
        public String toString() {
            return what;
        }
    }

    @SuppressWarnings("NullAway")
    static Stream<Wrong> wrongs() {
        return Stream.of(
                new Wrong("an exception", view -> {
                    throw new IllegalStateException("told to");
                }),
                new Wrong("an error", view -> {
                    throw new StackOverflowError("told to");
                }),
                new Wrong("out of memory", view -> {
                    throw new OutOfMemoryError("told to");
                }),
                new Wrong("a class that lacks", view -> {
                    throw new NoClassDefFoundError("told/To");
                }),
                new Wrong("null", view -> null),
                new Wrong("NaN", view -> new Proposal.Wants("plugin", 5, Double.NaN, Cause.SIGNAL, "")),
                new Wrong(
                        "infinite",
                        view -> new Proposal.Wants("plugin", 5, Double.POSITIVE_INFINITY, Cause.SIGNAL, "")),
                new Wrong("below zero", view -> wants("plugin", -1)),
                new Wrong("1e9", view -> wants("plugin", 1_000_000_000)),
                new Wrong("no cause", view -> new Proposal.Wants("plugin", 5, null, "")));
    }

    @ParameterizedTest
    @MethodSource("wrongs")
    @DisplayName(
            "J1: a policy that fails keeps its last good answer for 30 s, then abstains; up goes on, down does not")
    void policy_fails_lastGoodThenAbstains(Wrong wrong) {
        Rig rig = new Rig(3);
        Foreign plugin = wanting(4);
        rig.pool.policy(plugin);
        rig.start();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(4);
        rig.backend.all(4);
        rig.want = 2;
        Duration good = Duration.ofSeconds(2);
        rig.advance(good);

        plugin.answer = wrong.answer();
        int asked = plugin.asked.get();
        rig.advance(Duration.ofSeconds(30));
        assertThat(ofPlugin(rig)).isEqualTo(wants("plugin", 4));
        assertThat(plugin.asked.get() - asked)
                .as("three, and the circuit is open")
                .isEqualTo(3);
        assertThat(status(rig).state()).isEqualTo(State.OPEN);
        assertThat(rig.state().failures()).isEqualTo(3);

        rig.advance(Rig.PERIOD.multipliedBy(2));
        assertThat(ofPlugin(rig)).isInstanceOf(Proposal.Abstains.class);
        assertThat(ofPlugin(rig).why()).startsWith("it failed: ").contains("its last answer is 30 s old");
        rig.advance(Duration.ofMinutes(2));
        assertThat(rig.backend.desired)
                .as("what is not known never scales down")
                .isEqualTo(4);
        rig.want = 6;
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(6);

        plugin.answer = view -> wants("plugin", 7);
        rig.advance(Duration.ofMinutes(5));
        assertThat(rig.backend.lastRequest().to()).as("it is tried again").isEqualTo(7);
        assertThat(status(rig).state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName("J1: an answer under another name goes under the policy's own, and endless texts are cut")
    void policy_wrongNameAndEndlessTexts_areNormalised() {
        Rig rig = new Rig(3);
        Foreign plugin =
                new Foreign("plugin", view -> new Proposal.Wants("backlog", 5, Cause.SIGNAL, "x".repeat(10_000_000)));
        rig.pool.policy(plugin);
        rig.start();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(5);
        assertThat(ofPlugin(rig).why()).hasSize(1_000);

        plugin.answer = view -> new Proposal.Abstains("wanting", "y".repeat(10_000_000));
        rig.advance(Rig.PERIOD);
        assertThat(ofPlugin(rig)).isInstanceOf(Proposal.Abstains.class);
        assertThat(ofPlugin(rig).why()).hasSize(1_000);
    }

    @Test
    @DisplayName("J1: most replicas of any pool are still an answer, and bounds make them the maximum")
    void policy_wantsMany_isBounded() {
        Rig rig = new Rig(3);
        rig.pool.policy(wanting(ReplicaMath.MANY));
        rig.start();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(10);
    }

    /** Rounds on the test's thread; backend and plugins on threads that may hang. */
    private Rig onThreads(Rig rig) {
        return rig.start(Runnable::run, builder -> builder.calls(threads));
    }

    /** Until the backend, which is called on threads as well, has answered. */
    private static void untilDecided(Rig rig) {
        while (rig.state().latest().isEmpty()) {
            rig.advance(Rig.PERIOD);
        }
    }

    @Test
    @DisplayName(
            "J2: a policy that ignores its interrupt has 2 threads and 2 s; then it is off, and comes back when one returns")
    void policy_hangs_isGivenUp_off_andComesBack() {
        Rig rig = new Rig(3);
        Foreign plugin = wanting(4);
        rig.pool.policy(plugin);
        onThreads(rig);
        untilDecided(rig);
        plugin.answer = view -> {
            threads.hang();
            return wants("plugin", 9);
        };
        rig.want = 5;
        rig.advance(Duration.ofMinutes(10));

        assertThat(threads.hanging()).isEqualTo(2);
        assertThat(status(rig).abandoned()).isEqualTo(2);
        assertThat(status(rig).state()).isEqualTo(State.OFF);
        assertThat(status(rig).timeouts()).isEqualTo(2);
        assertThat(rig.backend.desired).as("rounds go on, and up works").isEqualTo(5);
        assertThat(ofPlugin(rig)).isInstanceOf(Proposal.Abstains.class);
        assertThat(ofPlugin(rig).why()).contains("did not answer within PT2S");

        plugin.answer = view -> wants("plugin", 7);
        threads.close();
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.desired).as("what came late was not taken").isNotEqualTo(9);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.backend.desired).isEqualTo(7);
        assertThat(status(rig).abandoned()).isZero();
    }

    @Test
    @DisplayName(
            "J2: a policy that is slow but answers in time is asked once at a time, and its answer waits for no period")
    void policy_slow_isAskedOnceAtATime_andWakesTheEngine() {
        Rig rig = new Rig(3);
        Foreign plugin = new Foreign("plugin", view -> {
            threads.hang();
            return wants("plugin", 6);
        });
        rig.pool.policy(plugin).period(Duration.ofSeconds(1));
        onThreads(rig);
        rig.advance(Duration.ofMillis(1500));
        assertThat(plugin.asked).hasValue(1);
        assertThat(ofPlugin(rig).why()).isEqualTo("it has not answered yet");

        // Nobody advances the clock: the answer itself sets off the round that takes it.
        threads.close();
        assertThat(rig.decisions).singleElement().satisfies(decision -> {
            assertThat(decision.to()).isEqualTo(6);
            assertThat(decision.origin().trigger()).isEqualTo(Trigger.OTHER);
        });
        assertThat(plugin.asked).as("that round asks nothing").hasValue(1);
    }

    @Test
    @DisplayName("J3: while one policy hangs, rounds of 100 other pools come no less often than without it")
    void policy_hangs_hundredOtherPoolsAreNotDelayed() {
        List<Integer> without = rounds(false);
        List<Integer> with = rounds(true);
        for (int i = 0; i < 100; i++) {
            assertThat((double) with.get(i)).as("pool " + i).isCloseTo(without.get(i), within(0.1 * without.get(i)));
        }
        assertThat(without.get(0)).isEqualTo(81);
    }

    /** Rounds of each of 100 pools in 20 s, beside one whose policy hangs or answers. */
    private List<Integer> rounds(boolean hangs) {
        ManualTime time = new ManualTime();
        Engine.Builder builder =
                Engine.builder().time(time).executor(Runnable::run).calls(threads);
        List<AtomicInteger> rounds = new ArrayList<>();
        builder.pool(pool("slow", time, new AtomicInteger(), new Foreign("plugin", view -> {
            if (hangs) {
                threads.hang();
            }
            return wants("plugin", 1);
        })));
        for (int i = 0; i < 100; i++) {
            AtomicInteger count = new AtomicInteger();
            rounds.add(count);
            builder.pool(pool("pool-" + i, time, count, null));
        }
        Engine engine = builder.build();
        engine.start();
        time.advance(Duration.ofSeconds(20));
        engine.close();
        return rounds.stream().map(AtomicInteger::get).toList();
    }

    private static ScaledPool pool(
            String name, ManualTime time, AtomicInteger rounds, @org.jspecify.annotations.Nullable Policy policy) {
        FakeLoad load = new FakeLoad(time);
        ScaledPool.Builder builder = ScaledPool.builder(name)
                .load(() -> {
                    rounds.incrementAndGet();
                    return load.get();
                })
                .statusPeriod(Duration.ofSeconds(10))
                .backend(FakeBackend.with(1))
                .bounds(1, 10);
        return (policy == null ? builder : builder.policy(policy)).build();
    }

    @Test
    @DisplayName(
            "J4: when the engine is closed no thread of a plugin is left but those it holds itself, which are counted")
    void close_interruptsPlugins() {
        Rig rig = new Rig(3);
        rig.pool.policy(new Foreign("plugin", view -> {
            try {
                threads.hangUntilInterrupted();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return wants("plugin", 1);
        }));
        onThreads(rig);
        rig.advance(Duration.ofSeconds(1));
        assertThat(threads.hanging()).isEqualTo(1);
        rig.close();
        threads.join(0);
        assertThat(status(rig).abandoned()).isZero();
    }

    /** Adds what it is shown to what it knows. */
    private static final class Counting implements LearningPolicy {

        private final List<Double> known = new ArrayList<>();
        private boolean fails;

        @Override
        public String name() {
            return "plugin";
        }

        @Override
        public Learned learn(PoolView view, Learned before) {
            if (fails) {
                throw new IllegalStateException("told to");
            }
            known.add(before.get("seen", 0));
            return new Learned(Map.of("seen", before.get("seen", 0) + 1));
        }

        @Override
        public Proposal propose(PoolView view, Learned learned) {
            return wants("plugin", (int) learned.get("seen", 0));
        }
    }

    @Test
    void learningPolicy_inline_learnsFromEachView() {
        Rig rig = new Rig(1);
        Counting plugin = new Counting();
        rig.pool.policy(plugin);
        rig.start();
        assertThat(ofPlugin(rig)).isEqualTo(wants("plugin", 1));
        rig.advance(Rig.PERIOD.multipliedBy(3));
        assertThat(plugin.known).containsExactly(0.0, 1.0, 2.0, 3.0);
        assertThat(rig.state().learned().get("plugin").get("seen", 0)).isEqualTo(4);
    }

    @Test
    void learningPolicy_onThreads_isGivenBackWhatItLearned_withItsAnswer() {
        Rig rig = new Rig(1);
        Counting plugin = new Counting();
        rig.pool.policy(plugin);
        onThreads(rig);
        rig.advance(Duration.ofSeconds(2));
        assertThat(plugin.known).hasSizeGreaterThan(3);
        for (int i = 0; i < plugin.known.size(); i++) {
            assertThat(plugin.known.get(i)).isEqualTo(i);
        }
        assertThat(rig.state().learned().get("plugin").get("seen", 0)).isEqualTo(plugin.known.size());
    }

    @Test
    @DisplayName("J1: what a policy has learned stays while it fails")
    void learningPolicy_fails_keepsWhatItLearned() {
        Rig rig = new Rig(1);
        Counting plugin = new Counting();
        rig.pool.policy(plugin);
        rig.start();
        plugin.fails = true;
        rig.advance(Duration.ofMinutes(1));
        assertThat(rig.state().learned().get("plugin").get("seen", 0)).isEqualTo(1);
        assertThat(ofPlugin(rig)).isInstanceOf(Proposal.Abstains.class);
        plugin.fails = false;
        rig.advance(Duration.ofMinutes(2));
        assertThat(plugin.known.get(1)).isEqualTo(1);
    }

    @Test
    void reload_keepsTheBulkheadOfAPolicyThatStays_andCountsWhatOneThatGoesHolds() {
        Rig rig = new Rig(3);
        Foreign plugin = new Foreign("plugin", view -> {
            threads.hang();
            return wants("plugin", 4);
        });
        rig.pool.policy(plugin);
        onThreads(rig);
        rig.advance(Duration.ofSeconds(10));
        for (int i = 0; i < 20; i++) {
            rig.engine().reconfigure(rig.pool.build());
            rig.advance(Duration.ofSeconds(10));
        }
        assertThat(threads.hanging()).as("no two more at each reload").isEqualTo(2);
        assertThat(status(rig).abandoned()).isEqualTo(2);
    }

    @Test
    void builtInPolicies_areAskedOnTheEnginesThread_underAnyName() {
        assertThat(PolicyTypes.isBuiltIn(PolicyTypes.create("backlog", "mine", Map.of())))
                .isTrue();
        assertThat(PolicyTypes.isBuiltIn(wanting(1))).isFalse();
    }

    @Test
    @DisplayName("J4: nothing that a policy is shown can be changed")
    void view_isImmutable() {
        Rig rig = new Rig(3);
        List<String> reached = new ArrayList<>();
        rig.pool.policy(new Foreign("plugin", view -> {
            Immutability.assertDeep(view, "view", reached);
            return wants("plugin", 3);
        }));
        rig.load.arrive(10);
        rig.load.inFlight = 5;
        rig.backend.all(3);
        rig.backend.ready = 2;
        rig.pool.signals(() -> {
            Map<String, io.tidegate.pool.Signal> mutable = new java.util.HashMap<>();
            mutable.put(
                    "gpu",
                    new io.tidegate.pool.Signal.Known(
                            1, "ratio", rig.time.nanos(), "dcgm", 1, new ArrayList<>(List.of())));
            return mutable;
        });
        rig.start();
        rig.advance(Duration.ofSeconds(2));
        assertThat(ofPlugin(rig)).as(() -> ofPlugin(rig).why()).isInstanceOf(Proposal.Wants.class);
        assertThat(reached)
                .contains(
                        "view.tiers",
                        "view.signals",
                        "view.replicas.dueNanos",
                        "view.evidence.gaps",
                        "view.recent.seconds");
        assertThatThrownBy(() -> Immutability.assertDeep(new ArrayList<>(List.of(1)), "list", new ArrayList<>()))
                .isInstanceOf(AssertionError.class);
    }
}
