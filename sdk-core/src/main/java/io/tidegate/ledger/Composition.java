/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.policy.Recipe;
import java.util.List;
import java.util.Optional;

/**
 * What decides in a pool: its policies and guardrails, so that a decision can be made again after the settings have changed. Immutable.
 *
 * @param policies in the order in which they are asked
 * @param guardrails in the order in which they are asked
 * @since 0.1.0
 */
public record Composition(List<Part> policies, List<Part> guardrails) {

    /** Nothing decides. */
    public static final Composition NONE = new Composition(List.of(), List.of());

    public Composition {
        policies = List.copyOf(policies);
        guardrails = List.copyOf(guardrails);
    }

    /**
     * A policy or a guardrail.
     *
     * @param name its name
     * @param recipe how it is made again; empty for one that only its own code can make, whose answers are read from the ledger instead
     */
    public record Part(String name, Optional<Recipe> recipe) {}
}
