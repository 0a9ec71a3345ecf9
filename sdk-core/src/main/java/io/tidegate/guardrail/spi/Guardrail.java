/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail.spi;

import io.tidegate.guardrail.Canary;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import java.util.List;
import java.util.Optional;

/**
 * What may only narrow a proposal: bring it nearer to the present count or inside bounds.
 *
 * <p>Pure, like a policy; what happened before is in the history. If it throws, the present count is kept for this round.
 *
 * @since 0.1.0
 */
public interface Guardrail {

    /** Short name: {@code bounds}. */
    String name();

    /**
     * What is left of a proposal.
     *
     * @param view what is known now
     * @param history what was proposed and changed before
     * @param proposed replicas that policies and earlier guardrails ask for
     */
    Narrowing narrow(PoolView view, History history, int proposed);

    /**
     * Whether it holds for what a person pins as well, as bounds do. False by default: who pins a count means it now, and not in
     * steps.
     */
    default boolean bindsOverrides() {
        return false;
    }

    /**
     * Proposals it exists to reject, by its settings. At the start it is asked about each, and if it lets one pass nothing starts. None
     * by default.
     */
    default List<Canary> canaries() {
        return List.of();
    }

    /**
     * How it is made again, with every setting; the same recipe must give the same answers. Empty by default: its answers are then read
     * from the ledger where a decision is made again.
     */
    default Optional<Recipe> recipe() {
        return Optional.empty();
    }
}
