/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import java.util.Map;

/**
 * What a policy has learned, as numbers by name, so that it can be kept over a restart and looked at. Immutable.
 *
 * @param numbers finite numbers by name; names are the policy's own
 * @since 0.1.0
 */
public record Learned(Map<String, Double> numbers) {

    /** Nothing yet. */
    public static final Learned NOTHING = new Learned(Map.of());

    public Learned {
        numbers = Map.copyOf(numbers);
        numbers.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException(name + " must be finite but was " + value);
            }
        });
    }

    /** The number of this name, or another if there is none. */
    public double get(String name, double otherwise) {
        Double found = numbers.get(name);
        return found == null ? otherwise : found;
    }
}
