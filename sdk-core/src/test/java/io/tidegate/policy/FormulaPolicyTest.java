/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Work;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormulaPolicyTest {

    private static PoolViews with(Object... namesAndValues) {
        Map<String, Signal> signals = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            double value = ((Number) namesAndValues[i + 1]).doubleValue();
            signals.put((String) namesAndValues[i], new Known(value, "requests", 0, "test"));
        }
        return view().ready(4).signals(signals);
    }

    private static Proposal propose(String formula, PoolViews views) {
        return FormulaPolicy.of(formula).propose(views.build());
    }

    private static int replicas(String formula, PoolViews views) {
        return ((Wants) propose(formula, views)).replicas();
    }

    @Nested
    class TheExamplesOfTheJavadoc {

        @Test
        void queueDepth_32ForTenEach_so4() {
            assertThat(propose("ceil(gate.queue.depth / 10)", with("gate.queue.depth", 32)))
                    .isEqualTo(new Wants(
                            "formula",
                            4,
                            4,
                            Cause.SIGNAL,
                            "ceil(gate.queue.depth / 10) is 4 with gate.queue.depth = 32, so 4; 3 would be fewer than it"
                                    + " asks for."));
        }

        @Test
        void largerOfTwo_so5() {
            PoolViews views = with("gate.arrivals", 9, "gate.tokens", 12_000);
            assertThat(replicas("max(gate.arrivals / 4, gate.tokens / 2500)", views))
                    .isEqualTo(5);
        }

        private static final String GUARD = "if(gate.concurrency / 16 <= ready, gate.concurrency / 16,"
                + " max(gate.concurrency / 16 - due, ready))";

        @ParameterizedTest
        @CsvSource({"160, 3, 7", "160, 0, 10", "160, 9, 4", "48, 3, 3", "64, 3, 4", "65, 3, 4"})
        void overshootGuard_creditsWhatIsPendingButNotBelowWhatIsReady(int requests, int due, int expected) {
            PoolViews views = with("gate.concurrency", requests)
                    .due(IntStream.range(0, due).mapToObj(Long::valueOf).toArray(Long[]::new));
            assertThat(replicas(GUARD, views)).isEqualTo(expected);
        }
    }

    @Test
    void figures_areThoseOfTheView() {
        PoolViews views = view().ready(4)
                .desired(6)
                .due(1L, 2L, 3L)
                .replica(new Work(32, 100_000))
                .timeToReady(90)
                .capacity(new Capacity(2_500, 4, 7));
        Map<String, Integer> expected = Map.of(
                "current", 6,
                "desired", 6,
                "ready", 4,
                "due", 3,
                "replica.slots", 32,
                "replica.tokens", 100_000,
                "time.to.ready", 90,
                "capacity.tokens", 2_500,
                "capacity.requests", 4);
        expected.forEach(
                (name, value) -> assertThat(replicas(name, views)).as(name).isEqualTo(value));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "1 + 2 * 3 ~ 7",
                "(1 + 2) * 3 ~ 9",
                "2 ^ 3 ^ 2 ~ 512",
                "17 % 5 ~ 2",
                "-3 + 5 ~ 2",
                "1e2 + .5 ~ 101",
                "2.0000000001 ~ 2",
                "10 / 3 ~ 4",
                "min(5, 3, 4) ~ 3",
                "max(5) ~ 5",
                "abs(-3) ~ 3",
                "floor(3.9) ~ 3",
                "CEIL (3.1) ~ 4",
                "round(2.5) ~ 2",
                "sqrt(16) ~ 4",
                "log(exp(3)) ~ 3",
                "if(1 > 2 || 2 == 2 && !(3 != 3), 8, 9) ~ 8",
                "if(true, 1, 1 / 0) ~ 1",
                "if (false, 1, 2) ~ 2",
                "0 ~ 0",
                "1e300 * 1e300 ~ 1000000",
                "ceil(1e300 * 1e300 * 1e300) ~ 1000000"
            })
    void arithmetic(String formula, int expected) {
        assertThat(replicas(formula, view().ready(4))).isEqualTo(expected);
    }

    @Test
    void names_withOtherSigns_goInBrackets() {
        PoolViews views = with(
                "vllm:num_requests_waiting", 7, "queue", 3, "gate.tier.batch-low.queue.depth", 2, "gate.ttft.p95", 1);
        FormulaPolicy policy = FormulaPolicy.of(
                "mine",
                "[vllm:num_requests_waiting] + [queue] + [ gate.tier.batch-low.queue.depth ] + gate.ttft.p95 + ready");
        assertThat(((Wants) policy.propose(views.build())).replicas()).isEqualTo(17);
        assertThat(policy.name()).isEqualTo("mine");
        assertThat(policy.signals())
                .containsExactly(
                        "vllm:num_requests_waiting", "queue", "gate.tier.batch-low.queue.depth", "gate.ttft.p95");
    }

    @Nested
    class Abstaining {

        @Test
        void signalNobodyGives_isNamed() {
            assertThat(propose("gate.queue.depht / 10", with("gate.queue.depth", 3)))
                    .isEqualTo(new Abstains(
                            "formula", "gate.queue.depht is not known: no source gives a signal of this name"));
        }

        @Test
        void staleSignal_evenInABranchNotTaken() {
            PoolViews views = view().ready(4).signals(Map.of("a.b", new Signal.Stale("test", Duration.ofSeconds(50))));
            assertThat(propose("if(true, 1, a.b)", views))
                    .isEqualTo(new Abstains("formula", "a.b is not known: last heard 50 s ago"));
        }

        @Test
        void capacityNotLearned() {
            assertThat(propose("capacity.tokens", view().ready(4)))
                    .isEqualTo(new Abstains("formula", "capacity.tokens is not known yet"));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "1 / 0",
                    "1 / (1.0 - 1.0)",
                    "5 % 0",
                    "0 - 1",
                    "-1e-300",
                    "sqrt(-1)",
                    "log(0)",
                    "2 ^ 5000",
                    "9 ^ 9 ^ 9 ^ 9",
                    "ready > 2",
                    "true",
                    "true + 1",
                    "ceil(true)",
                    "exp(1e10)",
                    "max(1, ready > 2)"
                })
        void resultThatIsNoCount(String formula) {
            assertThat(propose(formula, view().ready(4))).isInstanceOf(Abstains.class);
        }
    }

    @Test
    void heardInPart_neverBelowCurrentButUp() {
        Signal part = new Known(20, "requests", 0, "test", 0.5, List.of());
        PoolViews views = view().ready(4).signals(Map.of("a.b", part));
        Wants held = (Wants) propose("a.b / 10", views);
        assertThat(held.replicas()).isEqualTo(4);
        assertThat(held.why()).endsWith(", but of a.b: 50 % heard of, so 4 stay.");
        assertThat(replicas("a.b / 2", views)).isEqualTo(10);
    }

    @Nested
    class Refused {

        @Test
        void unknownFigure_saysWhatThereIs() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FormulaPolicy.of("queue / 10"))
                    .withMessage("in the formula queue / 10, at character 1: queue is no known figure; there are"
                            + " capacity.requests, capacity.tokens, current, desired, due, ready, replica.slots,"
                            + " replica.tokens, time.to.ready. A signal whose name has no dot is written in brackets:"
                            + " [queue]");
        }

        @Test
        void unknownFunction_saysWhatThereIs() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FormulaPolicy.of("1 + random()"))
                    .withMessage(
                            "in the formula 1 + random(), at character 5: there is no function random; there are abs,"
                                    + " ceil, exp, floor, if, log, max, min, round, sqrt");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    "   ",
                    "ceil(gate.queue.depth / 10",
                    "gate.queue.depth)",
                    "gate.queue.depth 10",
                    "1 2",
                    "1 +",
                    "* 2",
                    ")(",
                    "()",
                    "ceil()",
                    "ceil(1, 2)",
                    "max()",
                    "if(1)",
                    ",",
                    "ceil",
                    "DT_NOW()",
                    "RANDOM()",
                    "FACT(9)",
                    "STR_LENGTH(1)",
                    "PI",
                    "NULL",
                    "v0",
                    "'text'",
                    "\"text\"",
                    "a.b[0]",
                    "[a.b",
                    "[]",
                    "[[a.b]]",
                    "0x1F",
                    "1e999",
                    "1e-999",
                    "1e999999999",
                    "1.2.3",
                    "1.e",
                    "3ready",
                    "a..b",
                    "a.b.",
                    ".a",
                    "a = 1",
                    "ready = 1",
                    "ready <> 1",
                    "ready ? 1 : 2",
                    "ready; 1",
                    "2(3)",
                    "demände",
                    "ready\u0000"
                })
        void nonsense(String formula) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FormulaPolicy.of(formula))
                    .withMessageContaining("formula");
        }

        @Test
        void tooLong() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FormulaPolicy.of("1" + "+1".repeat(500)))
                    .withMessage("a formula must have 1 to 1000 characters but has 1001");
            assertThat(replicas("1 " + "+1".repeat(499), view())).isEqualTo(500);
        }
    }

    @Test
    void deepestFormula_fitsOnTheStack() {
        assertThat(replicas("-".repeat(998) + "1", view())).isEqualTo(1);
        assertThat(replicas("(".repeat(499) + "1" + ")".repeat(499), view())).isEqualTo(1);
        assertThat(replicas("ceil(".repeat(166) + "1" + ")".repeat(166), view()))
                .isEqualTo(1);
    }

    @DisplayName("E2: hostile values saturate or abstain, and never throw")
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void hostileValues_neverThrow(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] hostile = {-1, -1e308, -0.0, 1e-320, Double.MIN_VALUE, 2147483648.0, 1e308, Double.MAX_VALUE, 0};
        List<FormulaPolicy> policies = IntStream.range(0, 50)
                .mapToObj(i -> FormulaPolicy.of(random(random, 5)))
                .toList();
        for (int i = 0; i < 10_000; i++) {
            PoolView view = with(
                            "a.b",
                            hostile[random.nextInt(hostile.length)],
                            "a.c",
                            hostile[random.nextInt(hostile.length)])
                    .build();
            Proposal proposal = policies.get(i % policies.size()).propose(view);
            if (proposal instanceof Wants wants) {
                assertThat(wants.replicas()).isBetween(0, ReplicaMath.MANY);
            }
        }
    }

    private static String random(SplittableRandom random, int depth) {
        if (depth == 0) {
            return List.of("a.b", "a.c", "ready", "3", "1e308").get(random.nextInt(5));
        }
        String left = random(random, depth - 1);
        String right = random(random, depth - 1);
        return switch (random.nextInt(4)) {
            case 0 -> "(" + left + List.of("+", "-", "*", "/", "%", "^").get(random.nextInt(6)) + right + ")";
            case 1 -> List.of("ceil", "floor", "abs", "sqrt", "exp").get(random.nextInt(5)) + "(" + left + ")";
            case 2 -> "max(" + left + "," + right + ")";
            default -> "if(" + left + "<" + right + "," + left + ",2)";
        };
    }

    @Test
    void oneFormula_manyThreads_eachGetsItsOwnAnswer() {
        FormulaPolicy policy = FormulaPolicy.of("ceil(a.b / 10) + a.c - a.c");
        List<Integer> answers = IntStream.range(0, 20_000)
                .parallel()
                .mapToObj(i -> ((Wants) policy.propose(with("a.b", i, "a.c", i).build())).replicas())
                .toList();
        assertThat(answers)
                .isEqualTo(
                        IntStream.range(0, 20_000).mapToObj(i -> (i + 9) / 10).toList());
    }

    @Test
    void sameView_sameAnswer() {
        PoolView view = with("a.b", 12.3, "a.c", 4.5).build();
        String formula = "sqrt(a.b) * exp(a.c / 3) + log(a.b) / a.c";
        Proposal first = FormulaPolicy.of(formula).propose(view);
        FormulaPolicy again = FormulaPolicy.of(formula);
        assertThat(IntStream.range(0, 100).mapToObj(i -> again.propose(view))).containsOnly(first);
    }

    @Test
    void libraryNotOnTheClassPath_saysWhatToAdd() throws ReflectiveOperationException, IOException {
        URL[] without = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("EvalEx"))
                .map(FormulaPolicyTest::url)
                .toArray(URL[]::new);
        try (URLClassLoader loader = new URLClassLoader(without, ClassLoader.getPlatformClassLoader())) {
            // The others load without it.
            Class.forName("io.tidegate.policy.TargetTrackingPolicy", true, loader);
            Class<?> policy = Class.forName("io.tidegate.policy.FormulaPolicy", true, loader);
            assertThatThrownBy(() -> policy.getMethod("of", String.class).invoke(null, "ready + 1"))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "formulas need com.ezylang:EvalEx (3.5 or later) on the class path: add it as a dependency");
            // A configuration that names one is wrong, and says so beside all else that is wrong in it.
            Class<?> types = Class.forName("io.tidegate.policy.PolicyTypes", true, loader);
            assertThatThrownBy(() -> types.getMethod("create", String.class, String.class, Map.class)
                            .invoke(null, "formula", "mine", Map.of("replicas", "ready + 1")))
                    .cause()
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "formulas need com.ezylang:EvalEx (3.5 or later) on the class path: add it as a dependency");
            Class<?> reader = Class.forName("io.tidegate.config.ConfigReader", true, loader);
            String yaml = "pools: {chat: {tiers: {a: {}}, scaling: {max: 2, policies: {f: {type: formula, settings: "
                    + "{replicas: ready + 1}}}}}}";
            assertThatThrownBy(() -> reader.getMethod("parse", String.class, String.class)
                            .invoke(null, "test", yaml))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .as("named by path, as all that is wrong with a configuration")
                    .hasMessageContaining("pools.chat.scaling.policies.f: formulas need com.ezylang:EvalEx");
        }
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(entry, e);
        }
    }
}
