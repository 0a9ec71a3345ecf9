/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Part;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTrackingPolicyTest {

    private static final String LOAD = "load";

    private static Signal total(double value) {
        return new Known(value, "requests", 0, "test");
    }

    private static Signal ratio(double value) {
        return new Known(value, "ratio", 0, "test");
    }

    private static Signal heard(double share, double value) {
        return new Known(value, "requests", 0, "test", share, List.of());
    }

    /**
     * Replicas as a line of text: {@code 0.9} is ready with that value, {@code ?} ready without one, {@code -} not ready, {@code -0.9} not ready
     * with that value.
     */
    private static Signal parts(String unit, String line) {
        List<Part> parts = new ArrayList<>();
        for (String one : line.split(" ", -1)) {
            boolean ready = !one.startsWith("-");
            String value = ready ? one : one.substring(1);
            Signal signal = value.isEmpty() || value.equals("?")
                    ? new Signal.Missing("test", "no answer")
                    : new Known(Double.parseDouble(value), unit, 0, "test");
            parts.add(new Part("replica-" + parts.size(), ready, signal));
        }
        return new Known(0.5, unit, 0, "test", 1, parts);
    }

    private static Proposal propose(
            TargetTrackingPolicy.Builder builder, PoolViews replicas, String name, Signal signal) {
        return builder.build().propose(replicas.signals(Map.of(name, signal)).build());
    }

    private static Wants wants(TargetTrackingPolicy.Builder builder, PoolViews replicas, Signal signal) {
        return (Wants) propose(builder, replicas, LOAD, signal);
    }

    private static int replicas(TargetTrackingPolicy.Builder builder, PoolViews replicas, Signal signal) {
        return wants(builder, replicas, signal).replicas();
    }

    private static TargetTrackingPolicy.Builder on(TargetTrackingPolicy.Type type, double target) {
        return TargetTrackingPolicy.of(LOAD, type, target);
    }

    @Nested
    class TheExamplesOfTheJavadoc {

        @Test
        void queueDepth_95WaitFor10Each_so10() {
            Wants wants = (Wants)
                    propose(TargetTrackingPolicy.queueDepth(10), view().ready(4), "gate.queue.depth", total(95));
            assertThat(wants)
                    .isEqualTo(new Wants(
                            "target gate.queue.depth",
                            10,
                            9.5,
                            Cause.SIGNAL,
                            "gate.queue.depth is 95 requests in all, for 10 requests per replica: 9.5 replicas, so 10."
                                    + " With 9 each would have 10.56 requests."));
        }

        @Test
        void cpu_meanOf90For80_so5() {
            Wants wants = (Wants) propose(
                    TargetTrackingPolicy.cpu(0.8),
                    view().ready(4),
                    "pods.cpu.utilization",
                    parts("ratio", "0.9 1.0 0.9 0.8"));
            assertThat(wants.replicas()).isEqualTo(5);
            assertThat(wants.why())
                    .isEqualTo(
                            "pods.cpu.utilization is 90 % on average over 4 ready for a target of 80 %: 4.5 replicas,"
                                    + " so 5. With 4 each would have 90 %.");
        }

        @Test
        void requestsPerSecond_stepOfOneAtTen_isSwallowedByTheDefaultTolerance() {
            PoolViews ten = view().ready(10);
            Wants stays = (Wants) propose(TargetTrackingPolicy.requestsPerSecond(1), ten, "gate.arrivals", total(11));
            assertThat(stays.replicas()).isEqualTo(10);
            assertThat(stays.why()).endsWith("; 1.1 times the target is within the tolerance, so 10 stay.");
            Wants acts = (Wants)
                    propose(TargetTrackingPolicy.requestsPerSecond(1).tolerance(0), ten, "gate.arrivals", total(11));
            assertThat(acts.replicas()).isEqualTo(11);
            Wants down = (Wants)
                    propose(TargetTrackingPolicy.requestsPerSecond(1).tolerance(0), ten, "gate.arrivals", total(9));
            assertThat(down.replicas()).isEqualTo(9);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "95, 4, 10",
        "44, 4, 4",
        "44.1, 4, 5",
        "36, 4, 4",
        "35.9, 4, 4",
        "29, 4, 3",
        "0, 4, 0",
        "0, 0, 0",
        "5, 0, 1",
        "250, 0, 25",
        "2147483648, 4, 1000000",
        "1e308, 4, 1000000"
    })
    void averageValue_isATotalOverTheTarget(double value, int current, int expected) {
        assertThat(replicas(on(TargetTrackingPolicy.Type.AVERAGE_VALUE, 10), view().ready(current), total(value)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        // value, current, ready, expected
        "20, 4, 4, 8",
        "11, 4, 4, 4",
        "11.1, 4, 4, 5",
        "9, 4, 4, 4",
        "5, 4, 4, 2",
        "0, 4, 4, 0",
        "20, 4, 3, 6",
        // Against the ratio: twice the target, and yet fewer than were asked for.
        "20, 4, 1, 4",
        "20, 4, 0, 4",
        "1e308, 4, 0, 4",
        // Half the target, and yet more than were asked for: seven of ten drain.
        "5, 3, 10, 3",
        "25, 0, 0, 3",
        "1e308, 4, 4, 1000000"
    })
    void value_multipliesTheReadyReplicas(double value, int current, int ready, int expected) {
        assertThat(replicas(
                        on(TargetTrackingPolicy.Type.VALUE, 10),
                        view().desired(current).ready(ready).desired(current),
                        total(value)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        // Cases of the calculator tests of the HPA: values, target, asked for, expected.
        "0.3 0.5 0.7, 0.3, 3, 5",
        "-0.3 0.5 0.7, 0.3, 3, 4",
        "0.4 -0.5 -0.7, 0.3, 3, 3",
        "0.1 0.3 0.5 0.25 0.25, 0.5, 5, 3",
        "1.0 ?, 1.0, 2, 2",
        "1.0 ? ?, 1.0, 4, 4",
        "0.6 ?, 1.0, 2, 2",
        "-0.1 0.45 ?, 0.5, 3, 3",
        "-0.1 2.0 ?, 0.5, 3, 4",
        "-0.1 0.1 0.1 ?, 0.5, 4, 3",
        // All are measured: within the tolerance, just outside it up and down.
        "0.55 0.55, 0.5, 2, 2",
        "0.56 0.56, 0.5, 2, 3",
        "0.44 0.44 0.44 0.44 0.44 0.44 0.44 0.44 0.44 0.44, 0.5, 10, 9",
        // Up only in part: one of four is missing and counts as idle.
        "1.0 1.0 1.0 ?, 0.5, 4, 6",
        // A value that cannot be true is missing.
        "1.0 1.0 1.0 1e-310, 0.5, 4, 6",
        // Five drain of the ten that are measured: no number above what was asked for.
        "0.4 0.4 0.4 0.4 0.4 0.4 0.4 0.4 0.4 0.4, 0.5, 5, 5",
        // Fewer are measured than were asked for: no number below it.
        "0.9 0.9, 0.5, 6, 6"
    })
    void perReplica_countsWhatIsMissingAgainstActing(String line, double target, int current, int expected) {
        assertThat(replicas(
                        on(TargetTrackingPolicy.Type.PER_REPLICA, target), view().ready(current), parts("ratio", line)))
                .isEqualTo(expected);
    }

    @Nested
    class PerReplica {

        @Test
        void missingOnTheWayDown_inUnits_countsAsTheTarget() {
            // (2 + 10)/2 of 10 are 0.6, of two replicas: 1.2. As idle it would be one.
            assertThat(replicas(
                            on(TargetTrackingPolicy.Type.PER_REPLICA, 10), view().ready(2), parts("requests", "2 ?")))
                    .isEqualTo(2);
            assertThat(replicas(
                            on(TargetTrackingPolicy.Type.PER_REPLICA, 10),
                            view().ready(4),
                            parts("requests", "2 2 2 ?")))
                    .isEqualTo(2);
        }

        @Test
        void dueReplicas_countAsIdleOnTheWayUp_thoughNobodyScrapesThem() {
            // 1.5 times the target on four; with the two due it is exactly the target.
            PoolViews twoDue = view().ready(4).desired(6).due(1L, 2L);
            assertThat(replicas(on(TargetTrackingPolicy.Type.PER_REPLICA, 0.6), twoDue, ratio(0.9)))
                    .isEqualTo(6);
            assertThat(replicas(
                            on(TargetTrackingPolicy.Type.PER_REPLICA, 0.6), twoDue, parts("ratio", "0.9 0.9 0.9 0.9")))
                    .isEqualTo(6);
            assertThat(replicas(on(TargetTrackingPolicy.Type.PER_REPLICA, 0.6), view().ready(4), ratio(0.9)))
                    .isEqualTo(6);
        }

        @Test
        void why_missing_saysAsWhatItCounted() {
            Wants up = wants(
                    on(TargetTrackingPolicy.Type.PER_REPLICA, 0.5), view().ready(4), parts("ratio", "1.0 1.0 1.0 ?"));
            assertThat(up.why())
                    .isEqualTo("load is 100 % on average over 3 ready for a target of 50 %; 1 without a value count as"
                            + " idle: 6 replicas, so 6. With 5 each would have 60 %.");
            Wants flips = wants(
                    on(TargetTrackingPolicy.Type.PER_REPLICA, 0.5), view().ready(3), parts("ratio", "-0.1 0.45 ?"));
            assertThat(flips.why())
                    .contains("gives no number in its own direction")
                    .endsWith("so 3 stay.");
        }

        @Test
        void nobodyReady_abstains() {
            assertThat(propose(
                            on(TargetTrackingPolicy.Type.PER_REPLICA, 0.5),
                            view().ready(0).desired(2),
                            LOAD,
                            ratio(0.9)))
                    .isEqualTo(new Abstains("target load", "load comes from no ready replica"));
            assertThat(propose(
                            on(TargetTrackingPolicy.Type.PER_REPLICA, 0.5),
                            view().ready(2),
                            LOAD,
                            parts("ratio", "- ?")))
                    .isInstanceOf(Abstains.class);
        }

        @Test
        void fromZero_abstains() {
            assertThat(propose(on(TargetTrackingPolicy.Type.PER_REPLICA, 0.5), view().ready(0), LOAD, ratio(0.9)))
                    .isEqualTo(new Abstains("target load", "there is no replica that could be measured"));
        }
    }

    @ParameterizedTest
    @CsvSource({"0.5, 0.1, 15, 10", "0.5, 0.1, 15.1, 16", "0.1, 0.5, 5, 10", "0.1, 0.5, 4.9, 5", "0, 1, 0, 10"})
    void tolerance_holdsPerDirection(double up, double down, double value, int expected) {
        assertThat(replicas(
                        on(TargetTrackingPolicy.Type.AVERAGE_VALUE, 1)
                                .toleranceUp(up)
                                .toleranceDown(down),
                        view().ready(10),
                        total(value)))
                .isEqualTo(expected);
    }

    /**
     * A replica serves 10/s, 100/s are offered from 60 s on, a new replica serves 60 s after it was asked for, and every 15 s somebody asks
     * how many there should be. Nothing is removed.
     */
    private static final class Overload {

        private final List<Integer> servesFrom = new ArrayList<>(List.of(0));
        private final List<Integer> asked = new ArrayList<>();
        private double queue;
        private int now = 60;

        int serving() {
            return (int) servesFrom.stream().filter(at -> at <= now).count();
        }

        Overload rounds(int count, ToIntFunction<Overload> policy) {
            for (int i = 0; i < count; i++) {
                queue = Math.max(0, queue + (100 - 10 * serving()) * 15);
                now += 15;
                int wanted = policy.applyAsInt(this);
                asked.add(wanted);
                while (servesFrom.size() < wanted) {
                    servesFrom.add(now + 60);
                }
            }
            return this;
        }

        int peak() {
            return asked.stream().mapToInt(Integer::intValue).max().orElseThrow();
        }
    }

    @Nested
    class Compounding {

        @Test
        void value_onAQueue_multipliesAgainEachRound() {
            Overload overload = new Overload().rounds(4, now -> {
                // Their probe passes before they serve: all asked for count as ready.
                PoolViews all = view().ready(now.servesFrom.size());
                return replicas(on(TargetTrackingPolicy.Type.VALUE, 250), all, total(now.queue));
            });
            assertThat(overload.asked).containsExactly(6, 65, 1_053, 22_745);
        }

        @Test
        void averageValue_onTheSameQueue_doesNot() {
            Overload overload = new Overload()
                    .rounds(
                            40,
                            now -> replicas(
                                    on(TargetTrackingPolicy.Type.AVERAGE_VALUE, 250),
                                    view().ready(now.servesFrom.size()),
                                    total(now.queue)));
            assertThat(overload.asked).startsWith(6, 11, 17, 22);
            assertThat(overload.peak()).isEqualTo(27);
        }

        @Test
        void averageValue_onArrivals_asksForTheTenOnce() {
            Overload overload = new Overload()
                    .rounds(
                            40,
                            now -> replicas(
                                    on(TargetTrackingPolicy.Type.AVERAGE_VALUE, 10),
                                    view().ready(now.serving()),
                                    total(100)));
            assertThat(overload.asked).containsOnly(10);
        }

        @Test
        void backlogPolicy_creditsWhatIsDue() {
            BacklogPolicy policy = BacklogPolicy.builder().build();
            Overload overload = new Overload().rounds(40, now -> {
                Long[] due = now.servesFrom.stream()
                        .filter(at -> at > now.now)
                        .map(at -> Duration.ofSeconds(at).toNanos())
                        .toArray(Long[]::new);
                PoolView view = view().at(Duration.ofSeconds(now.now))
                        .replica(Work.slots(10))
                        .desired(now.servesFrom.size())
                        .ready(now.serving())
                        .due(due)
                        .timeToReady(60)
                        .tier(100, 1, (long) now.queue)
                        .build();
                return ((Wants) policy.propose(view)).replicas();
            });
            // 12.5 for the arrivals at 80 % use, the rest for a queue to be gone 30 s after replicas are ready.
            assertThat(overload.peak()).isEqualTo(19);
        }
    }

    @Nested
    class Unknown {

        @Test
        void missing_abstainsWithTheReason() {
            assertThat(TargetTrackingPolicy.kvCache(0.8)
                            .build()
                            .propose(view().ready(2).build()))
                    .isEqualTo(new Abstains(
                            "target engine.kv.cache.usage",
                            "engine.kv.cache.usage is not known: no source gives a signal of this name"));
        }

        @Test
        void staleAndInvalid_abstain() {
            assertThat(propose(
                            on(TargetTrackingPolicy.Type.VALUE, 1),
                            view().ready(2),
                            LOAD,
                            new Signal.Stale("s", Duration.ofSeconds(50))))
                    .isEqualTo(new Abstains("target load", "load is not known: last heard 50 s ago"));
            assertThat(propose(
                            on(TargetTrackingPolicy.Type.VALUE, 1),
                            view().ready(2),
                            LOAD,
                            new Signal.Invalid("s", "it is HTML")))
                    .isEqualTo(new Abstains("target load", "load is not known: it is HTML"));
        }

        @Test
        void heardInPart_neverBelowCurrentButUp() {
            Wants held = wants(on(TargetTrackingPolicy.Type.AVERAGE_VALUE, 10), view().ready(5), heard(0.6, 20));
            assertThat(held.replicas()).isEqualTo(5);
            assertThat(held.why()).endsWith(": 2 replicas, but only 60 % heard of, so 5 stay.");
            assertThat(replicas(on(TargetTrackingPolicy.Type.AVERAGE_VALUE, 10), view().ready(5), heard(0.6, 90)))
                    .isEqualTo(9);
        }

        @Test
        void countWhereARatioBelongs_abstains() {
            assertThat(propose(TargetTrackingPolicy.kvCache(0.8).signal(LOAD), view().ready(2), LOAD, total(85)))
                    .isEqualTo(new Abstains("target load", "load is measured in requests but its target is in ratio"));
            assertThat(propose(on(TargetTrackingPolicy.Type.PER_REPLICA, 80), view().ready(2), LOAD, ratio(0.85)))
                    .isEqualTo(new Abstains("target load", "load is a ratio and can never reach the target of 80"));
        }

        @DisplayName("E1: a missing source never scales down, and the others may scale up")
        @ParameterizedTest
        @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
        void anySubsetOfSourcesMissing_thesePoliciesAbstainAndTheOthersAct(int missing) {
            List<Policy> policies = List.of(
                    TargetTrackingPolicy.queueDepth(10).build(),
                    TargetTrackingPolicy.kvCache(0.8).build(),
                    TargetTrackingPolicy.of("gpu.temperature", TargetTrackingPolicy.Type.VALUE, 40)
                            .build());
            List<String> names = List.of("gate.queue.depth", "engine.kv.cache.usage", "gpu.temperature");
            List<Signal> low = List.of(total(1), ratio(0.1), total(1));
            List<Signal> high = List.of(total(100), ratio(0.9), total(80));
            for (int i = 0; i < 3; i++) {
                int self = i;
                PoolView quiet = some(names, low, missing);
                PoolView loud = some(names, high, missing);
                if ((missing >> self & 1) == 1) {
                    assertThat(policies.get(self).propose(quiet)).isInstanceOf(Abstains.class);
                    assertThat(policies.get(self).propose(loud)).isInstanceOf(Abstains.class);
                } else {
                    assertThat(((Wants) policies.get(self).propose(quiet)).replicas())
                            .isLessThan(4);
                    assertThat(((Wants) policies.get(self).propose(loud)).replicas())
                            .isGreaterThan(4);
                }
            }
        }

        private PoolView some(List<String> names, List<Signal> values, int missing) {
            Map<String, Signal> signals = new HashMap<>();
            IntStream.range(0, names.size())
                    .filter(i -> (missing >> i & 1) == 0)
                    .forEach(i -> signals.put(names.get(i), values.get(i)));
            return view().ready(4).signals(signals).build();
        }
    }

    @DisplayName("E2: hostile values saturate or abstain, and never go below current")
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void hostileValues_neverBelowCurrent(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] hostile = {
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            -1,
            -1e308,
            -0.0,
            1e-320,
            Double.MIN_VALUE,
            2147483648.0,
            1e308,
            Double.MAX_VALUE
        };
        for (int i = 0; i < 25_000; i++) {
            int current = random.nextInt(1, 1_000);
            int ready = random.nextInt(0, 1_000);
            Signal[] values = new Signal[random.nextInt(1, 5)];
            for (int j = 0; j < values.length; j++) {
                double value = hostile[random.nextInt(hostile.length)];
                values[j] = Double.isFinite(value)
                        ? new Known(value, "requests", 0, "test")
                        : new Signal.Invalid("test", "no number");
            }
            List<Part> parts = new ArrayList<>();
            for (int j = 1; j < values.length; j++) {
                parts.add(new Part("r" + j, random.nextInt(4) > 0, values[j]));
            }
            Signal signal = values[0] instanceof Known known
                    ? new Known(known.value(), known.unit(), 0, "test", random.nextInt(2), parts)
                    : values[0];
            TargetTrackingPolicy.Type type =
                    List.of(TargetTrackingPolicy.Type.values()).get(random.nextInt(3));
            double target = Math.pow(10, random.nextDouble(-307, 3));
            Proposal proposal = propose(
                    on(type, target).tolerance(random.nextInt(2) * 0.1),
                    view().ready(ready).desired(current),
                    LOAD,
                    signal);
            if (proposal instanceof Wants wants) {
                assertThat(wants.replicas())
                        .as("%s of %s for %s with %s ready", type, signal, target, ready)
                        .isBetween(current, ReplicaMath.MANY);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, -0.0, 1e-320, Double.MIN_VALUE, Double.NaN, Double.POSITIVE_INFINITY})
    void target_thatNothingCanBeHeldAgainst_isRefused(double target) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TargetTrackingPolicy.queueDepth(target))
                .withMessage(
                        "target of gate.queue.depth must be above 0, finite and not vanishingly small but was %s",
                        target);
    }

    @Test
    void target_ratioAboveOne_isRefusedSinceNothingReachesIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TargetTrackingPolicy.gpuUtilization(80).build())
                .withMessage(
                        "target of gpu.utilization is a ratio and must be above 0 and at most 1 but was 80.0: write 0.8"
                                + " for 80 %");
        assertThat(TargetTrackingPolicy.memory(1).build().name()).isEqualTo("target pods.memory.utilization");
    }

    @Test
    void tolerance_outOfRange_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> on(TargetTrackingPolicy.Type.VALUE, 1).toleranceUp(-0.1))
                .withMessage("toleranceUp must be >= 0 and finite but was -0.1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> on(TargetTrackingPolicy.Type.VALUE, 1).toleranceDown(1.1))
                .withMessage("toleranceDown must be 0 to 1 but was 1.1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> on(TargetTrackingPolicy.Type.VALUE, 1).tolerance(Double.NaN));
    }

    @Test
    void readyMade_readTheSignalsOfTheirNames() {
        Map<String, TargetTrackingPolicy.Builder> made = Map.of(
                "gate.arrivals", TargetTrackingPolicy.requestsPerSecond(1),
                "gate.queue.depth", TargetTrackingPolicy.queueDepth(1),
                "gate.requests.in.flight", TargetTrackingPolicy.inFlight(1),
                "gate.concurrency", TargetTrackingPolicy.concurrency(1),
                "gate.tokens", TargetTrackingPolicy.tokensPerSecond(1));
        made.forEach((name, builder) -> {
            Wants wants = (Wants) propose(builder.name("mine"), view().ready(1), name, total(3));
            assertThat(wants.replicas()).as(name).isEqualTo(3);
            assertThat(wants.policy()).isEqualTo("mine");
        });
        Map<String, TargetTrackingPolicy.Builder> shares = Map.of(
                "pods.cpu.utilization", TargetTrackingPolicy.cpu(0.5),
                "pods.memory.utilization", TargetTrackingPolicy.memory(0.5),
                "engine.kv.cache.usage", TargetTrackingPolicy.kvCache(0.5),
                "gpu.utilization", TargetTrackingPolicy.gpuUtilization(0.5),
                "gate.utilization", TargetTrackingPolicy.slotUtilization(0.5));
        shares.forEach((name, builder) -> assertThat(
                        ((Wants) propose(builder, view().ready(2), name, ratio(0.9))).replicas())
                .as(name)
                .isEqualTo(4));
    }
}
