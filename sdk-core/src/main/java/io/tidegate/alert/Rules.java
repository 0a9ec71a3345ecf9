/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.ledger.Refusal;

/** Which rule says whether there is something of a kind. All are pure functions. */
final class Rules {

    private Rules() {}

    static Finding judge(AlertKind kind, Situation situation, Past past, AlertSettings settings) {
        return switch (kind) {
            case RAPID_SCALING -> ScalingRules.rapid(situation, settings);
            case SCALING_FAILING -> ScalingRules.failing(situation, settings);
            case SCALING_REFUSED -> ScalingRules.refused(situation, settings);
            case REPLICAS_LATE -> SupplyRules.late(situation, settings);
            case MAX_REACHED -> SupplyRules.maxReached(situation, settings);
            case QUOTA_EXHAUSTED ->
                ScalingRules.exhausted(
                        situation,
                        settings,
                        Refusal.QUOTA,
                        "ask the provider or the cluster's administrator for a higher quota (cloud console; kubectl describe"
                                + " resourcequota), or lower " + setting(situation, "max"));
            case CAPACITY_EXHAUSTED -> SupplyRules.capacity(situation, settings);
            case COST_RATE -> MoneyRules.rate(situation, settings);
            case SPEND_FORECAST -> MoneyRules.forecast(situation, past, settings);
            case SLO_BURN -> PromiseRules.burn(situation, past, settings);
            case SLO_WHILE_SCALING -> PromiseRules.whileScaling(situation, past, settings);
            case SIGNALS_STALE -> SourceRules.stale(situation, settings);
            case OWNERSHIP_CONFLICT -> ScalingRules.ownership(situation, settings);
            case LEDGER_FAILING -> SourceRules.ledger(situation, past, settings);
        };
    }

    /** Path of a setting of scaling: {@code pools.chat.scaling.max}. */
    static String setting(Situation situation, String name) {
        return "pools." + situation.pool() + ".scaling." + name;
    }
}
