/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;

/**
 * Nothing scales down on missing, stale or invalid data.
 *
 * @since 0.1.0
 */
public record CompleteData() implements Guardrail {

    @Override
    public String name() {
        return "complete data";
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        if (view.complete() || proposed >= current) {
            return Narrowing.none(name(), proposed);
        }
        return new Narrowing(name(), current, "some data is missing, stale or invalid");
    }
}
