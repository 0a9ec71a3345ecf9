/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.Policy;
import io.tidegate.policy.spi.PolicyFactory;
import java.time.Duration;

/**
 * The types of this library's own policies; each is a service. Settings and defaults are those of the policy's builder, under the same
 * names, and are listed in docs/policies.md.
 *
 * @since 0.1.0
 */
public final class BuiltInPolicies {

    private static final double HUGE = 1e12;
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration DAY = Duration.ofDays(1);

    private BuiltInPolicies() {}

    /** Type {@code backlog}: {@link BacklogPolicy}. */
    public static final class Backlog implements PolicyFactory {

        @Override
        public String type() {
            return "backlog";
        }

        @Override
        public Policy create(String name, PolicySettings settings) {
            return BacklogPolicy.builder()
                    .targetUtilization(settings.number("targetUtilization", 0.01, 1, 0.8))
                    .targetThroughput(settings.number("targetThroughput", 0.01, 1, 0.85))
                    .sigmas(settings.number("sigmas", 0, 100, 100))
                    .drainWindow(settings.duration("drainWindow", SHORTEST, DAY, Duration.ofSeconds(30)))
                    .onlyLasting(settings.flag("onlyLasting", false))
                    .build();
        }
    }

    /** Type {@code slo}: {@link SloPolicy}. */
    public static final class Slo implements PolicyFactory {

        @Override
        public String type() {
            return "slo";
        }

        @Override
        public Policy create(String name, PolicySettings settings) {
            return SloPolicy.builder()
                    .promisedUse(settings.number("promisedUse", 0.01, 1, 0.85))
                    .otherUse(settings.number("otherUse", 0.01, 1, 0.92))
                    .sigmas(settings.number("sigmas", 0, 5, 1))
                    .drainWindow(settings.duration("drainWindow", SHORTEST, DAY, Duration.ofSeconds(30)))
                    .onlyLasting(settings.flag("onlyLasting", false))
                    .build();
        }
    }

    /** Type {@code target}: {@link TargetTrackingPolicy}. */
    public static final class Target implements PolicyFactory {

        @Override
        public String type() {
            return "target";
        }

        @Override
        public Policy create(String name, PolicySettings settings) {
            TargetTrackingPolicy.Builder builder = TargetTrackingPolicy.of(
                            signal(settings, "gate.queue.depth"),
                            settings.choice(
                                    "as", TargetTrackingPolicy.Type.class, TargetTrackingPolicy.Type.AVERAGE_VALUE),
                            settings.requiredNumber("target", 1e-9, HUGE))
                    .name(name)
                    .toleranceUp(settings.number("toleranceUp", 0, 1, 0.1))
                    .toleranceDown(settings.number("toleranceDown", 0, 0.99, 0.1));
            settings.text("unit").ifPresent(builder::unit);
            return builder.build();
        }
    }

    /** Type {@code latency}: {@link LatencyPolicy}. */
    public static final class Latency implements PolicyFactory {

        @Override
        public String type() {
            return "latency";
        }

        @Override
        public Policy create(String name, PolicySettings settings) {
            return LatencyPolicy.of(
                            signal(settings, "gate.ttft.p95"), settings.requiredDuration("objective", SHORTEST, DAY))
                    .name(name)
                    .between(settings.number("removeAt", 0.01, 10, 0.40), settings.number("addAt", 0.01, 10, 0.55))
                    .maxGrowth(settings.number("maxGrowth", 1.01, 100, 2))
                    .maxShrink(settings.number("maxShrink", 1.01, 100, 2))
                    .window(settings.duration(
                            "window", Duration.ofSeconds(1), Duration.ofMinutes(10), Duration.ofMinutes(1)))
                    .build();
        }
    }

    /** Type {@code panic}: {@link PanicWindowPolicy}. */
    public static final class Panic implements PolicyFactory {

        @Override
        public String type() {
            return "panic";
        }

        @Override
        public Policy create(String name, PolicySettings settings) {
            PanicWindowPolicy.Builder builder = PanicWindowPolicy.builder()
                    .stableWindow(settings.duration(
                            "stableWindow", Duration.ofSeconds(1), Duration.ofMinutes(10), Duration.ofSeconds(60)))
                    .panicWindowShare(settings.number("panicWindowShare", 0.001, 1, 0.1))
                    .panicThreshold(settings.number("panicThreshold", 1.01, 100, 2))
                    .targetUtilization(settings.number("targetUtilization", 0.01, 1, 0.7))
                    .maxScaleUpRate(settings.number("maxScaleUpRate", 1.01, 1_000_000, 1000))
                    .maxScaleDownRate(settings.number("maxScaleDownRate", 1.01, 1_000_000, 2));
            if (settings.has("targetPerReplica")) {
                builder.targetPerReplica(settings.requiredNumber("targetPerReplica", 1e-9, HUGE));
            }
            return builder.build();
        }
    }

    /** Type {@code formula}: {@link FormulaPolicy}. */
    public static final class Formula implements PolicyFactory {

        @Override
        public String type() {
            return "formula";
        }

        @Override
        public Policy create(String name, PolicySettings settings) {
            FormulaPolicy policy =
                    FormulaPolicy.of(name, settings.requiredText("replicas", "ceil(gate.queue.depth / 10)"));
            policy.signals()
                    .forEach(signal -> GateSignalNames.problem(signal)
                            .ifPresent(problem -> settings.problem("replicas", "is wrong: " + problem)));
            return policy;
        }
    }

    /** Type {@code adaptive}: {@link AdaptiveThresholdPolicy}. */
    public static final class Adaptive implements PolicyFactory {

        @Override
        public String type() {
            return "adaptive";
        }

        @Override
        public Policy create(String name, PolicySettings settings) {
            AdaptiveThresholdPolicy.Builder builder = AdaptiveThresholdPolicy.builder()
                    .initial(settings.number("initial", 0.05, 1, 0.8))
                    .bounds(settings.number("least", 0.05, 1, 0.4), settings.number("most", 0.05, 1, 0.95));
            if (settings.has("signal")) {
                builder.signal(signal(settings, "gate.utilization"));
            }
            builder.raise(
                    settings.duration("raiseAfter", Duration.ofSeconds(1), DAY, Duration.ofMinutes(10)),
                    settings.number("raiseBy", 0, 0.1, 0.01));
            builder.warmUp(settings.duration("warmUp", Duration.ZERO, Duration.ofMinutes(5), Duration.ofSeconds(30)));
            builder.latencyWindow(settings.duration(
                    "latencyWindow", Duration.ofSeconds(1), Duration.ofMinutes(9), Duration.ofMinutes(1)));
            return builder.build();
        }
    }

    private static String signal(PolicySettings settings, String example) {
        String signal = settings.requiredText("signal", example);
        GateSignalNames.problem(signal).ifPresent(problem -> settings.problem("signal", "is wrong: " + problem));
        return signal;
    }
}
