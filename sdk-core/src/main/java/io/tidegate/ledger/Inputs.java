/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.History;
import io.tidegate.policy.Learned;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * All that a decision rested on. With the composition it is enough to make the decision again. Immutable.
 *
 * @param view what was known of the pool
 * @param history what was proposed and changed before, with its marks, before this decision's own proposal was added
 * @param learned what policies had learned before this view, by their names
 * @param trusted whether what was known was complete enough to be evidence against what there is
 * @param override what a person said that was in force
 * @param composition what decided
 * @since 0.1.0
 */
public record Inputs(
        PoolView view,
        History history,
        Map<String, Learned> learned,
        boolean trusted,
        Optional<Said> override,
        Composition composition) {

    public Inputs {
        learned = Map.copyOf(learned);
    }

    /**
     * What a person said.
     *
     * @param replicas how many, or empty for a pause
     * @param lifetime how long from when it was said
     * @param by who
     * @param why in words; may be empty
     */
    public record Said(OptionalInt replicas, Duration lifetime, String by, String why) {}
}
