/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.TidegateConfig.LimitConfig;
import io.tidegate.config.TreeReader.Node;
import io.tidegate.limit.LimitMode;
import io.tidegate.limit.LimitSettings;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which settings the limit of a pool has. */
final class LimitBinder {

    private static final LimitSettings DEFAULTS = LimitSettings.defaults();
    private static final Duration HOUR = Duration.ofHours(1);

    /** Those that only a limit reads which follows its engines. */
    private static final List<String> OF_ENGINE = List.of(
            "waitingPerReplica",
            "waitingShare",
            "kvCacheTarget",
            "timeToFirstTokenTolerance",
            "minShare",
            "maxShare",
            "largestCut",
            "smallestRaise",
            "largestRaise",
            "staleHold",
            "staleMove",
            "staleShare");

    private LimitBinder() {}

    static LimitConfig limit(Node node) {
        LimitConfig limit = new LimitConfig(
                node.choice("mode", modes(), DEFAULTS.mode()),
                share(node, "tokenShare", 1, DEFAULTS.tokenShare()),
                node.integer("waitingPerReplica", 0, 1000, DEFAULTS.waitingPerReplica()),
                share(node, "waitingShare", 1, DEFAULTS.waitingShare()),
                share(node, "kvCacheTarget", 1, DEFAULTS.kvCacheTarget()),
                node.fraction(
                        "timeToFirstTokenTolerance", 0, Double.MAX_VALUE, true, DEFAULTS.timeToFirstTokenTolerance()),
                share(node, "minShare", 1, DEFAULTS.minShare()),
                share(node, "maxShare", 16, DEFAULTS.maxShare()),
                share(node, "largestCut", 0.9, DEFAULTS.largestCut()),
                share(node, "smallestRaise", 1, DEFAULTS.smallestRaise()),
                share(node, "largestRaise", 1, DEFAULTS.largestRaise()),
                node.duration("staleAfter", Duration.ofMillis(1), HOUR, DEFAULTS.staleAfter()),
                node.duration("staleHold", Duration.ZERO, HOUR, DEFAULTS.staleHold()),
                node.duration("staleMove", Duration.ZERO, HOUR, DEFAULTS.staleMove()),
                share(node, "staleShare", 1, DEFAULTS.staleShare()),
                node.duration("slowStart", Duration.ZERO, HOUR, DEFAULTS.slowStart()),
                share(node, "slowStartShare", 1, DEFAULTS.slowStartShare()),
                share(node, "rejectionShare", 1, DEFAULTS.rejectionShare()),
                node.duration("rejectionMax", Duration.ofMillis(1), HOUR, DEFAULTS.rejectionMax()),
                node.duration("rejectionRecovery", Duration.ZERO, HOUR, DEFAULTS.rejectionRecovery()));
        check(node, limit);
        node.rejectUnknown();
        return limit;
    }

    private static void check(Node node, LimitConfig limit) {
        double tolerance = limit.timeToFirstTokenTolerance();
        if (tolerance > 0 && tolerance <= 1) {
            node.problem(
                    "timeToFirstTokenTolerance",
                    "must be above 1, or 0 for never, but is " + TreeReader.plain(tolerance));
        }
        checkOrder(node, "minShare", limit.minShare(), "maxShare", limit.maxShare());
        checkOrder(node, "smallestRaise", limit.smallestRaise(), "largestRaise", limit.largestRaise());
        if (limit.mode() != LimitMode.ENGINE) {
            OF_ENGINE.stream()
                    .filter(node::has)
                    .forEach(each -> node.problem(each, "says nothing unless mode is engine"));
        }
        if (node.has("tokenShare") && limit.mode() != LimitMode.TOKENS) {
            node.problem("tokenShare", "says nothing unless mode is tokens");
        }
    }

    private static void checkOrder(Node node, String less, double lesser, String more, double greater) {
        if (lesser <= greater) {
            return;
        }
        // At the one that was set; the other may be a default that nobody sees.
        if (node.has(more)) {
            node.problem(more, "must be at least " + shown(less, lesser) + " but is " + TreeReader.plain(greater));
        } else {
            node.problem(less, "must be at most " + shown(more, greater) + " but is " + TreeReader.plain(lesser));
        }
    }

    private static String shown(String setting, double value) {
        return setting + " (" + TreeReader.plain(value) + ")";
    }

    private static double share(Node node, String key, double most, double fallback) {
        return node.fraction(key, 0, most, false, fallback);
    }

    private static Map<String, LimitMode> modes() {
        Map<String, LimitMode> names = new LinkedHashMap<>();
        names.put("fixed", LimitMode.FIXED);
        names.put("tokens", LimitMode.TOKENS);
        names.put("engine", LimitMode.ENGINE);
        return names;
    }
}
