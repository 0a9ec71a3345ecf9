/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Behavior.Direction;
import io.tidegate.guardrail.Behavior.Rate;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.History.Change;
import io.tidegate.guardrail.History.Proposed;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.guardrail.spi.SpendCheck;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.RandomViews;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Guardrails that are made again from what they say of themselves are equal, whatever they were set to. */
class GuardrailTypesTest {

    private static final int GUARDRAILS = 250;
    private static final int VIEWS = 8;

    /**
     * A type of guardrail.
     *
     * @param random makes one that is set at random, in its whole range
     */
    record Type(Class<?> record, Function<SplittableRandom, Guardrail> random) {
        @Override
        public String toString() {
            return record.getSimpleName();
        }
    }

    static List<Type> types() {
        return List.of(
                new Type(Bounds.class, random -> {
                    int min = random.nextInt(0, random.nextBoolean() ? 10 : Integer.MAX_VALUE);
                    return new Bounds(min, random.nextInt(Math.max(1, min), Integer.MAX_VALUE));
                }),
                new Type(Tolerance.class, random -> new Tolerance(random.nextDouble(), random.nextDouble())),
                new Type(
                        Fallback.class,
                        random -> new Fallback(
                                random.nextInt(20), nanos(random, Duration.ofDays(1)), random.nextInt(0, 1_001))),
                new Type(CompleteData.class, random -> new CompleteData()),
                new Type(Coverage.class, random -> new Coverage(random.nextDouble())),
                new Type(
                        Healthy.class,
                        random -> new Healthy(
                                random.nextDouble(),
                                random.nextBoolean() ? 1 + random.nextInt(30) : Long.MAX_VALUE - 1)),
                new Type(ClockJump.class, random -> new ClockJump(nanos(random, Duration.ofHours(1)))),
                new Type(Behavior.class, GuardrailTypesTest::behavior),
                new Type(
                        FlapDamping.class,
                        random -> new FlapDamping(nanos(random, Duration.ofMinutes(15)), random.nextDouble())),
                new Type(ToZero.class, random -> new ToZero(nanos(random, Duration.ofHours(1)))),
                new Type(PendingCap.class, random -> {
                    Duration longest = nanos(random, Duration.ofMinutes(30));
                    return new PendingCap(1 + random.nextInt(5), nanos(random, longest), longest);
                }),
                new Type(
                        Spend.class,
                        random -> new Spend(new SpendCap(random.nextDouble() * 50, 1e-12 + random.nextDouble() * 5))));
    }

    private static Duration nanos(SplittableRandom random, Duration most) {
        return Duration.ofNanos(random.nextLong(1, most.toNanos() + 1));
    }

    private static Guardrail behavior(SplittableRandom random) {
        List<Rate> rates = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            Duration period = nanos(random, Duration.ofHours(1));
            rates.add(
                    random.nextBoolean()
                            ? Rate.replicas(random.nextInt(1, 1_000_001), period)
                            : Rate.share(1e-9 + random.nextDouble() * 3, period));
        }
        return new Behavior(
                random.nextBoolean() ? Direction.UP : Direction.DOWN,
                nanos(random, Duration.ofHours(1)),
                rates,
                List.of(Select.values()).get(random.nextInt(3)));
    }

    private static History history(SplittableRandom random, PoolView view) {
        long now = view.nowNanos();
        List<Proposed> proposals = new ArrayList<>();
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < random.nextInt(1, 8); i++) {
            proposals.add(new Proposed(now - ago(random), random.nextInt(12), random.nextDouble() * 12));
            changes.add(new Change(now - ago(random), random.nextInt(12), random.nextInt(12)));
        }
        // By difference, since the clock may wrap.
        proposals.sort(Comparator.comparingLong(each -> each.atNanos() - now));
        changes.sort(Comparator.comparingLong(each -> each.atNanos() - now));
        Marks marks = new Marks(
                now - ago(random),
                now - ago(random),
                now - ago(random),
                now - ago(random),
                random.nextInt(6),
                now - ago(random));
        return new History(now - ago(random), proposals, changes, marks);
    }

    private static long ago(SplittableRandom random) {
        return random.nextLong(random.nextBoolean() ? 60_000_000_000L : 3_600_000_000_000L);
    }

    private static Recipe recipe(Guardrail guardrail) {
        return guardrail.recipe().orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("types")
    void create_anySettings_isEqualAndNarrowsTheSame(Type type) {
        SplittableRandom random = new SplittableRandom(5);
        RandomViews views = new RandomViews(random);
        Map<String, Set<String>> values = new HashMap<>();
        int narrowed = 0;
        for (int i = 0; i < GUARDRAILS; i++) {
            Guardrail guardrail = type.random.apply(random);
            Guardrail again = GuardrailTypes.create(guardrail.name(), recipe(guardrail));
            recipe(guardrail)
                    .settings()
                    .forEach((name, value) ->
                            values.computeIfAbsent(name, any -> new HashSet<>()).add(value));
            assertThat(again).isEqualTo(guardrail);
            assertThat(again.recipe()).isEqualTo(guardrail.recipe());
            assertThat(again.bindsOverrides()).isEqualTo(guardrail.bindsOverrides());
            for (int j = 0; j < VIEWS; j++) {
                PoolView view = views.next();
                History history = history(random, view);
                int proposed = random.nextInt(14);
                Narrowing narrowing = guardrail.narrow(view, history, proposed);
                narrowed += narrowing.narrowed() ? 1 : 0;
                assertThat(again.narrow(view, history, proposed)).isEqualTo(narrowing);
            }
        }
        assertThat(values.values()).as("each setting was varied").allMatch(found -> found.size() > 1);
        assertThat(narrowed).as("of " + GUARDRAILS * VIEWS).isPositive();
    }

    @ParameterizedTest
    @MethodSource("types")
    @DisplayName("a setting that is added to a guardrail and not to its recipe is found here")
    void recipe_hasEveryComponent(Type type) {
        Set<String> components = new TreeSet<>();
        Class<?> settings = type.record() == Spend.class ? SpendCap.class : type.record();
        for (RecordComponent component : settings.getRecordComponents()) {
            components.add(component.getName());
        }
        assertThat(recipe(type.random.apply(new SplittableRandom(1))).settings().keySet())
                .isEqualTo(components);
    }

    @Test
    void recipe_everyGuardrailOfTheDefaultChain_hasOne() {
        List<Guardrail> chain =
                Guardrails.builder().bounds(1, 9).spend(new SpendCap(100, 2)).build();
        Set<Class<?>> covered = new HashSet<>();
        for (Guardrail guardrail : chain) {
            assertThat(GuardrailTypes.create(guardrail.name(), recipe(guardrail)))
                    .isEqualTo(guardrail);
            covered.add(guardrail.getClass());
        }
        assertThat(covered).isEqualTo(types().stream().map(Type::record).collect(Collectors.toSet()));
    }

    @Test
    void recipe_ofWhatOthersAdd_isEmpty() {
        SpendCheck check = (view, from, to) -> new SpendCheck.Allowed(to, "");
        assertThat(new Spend(check).recipe()).isEmpty();
        assertThat(new Own(new Coverage()).recipe()).isEmpty();
    }

    @Test
    void create_whatCannotBe_isRefusedByNameAndValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GuardrailTypes.create("x", new Recipe("lunar", Map.of())))
                .withMessageStartingWith("there is no guardrail of type \"lunar\", only [behavior, bounds, ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GuardrailTypes.create(
                        "bounds", new Recipe("bounds", Map.of("min", "1.5", "max", "3", "middle", "2"))))
                .withMessageContaining("min must be a whole number from 0 to 2147483647 but is \"1.5\"")
                .withMessageContaining("middle is not a setting of this type; known are [max, min]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GuardrailTypes.create("bounds", new Recipe("bounds", Map.of("min", "4", "max", "3"))))
                .withMessage("max must be at least 1 and min (4) but was 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GuardrailTypes.create("coverage", new Recipe("coverage", Map.of())))
                .withMessage("least is required: a number from 0 to 1");
        Map<String, String> behavior =
                Map.of("direction", "up", "stabilizationWindow", "PT0S", "rates", "share 1.0 soon", "select", "max");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GuardrailTypes.create("behavior up", new Recipe("behavior", behavior)))
                .withMessage("rates is wrong: a rate is such as \"share 0.1 PT1M\" but was \"share 1.0 soon\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GuardrailTypes.create("behavior up", recipe(Behavior.down())))
                .withMessageContaining("is named \"behavior down\" and not \"behavior up\"");
    }
}
