/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.spi.Policy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Policies and guardrails that decide together. Immutable.
 *
 * @param name for people and meters; not blank
 * @param policies the highest proposal wins; names differ
 * @param guardrails asked in this order; bounds belong at the end
 * @since 0.1.0
 */
public record PolicySet(String name, List<Policy> policies, List<Guardrail> guardrails) {

    public PolicySet {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a policy set needs a name");
        }
        policies = List.copyOf(policies);
        guardrails = List.copyOf(guardrails);
        Set<String> names = new HashSet<>();
        for (Policy policy : policies) {
            if (!names.add(policy.name())) {
                throw new IllegalArgumentException(
                        "policy set " + name + " has two policies named \"" + policy.name() + "\"");
            }
        }
    }
}
