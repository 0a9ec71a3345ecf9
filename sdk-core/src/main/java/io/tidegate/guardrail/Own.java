/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;

/** A guardrail of somebody else's, kept to what a guardrail may: to narrow. */
record Own(Guardrail guardrail) implements Guardrail {

    @Override
    public String name() {
        return guardrail.name();
    }

    @Override
    public boolean bindsOverrides() {
        return guardrail.bindsOverrides();
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        Narrowing answer = guardrail.narrow(view, history, proposed);
        int current = view.replicas().desired();
        int kept = Math.max(Math.min(current, proposed), Math.min(Math.max(current, proposed), answer.replicas()));
        return kept == answer.replicas()
                ? answer
                : new Narrowing(
                        name(),
                        kept,
                        "it says " + answer.replicas() + ", and a guardrail may only narrow: " + answer.why());
    }
}
