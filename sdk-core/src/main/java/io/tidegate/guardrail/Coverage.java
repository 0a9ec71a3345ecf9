/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import java.util.Map;
import java.util.Optional;

/**
 * Nothing scales down while too few of those that should be heard of are: a sum over some of the gateways or replicas is no total.
 *
 * @param least least share heard of, 0 to 1; 0 switches it off
 * @since 0.1.0
 */
public record Coverage(double least) implements Guardrail {

    public Coverage {
        Text.share("least coverage", least);
    }

    /** With the default: 90 %. */
    public Coverage() {
        this(0.9);
    }

    @Override
    public String name() {
        return "coverage";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(GuardrailTypes.COVERAGE, Map.of("least", Double.toString(least))));
    }

    static Coverage of(PolicySettings settings) {
        return new Coverage(settings.requiredNumber("least", 0, 1));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        double coverage = view.evidence().coverage();
        if (coverage >= least) {
            return Narrowing.none(name(), proposed);
        }
        return Text.noDown(
                name(),
                view.replicas().desired(),
                proposed,
                "only " + Text.percent(coverage) + " is heard of, and going down needs " + Text.percent(least));
    }
}
