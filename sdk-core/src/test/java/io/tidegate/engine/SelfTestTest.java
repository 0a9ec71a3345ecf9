/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Behavior.Rate;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Canaries;
import io.tidegate.guardrail.Canary;
import io.tidegate.guardrail.ClockJump;
import io.tidegate.guardrail.Coverage;
import io.tidegate.guardrail.Fallback;
import io.tidegate.guardrail.FlapDamping;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.guardrail.Healthy;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.PendingCap;
import io.tidegate.guardrail.SpendCap;
import io.tidegate.guardrail.ToZero;
import io.tidegate.guardrail.Tolerance;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The test at the start: what protects a pool must be there and bite. */
class SelfTestTest {

    /** All there are, each with settings that make it reject something. */
    private static List<Guardrail> all() {
        return Guardrails.builder()
                .bounds(1, 8)
                .tolerance(new Tolerance(0.1, 0.1))
                .spend(new SpendCap(20, 2))
                .build();
    }

    private static Set<String> names(List<Guardrail> guardrails) {
        return guardrails.stream().map(Guardrail::name).collect(Collectors.toSet());
    }

    static Stream<Guardrail> guardrails() {
        return all().stream();
    }

    /** One that bears the name of another and lets everything pass. */
    private record Dead(Guardrail guardrail) implements Guardrail {

        @Override
        public String name() {
            return guardrail.name();
        }

        @Override
        public Narrowing narrow(PoolView view, History history, int proposed) {
            return Narrowing.none(name(), proposed);
        }

        @Override
        public List<Canary> canaries() {
            return Canaries.of(guardrail);
        }
    }

    private static ScaledPool.Builder pool(List<Guardrail> guardrails, Set<String> demanded) {
        FakeLoad load = new FakeLoad(new ManualTime());
        return ScaledPool.builder("chat")
                .load(load)
                .backend(FakeBackend.with(1))
                .decides(new PolicySet("live", List.of(), guardrails))
                .demands(demanded);
    }

    private static List<Guardrail> replaced(Guardrail one, List<Guardrail> by) {
        List<Guardrail> guardrails = new ArrayList<>();
        for (Guardrail each : all()) {
            if (each.name().equals(one.name())) {
                guardrails.addAll(by);
            } else {
                guardrails.add(each);
            }
        }
        return guardrails;
    }

    @ParameterizedTest
    @MethodSource("guardrails")
    @DisplayName("K5: each guardrail has canaries, and rejects all of them")
    void guardrail_rejectsItsCanaries(Guardrail guardrail) {
        List<Canary> canaries = Canaries.of(guardrail);
        assertThat(canaries).isNotEmpty();
        for (Canary canary : canaries) {
            int answer = guardrail
                    .narrow(canary.view(), canary.history(), canary.proposed())
                    .replicas();
            assertThat(canary.isRejectedBy(answer))
                    .as(canary.what() + ": " + answer)
                    .isTrue();
            assertThat(canary.isRejectedBy(canary.proposed())).as(canary.what()).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("guardrails")
    @DisplayName("K5: a guardrail that lets its canary pass keeps the pool from starting, whatever stands beside it")
    void guardrail_dead_failsFast(Guardrail guardrail) {
        List<Guardrail> guardrails = replaced(guardrail, List.of(new Dead(guardrail)));
        assertThatIllegalStateException()
                .isThrownBy(() -> pool(guardrails, Set.of()).build())
                .withMessageContaining("pool chat: guardrail " + guardrail.name() + " let a proposal pass")
                .withMessageContaining("correct the guardrail, or take it out of the settings");
    }

    @ParameterizedTest
    @MethodSource("guardrails")
    @DisplayName("K5: a guardrail that is demanded and not asked keeps the pool from starting")
    void guardrail_notWired_failsFast(Guardrail guardrail) {
        List<Guardrail> guardrails = replaced(guardrail, List.of());
        assertThatIllegalStateException()
                .isThrownBy(() -> pool(guardrails, names(all())).build())
                .withMessageContaining(
                        "pool chat: the settings demand guardrails that are not asked: " + guardrail.name());
        assertThatCode(() -> pool(all(), names(all())).build()).doesNotThrowAnyException();
    }

    @Test
    @DisplayName("K5: a guardrail that throws has not rejected anything")
    void guardrail_throws_failsFast() {
        Guardrail throwing = new Guardrail() {
            @Override
            public String name() {
                return "mine";
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                throw new IllegalArgumentException("told to");
            }

            @Override
            public List<Canary> canaries() {
                return Canaries.of(new Bounds(1, 8));
            }
        };
        assertThatIllegalStateException()
                .isThrownBy(() -> pool(List.of(throwing), Set.of()).build())
                .withMessageContaining(
                        "pool chat: guardrail mine failed when it was asked about one more than the maximum")
                .withRootCauseInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("K5: one's own guardrail is tested by the canaries it names, and one in the shadow as well")
    void ownGuardrail_isTestedByItsCanaries() {
        Guardrail dead = new Dead(new Bounds(1, 8));
        assertThatIllegalStateException()
                .isThrownBy(() -> ScaledPool.builder("chat")
                        .load(new FakeLoad(new ManualTime()))
                        .backend(FakeBackend.with(1))
                        .guardrails(
                                settings -> settings.bounds(0, 5).guardrail(new Dead(new Renamed(new Bounds(1, 8)))))
                        .build())
                .withMessageContaining("guardrail mine let a proposal pass");
        assertThatIllegalStateException()
                .isThrownBy(() -> pool(all(), Set.of())
                        .shadow(new PolicySet("beside", List.of(), List.of(dead)))
                        .build())
                .withMessageContaining("guardrail bounds let a proposal pass");
    }

    private record Renamed(Guardrail guardrail) implements Guardrail {
        @Override
        public String name() {
            return "mine";
        }

        @Override
        public Narrowing narrow(PoolView view, History history, int proposed) {
            return guardrail.narrow(view, history, proposed);
        }

        @Override
        public List<Canary> canaries() {
            return Canaries.of(guardrail);
        }
    }

    @Test
    void settingsThatRejectNothing_areNotTested() {
        assertThat(Canaries.of(Tolerance.NONE)).isEmpty();
        assertThat(Canaries.of(new Coverage(0))).isEmpty();
        assertThat(Canaries.of(new Behavior(Behavior.Direction.UP, Duration.ZERO, List.of(), Select.MAX)))
                .isEmpty();
        assertThat(Canaries.of(new Behavior(
                        Behavior.Direction.DOWN,
                        Duration.ZERO,
                        List.of(Rate.share(1, Duration.ofMinutes(1))),
                        Select.MAX)))
                .isEmpty();
    }

    @Test
    @DisplayName("K5: no valid settings raise a false alarm: 20,000 at random, and their edges")
    void validSettings_neverFail() {
        Random random = new Random(20261127);
        for (int i = 0; i < 20_000; i++) {
            Guardrails.Builder builder = random(random);
            List<Guardrail> guardrails = builder.build();
            assertThatCode(() -> SelfTest.check(
                            "chat", new PolicySet("live", List.of(), guardrails), null, names(guardrails)))
                    .as(() -> guardrails.toString())
                    .doesNotThrowAnyException();
        }
    }

    private static Guardrails.Builder random(Random random) {
        int min = pick(random, 0, 1, 5, 999_999, Integer.MAX_VALUE - 1);
        int max = (int) Math.max(1, Math.min(Integer.MAX_VALUE, (long) min + pick(random, 0, 1, 10, 1_000_000)));
        Guardrails.Builder builder = Guardrails.builder()
                .bounds(min, max)
                .tolerance(new Tolerance(share(random), share(random)))
                .coverage(new Coverage(share(random)))
                .healthy(new Healthy(share(random), pick(random, 1, 20, 1_000_000)))
                .clockJump(new ClockJump(window(random)))
                .up(behavior(random, Behavior.Direction.UP))
                .down(behavior(random, Behavior.Direction.DOWN))
                .flapDamping(
                        random.nextBoolean()
                                ? null
                                : new FlapDamping(
                                        Duration.ofNanos(1
                                                + random.nextLong(
                                                        Duration.ofMinutes(15).toNanos())),
                                        share(random)))
                .toZero(new ToZero(window(random)))
                .fallback(new Fallback(
                        pick(random, 0, 1, 50, Integer.MAX_VALUE), window(random), pick(random, 0, 1, 3, 1_000)));
        if (random.nextBoolean()) {
            long longest = 1 + random.nextLong(Duration.ofMinutes(30).toNanos());
            builder.pendingCap(new PendingCap(
                    pick(random, 1, 10, 1_000_000, Integer.MAX_VALUE),
                    Duration.ofNanos(1 + random.nextLong(longest)),
                    Duration.ofNanos(longest)));
        }
        double price = random.nextDouble() * 100 + 1e-9;
        SpendCap cap =
                new SpendCap(pick(random, 0, 1, 1_000, 2_000_000_000) * price * (1 + random.nextDouble()), price);
        if (cap.replicas() >= min && random.nextBoolean()) {
            builder.spend(cap);
        }
        return builder;
    }

    private static int pick(Random random, int... values) {
        return values[random.nextInt(values.length)];
    }

    private static double share(Random random) {
        double[] edges = {0, 1, Double.MIN_VALUE, 1e-12, 0.5, 0.99, Math.nextDown(1.0)};
        return random.nextInt(3) == 0 ? random.nextDouble() : edges[random.nextInt(edges.length)];
    }

    private static Duration window(Random random) {
        Duration[] edges = {Duration.ZERO, Duration.ofNanos(1), Duration.ofMinutes(5), Duration.ofHours(1)};
        return edges[random.nextInt(edges.length)];
    }

    private static Behavior behavior(Random random, Behavior.Direction direction) {
        List<Rate> rates = new ArrayList<>();
        double[] shares = {1e-9, 0.1, 0.5, 0.999_999, 0.999_999_9, 1, 1.5, 1_000, 1e300};
        for (int i = random.nextInt(3); i > 0; i--) {
            Duration period =
                    Duration.ofNanos(1 + random.nextLong(Duration.ofHours(1).toNanos()));
            rates.add(
                    random.nextBoolean()
                            ? Rate.replicas(pick(random, 1, 4, 1_000_000), period)
                            : Rate.share(shares[random.nextInt(shares.length)], period));
        }
        return new Behavior(
                direction, window(random), rates, List.of(Select.values()).get(random.nextInt(3)));
    }
}
