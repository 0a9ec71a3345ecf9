/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.alert.AlertKind;
import io.tidegate.alert.AlertSettings;
import io.tidegate.config.TidegateConfig.AlertListenerConfig;
import io.tidegate.config.TidegateConfig.AlertListenersConfig;
import io.tidegate.config.TidegateConfig.AlertsConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TreeReader.Node;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** The settings of alerts and of who is told of them, with their ranges and defaults. */
final class AlertBinder {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final AlertSettings DEFAULTS = AlertSettings.defaults();

    private AlertBinder() {}

    static AlertsConfig alerts(Node node, ReplicaConfig replica) {
        AlertsConfig alerts = new AlertsConfig(
                enabled(node.child("enabled")),
                node.duration("holdFor", Duration.ZERO, HOUR, DEFAULTS.holdFor()),
                node.duration("clearAfter", Duration.ZERO, HOUR, DEFAULTS.clearAfter()),
                node.duration("pause", Duration.ZERO, DAY, DEFAULTS.pause()),
                node.fraction("clearShare", 0, 1, false, DEFAULTS.clearShare()),
                node.duration("rapidWindow", MINUTE, HOUR, DEFAULTS.rapidWindow()),
                node.integer("rapidChanges", 1, 100_000, DEFAULTS.rapidChanges()),
                node.integer("rapidReversals", 1, 100_000, DEFAULTS.rapidReversals()),
                node.integer("failures", 1, 100, DEFAULTS.failures()),
                node.duration("unansweredAfter", SECOND, HOUR, DEFAULTS.unansweredAfter()),
                node.fraction("lateFactor", 1, 100, false, DEFAULTS.lateFactor()),
                price(node, "costPerHour", replica),
                price(node, "budgetPerDay", replica),
                price(node, "budgetPerMonth", replica),
                node.fraction("fastBurn", 1, 1000, false, DEFAULTS.fastBurn()),
                node.duration("fastLong", MINUTE, DAY, DEFAULTS.fastLong()),
                node.duration("fastShort", SECOND, DAY, DEFAULTS.fastShort()),
                node.fraction("slowBurn", 1, 1000, false, DEFAULTS.slowBurn()),
                node.duration("slowLong", MINUTE, DAY, DEFAULTS.slowLong()),
                node.duration("slowShort", SECOND, DAY, DEFAULTS.slowShort()),
                node.integer("burnRequests", 1, 1_000_000, DEFAULTS.burnRequests()),
                node.fraction("scalingBroken", 0, 1, false, DEFAULTS.scalingBroken()),
                node.integer("scalingRequests", 1, 1_000_000, DEFAULTS.scalingRequests()),
                node.duration("staleFor", SECOND, DAY, DEFAULTS.staleFor()),
                node.integer("takeovers", 1, 1000, DEFAULTS.takeovers()),
                node.duration("takeoverWindow", MINUTE, HOUR, DEFAULTS.takeoverWindow()));
        windows(node, "fastShort", alerts.fastShort(), "fastLong", alerts.fastLong());
        windows(node, "slowShort", alerts.slowShort(), "slowLong", alerts.slowLong());
        node.rejectUnknown();
        return alerts;
    }

    private static Map<String, Boolean> enabled(Node node) {
        Map<String, Boolean> enabled = new LinkedHashMap<>();
        for (AlertKind kind : AlertKind.values()) {
            boolean on = node.flag(kind.code(), true);
            if (node.has(kind.code())) {
                enabled.put(kind.code(), on);
            }
        }
        node.rejectUnknown();
        return enabled;
    }

    private static OptionalDouble price(Node node, String key, ReplicaConfig replica) {
        OptionalDouble limit = node.optionalFraction(key, 0, 1e12, false);
        if (limit.isPresent() && replica.pricePerHour().isEmpty()) {
            node.problem(key, "needs replica.pricePerHour");
        }
        // What was wrong has been said, and must not be said again as a limit of zero.
        return limit.isPresent() && limit.getAsDouble() > 0 ? limit : OptionalDouble.empty();
    }

    private static void windows(Node node, String shorter, Duration shortWindow, String longer, Duration longWindow) {
        if (shortWindow.compareTo(longWindow) > 0
                || shortWindow.multipliedBy(60).compareTo(longWindow) < 0) {
            node.problem(
                    shorter,
                    "must be from a 60th of " + longer + " to all of it, but they are " + shortWindow + " and "
                            + longWindow);
        }
    }

    static AlertListenersConfig listeners(Node node) {
        Map<String, AlertListenerConfig> listeners = node.children("listeners", AlertBinder::listener);
        node.rejectUnknown();
        return new AlertListenersConfig(listeners);
    }

    private static AlertListenerConfig listener(String name, Node node) {
        Optional<String> type = node.text("type");
        if (type.isEmpty()) {
            node.problem("type", "is required: the type of an alert listener on the class path, such as log");
        }
        AlertListenerConfig listener = new AlertListenerConfig(type.orElse(""), node.texts("settings"));
        node.rejectUnknown();
        return listener;
    }
}
