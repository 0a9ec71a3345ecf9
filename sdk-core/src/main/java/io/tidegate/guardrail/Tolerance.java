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
 * Leaves the count alone while the demand lies near it: 1 − down ≤ demand ÷ current ≤ 1 + up, as the Kubernetes HPA does for
 * each of its metrics.
 *
 * <p>5 % up and none down by default: what a replica is asked for leaves more than that free, so no replica is bought for a hundredth of
 * one. With the HPA's 10 %, a pool of 10 or more never moves by one. Where nothing is known of the demand, and with no replica at all, the
 * proposal stands.
 *
 * @param up share of the present count that the demand may be above it, 0 to 1
 * @param down share of the present count that the demand may be below it, 0 to 1
 * @since 0.1.0
 */
public record Tolerance(double up, double down) implements Guardrail {

    /** 5 % up, none down. */
    public static final Tolerance DEFAULTS = new Tolerance(0.05, 0);

    /** Nothing is tolerated. */
    public static final Tolerance NONE = new Tolerance(0, 0);

    /** What rounding may add to a ratio. */
    private static final double HAIR = 1e-9;

    public Tolerance {
        Text.share("tolerance up", up);
        Text.share("tolerance down", down);
    }

    @Override
    public String name() {
        return "tolerance";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(
                new Recipe(GuardrailTypes.TOLERANCE, Map.of("up", Double.toString(up), "down", Double.toString(down))));
    }

    static Tolerance of(PolicySettings settings) {
        return new Tolerance(settings.requiredNumber("up", 0, 1), settings.requiredNumber("down", 0, 1));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        double demand = history.demand();
        if (proposed == current || current == 0 || !Double.isFinite(demand)) {
            return Narrowing.none(name(), proposed);
        }
        if (proposed < current && demand >= current) {
            // What is decided on incomplete data counts as no less than what there is; another guardrail holds, and
            // names the gaps.
            return Narrowing.none(name(), proposed);
        }
        double ratio = demand / current;
        if (ratio > 1 + up + HAIR || ratio < 1 - down - HAIR) {
            return Narrowing.none(name(), proposed);
        }
        double tolerated = ratio > 1 ? up : down;
        return new Narrowing(
                name(),
                current,
                "a demand of " + Text.number(demand) + " is within " + Text.percent(tolerated) + " of " + current);
    }
}
