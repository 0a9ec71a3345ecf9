/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.guardrail.spi.SpendCheck;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import java.util.Map;
import java.util.Optional;

/**
 * Refuses the part of a raise that cannot be paid for. It never forces anything down: what runs, runs on, whatever it costs.
 *
 * @param check who knows prices and caps
 * @since 0.1.0
 */
public record Spend(SpendCheck check) implements Guardrail {

    @Override
    public String name() {
        return "spend cap";
    }

    /** Only with a {@link SpendCap}: what another check knows of prices is its own. */
    @Override
    public Optional<Recipe> recipe() {
        return check instanceof SpendCap cap
                ? Optional.of(new Recipe(
                        GuardrailTypes.SPEND,
                        Map.of(
                                "maxPerHour", Double.toString(cap.maxPerHour()),
                                "pricePerReplicaHour", Double.toString(cap.pricePerReplicaHour()))))
                : Optional.empty();
    }

    static Spend of(PolicySettings settings) {
        return new Spend(new SpendCap(
                settings.requiredNumber("maxPerHour", 0, Double.MAX_VALUE),
                settings.requiredNumber("pricePerReplicaHour", Double.MIN_VALUE, Double.MAX_VALUE)));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        if (proposed <= current) {
            return Narrowing.none(name(), proposed);
        }
        SpendCheck.Allowed allowed = check.check(view, current, proposed);
        int left = Math.min(proposed, Math.max(current, allowed.replicas()));
        if (left == proposed) {
            return Narrowing.none(name(), proposed);
        }
        String why = allowed.why();
        return new Narrowing(name(), left, why.isBlank() ? "only " + left + " can be paid for" : why);
    }
}
