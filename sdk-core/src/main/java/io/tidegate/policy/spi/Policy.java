/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy.spi;

import io.tidegate.policy.Proposal;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import java.util.Optional;

/**
 * A pure function from what is known of a pool to a proposed replica count.
 *
 * <p>The same view must give the same proposal: no clock, no network, no memory of its own. It is called on the engine's
 * thread several times a second. If it throws, the failure is counted, logged once, and this policy abstains.
 *
 * @since 0.1.0
 */
public interface Policy {

    /** Short name, unique in a pool: {@code backlog}. */
    String name();

    /** What this policy wants for the pool, or why it has no opinion. */
    Proposal propose(PoolView view);

    /**
     * How it is made again, with every setting; the same recipe must give the same proposals. Empty by default: its proposals are then
     * read from the ledger where a decision is made again.
     */
    default Optional<Recipe> recipe() {
        return Optional.empty();
    }
}
