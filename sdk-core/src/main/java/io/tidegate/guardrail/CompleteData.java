/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import java.util.Map;
import java.util.Optional;

/**
 * Nothing scales down on missing, stale or invalid data; it names the first three gaps. Up is left alone: one good reason is enough.
 *
 * <p>The Kubernetes HPA holds in the same way when one of its metrics is invalid and the others say down.
 *
 * @since 0.1.0
 */
public record CompleteData() implements Guardrail {

    @Override
    public String name() {
        return "complete data";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(GuardrailTypes.COMPLETE_DATA, Map.of()));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        if (view.complete()) {
            return Narrowing.none(name(), proposed);
        }
        return Text.noDown(
                name(),
                view.replicas().desired(),
                proposed,
                Text.few(view.evidence().gaps()));
    }
}
