/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy.spi;

import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.pool.PoolView;

/**
 * A policy that learns, and still is a pure function: what it has learned is handed in and given back, and the engine keeps it,
 * over a reload and, where a memory is configured, over a restart.
 *
 * @since 0.1.0
 */
public interface LearningPolicy extends Policy {

    /**
     * What is known after this view. Called once for each round, before {@link #propose(PoolView, Learned)}. Bound it: it is kept
     * and written down.
     *
     * @param before what was known; {@link Learned#NOTHING} at first. It may come from a file and an older version, so names may be
     *     missing and numbers out of range
     */
    Learned learn(PoolView view, Learned before);

    /** What it wants, given what it has learned. */
    Proposal propose(PoolView view, Learned learned);

    /** What it would want if it had learned nothing. */
    @Override
    default Proposal propose(PoolView view) {
        return propose(view, Learned.NOTHING);
    }
}
