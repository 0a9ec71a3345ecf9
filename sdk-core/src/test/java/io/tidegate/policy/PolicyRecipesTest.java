/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.policy.spi.PolicyFactory;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.RandomViews;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Policies that are made again from what they say of themselves decide as they did, whatever they were set to. */
class PolicyRecipesTest {

    private static final int POLICIES = 250;
    private static final int VIEWS = 8;

    /**
     * A type of policy.
     *
     * @param random makes one that is set at random, in its whole range
     * @param settings whose fields are its settings
     */
    record Type(String name, Class<?> settings, Function<SplittableRandom, Policy> random) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Type> types() {
        return List.of(
                new Type(
                        "backlog",
                        BacklogPolicy.Builder.class,
                        random -> BacklogPolicy.builder()
                                .targetUtilization(share(random))
                                .targetThroughput(share(random))
                                .sigmas(random.nextInt(4) == 0 ? 0 : random.nextDouble() * 100)
                                .drainWindow(nanos(random, Duration.ofDays(400)))
                                .onlyLasting(random.nextBoolean())
                                .build()),
                new Type(
                        "slo",
                        SloPolicy.Builder.class,
                        random -> SloPolicy.builder()
                                .promisedUse(share(random))
                                .otherUse(share(random))
                                .sigmas(random.nextInt(4) == 0 ? 0 : random.nextDouble() * 5)
                                .drainWindow(nanos(random, Duration.ofHours(1)))
                                .onlyLasting(random.nextBoolean())
                                .build()),
                new Type("target", TargetTrackingPolicy.Builder.class, PolicyRecipesTest::target),
                new Type("latency", LatencyPolicy.Builder.class, PolicyRecipesTest::latency),
                new Type("panic", PanicWindowPolicy.Builder.class, PolicyRecipesTest::panic),
                new Type(
                        "formula",
                        FormulaPolicy.class,
                        random -> FormulaPolicy.of("formula" + random.nextInt(9), formula(random))),
                new Type("adaptive", AdaptiveThresholdPolicy.Builder.class, PolicyRecipesTest::adaptive));
    }

    /** What policies have beside settings: their name, which is kept elsewhere, and what a formula is made into. */
    private static final Set<String> NO_SETTINGS = Set.of("name", "text", "expression");

    /** Settings that are called otherwise in a recipe. */
    private static final Map<String, String> RENAMED = Map.of("type", "as", "formula", "replicas");

    private static double share(SplittableRandom random) {
        return random.nextInt(10) == 0 ? 1 : Math.max(1e-6, random.nextDouble());
    }

    private static Duration nanos(SplittableRandom random, Duration most) {
        return Duration.ofNanos(random.nextLong(1, most.toNanos() + 1));
    }

    private static String signal(SplittableRandom random) {
        return RandomViews.SIGNALS.get(random.nextInt(RandomViews.SIGNALS.size()));
    }

    private static Policy latency(SplittableRandom random) {
        double removeAt = 0.001 + random.nextDouble() * 0.5;
        return LatencyPolicy.of(signal(random), nanos(random, Duration.ofDays(1)))
                .name("latency" + random.nextInt(9))
                .between(removeAt, removeAt + 0.001 + random.nextDouble() * 0.4)
                .maxGrowth(1.000001 + random.nextDouble() * 200)
                .maxShrink(1.000001 + random.nextDouble() * 200)
                .window(nanos(random, Duration.ofMinutes(10)))
                .build();
    }

    private static Policy target(SplittableRandom random) {
        double target = random.nextDouble() * (random.nextBoolean() ? 1 : 1000) + 1e-12;
        TargetTrackingPolicy.Builder builder = TargetTrackingPolicy.of(
                        signal(random),
                        List.of(TargetTrackingPolicy.Type.values()).get(random.nextInt(3)),
                        target)
                .toleranceUp(random.nextDouble() * 3)
                .toleranceDown(random.nextInt(5) == 0 ? 1 : random.nextDouble());
        if (random.nextInt(3) > 0) {
            builder.unit(target > 1 || random.nextBoolean() ? " requests " : "ratio");
        }
        return random.nextBoolean() ? builder.build() : builder.name("mine").build();
    }

    private static Policy panic(SplittableRandom random) {
        PanicWindowPolicy.Builder builder = PanicWindowPolicy.builder()
                .stableWindow(Duration.ofSeconds(6).plus(nanos(random, Duration.ofSeconds(294))))
                .panicWindowShare(0.05 + random.nextDouble() * 0.95)
                .panicThreshold(1.000001 + random.nextDouble() * 4)
                .targetUtilization(share(random))
                .maxScaleUpRate(1.000001 + random.nextDouble() * 3)
                .maxScaleDownRate(1.000001 + random.nextDouble() * 3);
        if (random.nextBoolean()) {
            builder.targetPerReplica(random.nextDouble() * 50 + 1e-9);
        }
        return builder.build();
    }

    private static String formula(SplittableRandom random) {
        String left = "[" + signal(random) + "]";
        String formula = switch (random.nextInt(3)) {
            case 0 -> "ceil(" + left + " / " + (1 + random.nextInt(20)) + ")";
            case 1 -> "max(ready, " + left + " * " + random.nextDouble() + ")";
            default -> "if(" + left + " > 3, current + 1, due)";
        };
        return random.nextBoolean() ? formula : "\n " + formula + "\t";
    }

    private static Policy adaptive(SplittableRandom random) {
        double least = 0.01 + random.nextDouble() * 0.4;
        double most = least + random.nextDouble() * (1 - least);
        AdaptiveThresholdPolicy.Builder builder = AdaptiveThresholdPolicy.builder()
                .bounds(least, most)
                .initial(Math.min(most, least + random.nextDouble() * (most - least)))
                .raise(nanos(random, Duration.ofHours(1)), random.nextDouble() * 0.1)
                .warmUp(Duration.ofNanos(random.nextLong(Duration.ofMinutes(5).toNanos() + 1)))
                .latencyWindow(nanos(random, Duration.ofMinutes(9)));
        if (random.nextBoolean()) {
            builder.signal(signal(random));
        }
        return builder.build();
    }

    private static Learned learned(SplittableRandom random, PoolView view) {
        if (random.nextInt(4) == 0) {
            return Learned.NOTHING;
        }
        Map<String, Double> numbers = new HashMap<>();
        numbers.put("threshold", random.nextDouble());
        numbers.put("use", random.nextDouble());
        numbers.put("at", view.nowNanos() / 1e9 - random.nextDouble());
        numbers.put("near", random.nextDouble() * 1000);
        numbers.put("broke", random.nextDouble());
        numbers.put("direction", random.nextInt(3) - 1.0);
        return new Learned(numbers);
    }

    private static Recipe recipe(Policy policy) {
        return policy.recipe().orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("types")
    void recipe_anySettings_makesOneThatProposesAndLearnsTheSame(Type type) {
        SplittableRandom random = new SplittableRandom(3);
        RandomViews views = new RandomViews(random);
        Map<String, Set<String>> values = new HashMap<>();
        int wants = 0;
        for (int i = 0; i < POLICIES; i++) {
            Policy policy = type.random.apply(random);
            Policy again = PolicyTypes.create(policy.name(), recipe(policy));
            recipe(policy)
                    .settings()
                    .forEach((name, value) ->
                            values.computeIfAbsent(name, any -> new HashSet<>()).add(value));
            assertThat(again.name()).isEqualTo(policy.name());
            assertThat(again.recipe()).isEqualTo(policy.recipe());
            for (int j = 0; j < VIEWS; j++) {
                PoolView view = views.next();
                Proposal proposal = policy.propose(view);
                wants += proposal instanceof Proposal.Wants ? 1 : 0;
                assertThat(again.propose(view)).isEqualTo(proposal);
                if (policy instanceof LearningPolicy learning && again instanceof LearningPolicy relearning) {
                    Learned before = learned(random, view);
                    Learned after = learning.learn(view, before);
                    assertThat(relearning.learn(view, before)).isEqualTo(after);
                    assertThat(relearning.propose(view, after)).isEqualTo(learning.propose(view, after));
                }
            }
        }
        assertThat(values.values()).as("each setting was varied").allMatch(found -> found.size() > 1);
        assertThat(wants).as("of " + POLICIES * VIEWS).isGreaterThan(POLICIES);
    }

    @ParameterizedTest
    @MethodSource("types")
    @DisplayName("a setting that is added to a builder and not to the recipe is found here")
    void recipe_hasEverySettingOfTheBuilder(Type type) {
        Set<String> fields = new TreeSet<>();
        for (Field field : type.settings.getDeclaredFields()) {
            boolean setting = !Modifier.isStatic(field.getModifiers())
                    && !field.isSynthetic()
                    && !NO_SETTINGS.contains(field.getName());
            if (setting) {
                fields.add(RENAMED.getOrDefault(field.getName(), field.getName()));
            }
        }
        SplittableRandom random = new SplittableRandom(1);
        Set<String> keys = new TreeSet<>();
        for (int i = 0; i < POLICIES; i++) {
            keys.addAll(recipe(type.random.apply(random)).settings().keySet());
        }
        assertThat(keys).isEqualTo(fields);
    }

    @Test
    void recipes_areThereForEveryTypeOfThisLibrary() throws ReflectiveOperationException {
        Set<String> types = new TreeSet<>();
        for (Class<?> factory : BuiltInPolicies.class.getDeclaredClasses()) {
            types.add(((PolicyFactory) factory.getDeclaredConstructor().newInstance()).type());
        }
        SplittableRandom random = new SplittableRandom(1);
        assertThat(types().stream()
                        .map(type -> recipe(type.random.apply(random)).type())
                        .collect(Collectors.toSet()))
                .isEqualTo(types);
    }

    @Test
    void recipe_defaults_areSaidAsWell() {
        assertThat(recipe(BacklogPolicy.builder().build()).settings())
                .isEqualTo(Map.of(
                        "targetUtilization", "0.8",
                        "sigmas", "100.0",
                        "targetThroughput", "0.85",
                        "drainWindow", "PT30S",
                        "onlyLasting", "false"));
    }

    @Test
    void recipe_ofANamedPolicy_isThatOfTheOneItNames_andIsMadeAgainUnderTheName() {
        Policy named = PolicyTypes.create("slo", "mine", Map.of("sigmas", "2"));
        assertThat(recipe(named)).isEqualTo(recipe(SloPolicy.builder().sigmas(2).build()));
        Policy learning = PolicyTypes.create("adaptive", "mine", Map.of("initial", "0.7"));
        assertThat(recipe(learning).type()).isEqualTo("adaptive");

        Policy again = PolicyTypes.create("mine", recipe(named));
        assertThat(again.name()).isEqualTo("mine");
        assertThat(again.recipe()).isEqualTo(named.recipe());
    }

    @Test
    void recipe_outsideOfTheRangeOfAConfiguration_isMadeAgain_butNotConfigured() {
        Policy fine = BacklogPolicy.builder().targetUtilization(0.001).build();
        assertThat(recipe(PolicyTypes.create("backlog", recipe(fine)))).isEqualTo(recipe(fine));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        PolicyTypes.create("backlog", "backlog", recipe(fine).settings()))
                .withMessageContaining("targetUtilization must be a number from 0.01 to 1 but is \"0.001\"");
    }

    @Test
    void create_recipeThatCannotBe_isRefusedByNameAndValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PolicyTypes.create("a", new Recipe("backlog", Map.of("targetUtilization", "7"))))
                .withMessageContaining("targetUtilization must be above 0 and at most 1 but was 7.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PolicyTypes.create("a", new Recipe("slo", Map.of("sigmas", "x", "no", "1"))))
                .withMessageContaining("sigmas must be a number from 0 to 5 but is \"x\"")
                .withMessageContaining("no is not a setting of this type");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PolicyTypes.create("a", new Recipe("lunar", Map.of())))
                .withMessageContaining("no policy of type \"lunar\" is on the class path");
    }

    @Test
    void recipe_ofAPolicyThatDoesNotSay_isEmpty() {
        Policy own = new Policy() {
            @Override
            public String name() {
                return "own";
            }

            @Override
            public Proposal propose(PoolView view) {
                return new Proposal.Abstains("own", "");
            }
        };
        assertThat(own.recipe()).isEqualTo(Optional.empty());
        assertThat(NamedPolicy.of("other", own).recipe()).isEmpty();
    }
}
