/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.Alert.Severity;
import io.tidegate.ledger.ScaleEvent;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** What is wrong with what was promised to tiers. */
final class PromiseRules {

    private PromiseRules() {}

    static Finding burn(Situation situation, Past past, AlertSettings settings) {
        if (situation.tiers().isEmpty()) {
            return Finding.UNKNOWN;
        }
        Finding worst = Finding.FINE;
        for (Map.Entry<String, Past.Tier> each : new TreeMap<>(past.tiers()).entrySet()) {
            Past.Tier tier = each.getValue();
            worst = worse(
                    worst, burn(situation, each.getKey(), tier.target, tier.fast, settings.fastBurn(), true, settings));
            worst = worse(
                    worst,
                    burn(situation, each.getKey(), tier.target, tier.slow, settings.slowBurn(), false, settings));
        }
        return worst;
    }

    private static Finding worse(Finding one, Finding other) {
        if (one instanceof Finding.Bad bad) {
            boolean more = other instanceof Finding.Bad also
                    && also.severity() == Severity.CRITICAL
                    && bad.severity() == Severity.WARNING;
            return more ? other : one;
        }
        return other == Finding.FINE ? one : other;
    }

    private static Finding burn(
            Situation situation,
            String tier,
            double target,
            Burn burn,
            double times,
            boolean critical,
            AlertSettings settings) {
        double threshold = Burn.threshold(target, times);
        double budget = Burn.budget(target);
        double longShare = burn.longShare();
        double shortShare = burn.shortShare();
        if (burn.evaluated() < settings.burnRequests()
                || Math.min(longShare, shortShare) < settings.clearShare() * threshold) {
            return Finding.FINE;
        }
        if (Math.min(longShare, shortShare) < threshold) {
            return Finding.BETWEEN;
        }
        return Finding.of(
                critical,
                Duration.ZERO,
                "tier " + Words.cut(tier) + " uses up its error budget " + Words.number(longShare / budget)
                        + " times as fast as it may over " + Words.duration(burn.longWindow) + " and "
                        + Words.number(shortShare / budget) + " times over " + Words.duration(burn.shortWindow) + ": "
                        + (long) burn.broken() + " of " + (long) burn.evaluated()
                        + " requests broke their SLO, and " + Words.percent(1 - target) + " may",
                "see by tidegate.slo.violations which objective breaks: admission and time_to_first_token lack replicas ("
                        + Rules.setting(situation, "max") + ", the policies' targets) or let too much in (quotas);"
                        + " time_per_output_token has too much in flight (pools." + situation.pool()
                        + ".limit); completion is the engines' own failures, see their logs");
    }

    static Finding whileScaling(Situation situation, Past past, AlertSettings settings) {
        ScaleEvent event = past.scaling();
        if (event == null) {
            return Finding.FINE;
        }
        if (situation.tiers().isEmpty()) {
            return Finding.UNKNOWN;
        }
        Finding worst = Finding.FINE;
        for (Map.Entry<String, Past.Tier> each : new TreeMap<>(past.tiers()).entrySet()) {
            long evaluated = each.getValue().evaluatedScaling;
            long broken = each.getValue().brokenScaling;
            if (evaluated < settings.scalingRequests()) {
                continue;
            }
            double share = (double) broken / evaluated;
            if (share >= settings.scalingBroken()) {
                Duration since = Duration.ofNanos(
                        situation.nowNanos() - event.steps().get(0).atNanos());
                return Finding.warning(
                        Duration.ZERO,
                        "since the scale event " + Words.cut(event.id()) + " from " + event.from() + " to "
                                + Words.replicas(event.to()) + " began " + Words.duration(since) + " ago, " + broken
                                + " of " + evaluated + " requests of tier " + Words.cut(each.getKey())
                                + " broke their SLO ("
                                + Words.percent(share) + ")",
                        event.to() > event.from()
                                ? "ask sooner: raise " + Rules.setting(situation, "min")
                                        + ", lower the targets under " + Rules.setting(situation, "policies")
                                        + ", or shorten the time to ready (image and model on the node); the account of"
                                        + " the event in the ledger says at which stage they broke"
                                : "shrink slower: " + Rules.setting(situation, "down.stabilizationWindow") + " and "
                                        + Rules.setting(situation, "down.replicas")
                                        + "; see whether replicas that leave finish what they serve");
            }
            if (share >= settings.clearShare() * settings.scalingBroken()) {
                worst = Finding.BETWEEN;
            }
        }
        return worst;
    }
}
