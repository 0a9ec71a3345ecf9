/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.util.function.Function;

/**
 * A policy that the engine takes for one of this library, since it is in its package: asked on the engine's thread, so that a test of
 * the engine's own steps sees no others.
 */
public record OwnPolicy(String name, Function<PoolView, Proposal> answer) implements Policy {

    @Override
    public Proposal propose(PoolView view) {
        return answer.apply(view);
    }
}
