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
 * Never fewer than a minimum, never more than a maximum.
 *
 * @param min least replicas; 0 or more
 * @param max most replicas; at least {@code min} and 1
 * @since 0.1.0
 */
public record Bounds(int min, int max) implements Guardrail {

    public Bounds {
        if (min < 0) {
            throw new IllegalArgumentException("min must be >= 0 but was " + min);
        }
        if (max < Math.max(1, min)) {
            throw new IllegalArgumentException("max must be at least 1 and min (" + min + ") but was " + max);
        }
    }

    @Override
    public String name() {
        return "bounds";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(
                new Recipe(GuardrailTypes.BOUNDS, Map.of("min", Integer.toString(min), "max", Integer.toString(max))));
    }

    static Bounds of(PolicySettings settings) {
        return new Bounds((int) settings.requiredWhole("min", 0, Integer.MAX_VALUE), (int)
                settings.requiredWhole("max", 0, Integer.MAX_VALUE));
    }

    @Override
    public boolean bindsOverrides() {
        return true;
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        if (proposed < min) {
            return new Narrowing(name(), min, "the minimum is " + min);
        }
        if (proposed > max) {
            return new Narrowing(name(), max, "the maximum is " + max);
        }
        return Narrowing.none(name(), proposed);
    }
}
