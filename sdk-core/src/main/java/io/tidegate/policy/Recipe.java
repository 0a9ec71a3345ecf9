/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import java.util.Map;

/**
 * How a policy or guardrail is made again: its type and every setting, those that were left at their defaults among them, so that what
 * is made of it later, by a version with other defaults, decides the same. Immutable.
 *
 * @param type what a configuration calls it: {@code backlog}
 * @param settings all settings as texts, by name
 * @since 0.1.0
 */
public record Recipe(String type, Map<String, String> settings) {

    public Recipe {
        if (type.isBlank()) {
            throw new IllegalArgumentException("a recipe needs a type");
        }
        settings = Map.copyOf(settings);
    }
}
