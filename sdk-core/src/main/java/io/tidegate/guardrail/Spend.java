/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.guardrail.spi.SpendCheck;
import io.tidegate.pool.PoolView;

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
