/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.TidegateConfig.BackendConfig;
import io.tidegate.config.TidegateConfig.BehaviorConfig;
import io.tidegate.config.TidegateConfig.GuardrailsConfig;
import io.tidegate.config.TidegateConfig.PolicyConfig;
import io.tidegate.config.TidegateConfig.RateConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.config.TidegateConfig.ShadowConfig;
import io.tidegate.config.TreeReader.Node;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.SpendCap;
import io.tidegate.guardrail.Tolerance;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.spi.Policy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The settings under {@code scaling}, with their ranges and defaults. */
final class ScalingBinder {

    private static final int MAX_REPLICAS = 100_000;
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration HALF_HOUR = Duration.ofMinutes(30);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    private ScalingBinder() {}

    static ScalingConfig scaling(Node node, ReplicaConfig replica) {
        int min = node.integer("min", 0, MAX_REPLICAS, 1);
        int max = node.requiredInteger("max", 1, MAX_REPLICAS);
        if (node.has("max") && max < min) {
            node.problem("max", "must be at least min (" + min + ") but is " + max);
        }
        ScalingConfig scaling = new ScalingConfig(
                min,
                max,
                node.choice("mode", modes(), Mode.ACT),
                node.duration("period", Duration.ofMillis(10), HOUR, Duration.ofMillis(250)),
                node.duration("rateWindow", SHORTEST, HOUR, Duration.ofSeconds(15)),
                node.duration("latencyWindow", Duration.ofSeconds(1), HOUR, MINUTE),
                policies(node),
                behavior(
                        node.child("up"),
                        new BehaviorConfig(Duration.ZERO, 4, 1.0, Duration.ofSeconds(15), Select.MAX, Map.of())),
                behavior(
                        node.child("down"),
                        new BehaviorConfig(Duration.ofMinutes(5), 1, 0.1, MINUTE, Select.MAX, Map.of())),
                guardrails(node.child("guardrails"), min, replica),
                AlertBinder.alerts(node.child("alerts"), replica),
                shadow(node),
                backend(node));
        node.rejectUnknown();
        return scaling;
    }

    private static Map<String, Mode> modes() {
        Map<String, Mode> names = new LinkedHashMap<>();
        names.put("act", Mode.ACT);
        names.put("dryRun", Mode.DRY_RUN);
        return names;
    }

    private static Map<String, PolicyConfig> policies(Node parent) {
        Map<String, PolicyConfig> policies = parent.children("policies", ScalingBinder::policy);
        Map<String, String> owners = new LinkedHashMap<>();
        policies.forEach((name, policy) -> {
            try {
                Policy made = PolicyTypes.create(policy.type(), name, policy.settings());
                String other = owners.put(made.name(), name);
                if (other != null) {
                    parent.problem(
                            "policies." + name,
                            "is a second policy that calls itself \"" + made.name() + "\", as policies." + other
                                    + " does; keep one");
                }
            } catch (RuntimeException e) {
                // Of a plugin anything may come, and it is to be named with the rest.
                parent.problem("policies." + name, e.getMessage() == null ? e.toString() : e.getMessage());
            }
        });
        return policies;
    }

    private static PolicyConfig policy(String name, Node node) {
        PolicyConfig policy = new PolicyConfig(node.text("type").orElse(name), node.texts("settings"));
        node.rejectUnknown();
        return policy;
    }

    private static BehaviorConfig behavior(Node node, BehaviorConfig fallback) {
        // Naming one of both means only that one: "replicas: 1" alone must not keep the default share of 100 %. Naming
        // rates means only those.
        boolean onlyRates = node.has("rates") && !node.has("replicas") && !node.has("share");
        boolean onlyShare = onlyRates || (node.has("share") && !node.has("replicas"));
        boolean onlyReplicas = onlyRates || (node.has("replicas") && !node.has("share"));
        BehaviorConfig behavior = new BehaviorConfig(
                node.duration("stabilizationWindow", Duration.ZERO, HOUR, fallback.stabilizationWindow()),
                node.integer("replicas", 0, MAX_REPLICAS, onlyShare ? 0 : fallback.replicas()),
                node.fraction("share", 0, 1000, true, onlyReplicas ? 0 : fallback.share()),
                node.duration("period", SHORTEST, HOUR, fallback.period()),
                node.choice("select", selects(), Select.MAX),
                node.children("rates", ScalingBinder::rate));
        if (behavior.replicas() == 0
                && behavior.share() == 0
                && behavior.rates().isEmpty()) {
            node.problem(
                    "replicas",
                    "or share must be above 0, or the pool could never change that way: for that say select: disabled");
        }
        node.rejectUnknown();
        return behavior;
    }

    private static RateConfig rate(String name, Node node) {
        RateConfig rate = new RateConfig(
                node.integer("replicas", 0, MAX_REPLICAS, 0),
                node.fraction("share", 0, 1000, true, 0),
                node.duration("period", SHORTEST, HOUR, MINUTE));
        if (rate.replicas() == 0 && rate.share() == 0) {
            node.problem("replicas", "or share must be above 0");
        }
        node.rejectUnknown();
        return rate;
    }

    private static Map<String, Select> selects() {
        Map<String, Select> names = new LinkedHashMap<>();
        names.put("max", Select.MAX);
        names.put("min", Select.MIN);
        names.put("disabled", Select.DISABLED);
        return names;
    }

    private static GuardrailsConfig guardrails(Node node, int min, ReplicaConfig replica) {
        OptionalLong pending = node.optionalNumber("pendingMost", 1, MAX_REPLICAS);
        Duration longestWait = node.duration("pendingLongestWait", SHORTEST, HALF_HOUR, HALF_HOUR);
        Duration firstWait = node.duration(
                "pendingFirstWait", SHORTEST, HALF_HOUR, longestWait.compareTo(MINUTE) < 0 ? longestWait : MINUTE);
        if (firstWait.compareTo(longestWait) > 0) {
            node.problem("pendingFirstWait", "must be at most pendingLongestWait");
            firstWait = longestWait;
        }
        OptionalDouble maxCost = node.optionalFraction("maxCostPerHour", 0, 1e12, false);
        checkCost(node, maxCost, min, replica);
        GuardrailsConfig guardrails = new GuardrailsConfig(
                node.fraction("toleranceUp", 0, 1, true, Tolerance.DEFAULTS.up()),
                node.fraction("toleranceDown", 0, 0.99, true, Tolerance.DEFAULTS.down()),
                node.fraction("coverage", 0, 1, true, 0.9),
                node.fraction("failedShare", 0, 1, true, 0.05),
                node.integer("minRequests", 1, 1_000_000, 20),
                node.duration("clockHold", Duration.ZERO, HOUR, Duration.ofMinutes(5)),
                node.duration("flapWindow", Duration.ZERO, Duration.ofMinutes(15), Duration.ofMinutes(5)),
                node.fraction("flapBand", 0, 1, true, 0.15),
                pending.isPresent() ? OptionalInt.of((int) pending.getAsLong()) : OptionalInt.empty(),
                firstWait,
                longestWait,
                node.duration("toZeroAfter", Duration.ZERO, HOUR, Duration.ofMinutes(10)),
                node.integer("fallbackReplicas", 0, MAX_REPLICAS, 0),
                node.duration("fallbackAfter", Duration.ZERO, DAY, Duration.ofMinutes(5)),
                node.integer("fallbackPolls", 0, 1000, 3),
                maxCost);
        node.rejectUnknown();
        return guardrails;
    }

    private static void checkCost(Node node, OptionalDouble maxCost, int min, ReplicaConfig replica) {
        if (maxCost.isEmpty()) {
            return;
        }
        double price = replica.pricePerHour().orElse(0);
        if (!(price > 0)) {
            node.problem("maxCostPerHour", "needs replica.pricePerHour above 0");
        } else if (new SpendCap(maxCost.getAsDouble(), price).replicas() < min) {
            node.problem(
                    "maxCostPerHour",
                    "must pay for the minimum of " + min + " replicas, " + TreeReader.plain(price * min) + ", but is "
                            + TreeReader.plain(maxCost.getAsDouble()));
        }
    }

    private static @Nullable ShadowConfig shadow(Node parent) {
        Node node = parent.child("shadow");
        if (!parent.has("shadow")) {
            return null;
        }
        ShadowConfig shadow = new ShadowConfig(node.text("name").orElse("shadow"), policies(node));
        node.rejectUnknown();
        return shadow;
    }

    private static @Nullable BackendConfig backend(Node parent) {
        Node node = parent.child("backend");
        if (!parent.has("backend")) {
            return null;
        }
        Optional<String> type = node.text("type");
        if (type.isEmpty()) {
            node.problem("type", "is required: the type of a scaler backend on the class path");
        }
        BackendConfig backend = new BackendConfig(type.orElse(""), node.flatTexts("settings"));
        node.rejectUnknown();
        return backend;
    }
}
