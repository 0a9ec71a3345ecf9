/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.pool.PoolView;
import java.util.Objects;

/**
 * A proposal that a guardrail exists to reject, and what it must make of it: asked at the start, so that a guardrail that is not wired
 * or does not bite is found before anything depends on it. Immutable.
 *
 * @param what what is wrong with the proposal, in words: {@code one more than the maximum}
 * @param view what is known
 * @param history what was before
 * @param proposed replicas asked for
 * @param least fewest replicas that the guardrail may leave
 * @param most most replicas that it may leave; {@code proposed} is outside of both
 * @since 0.1.0
 */
public record Canary(String what, PoolView view, History history, int proposed, int least, int most) {

    public Canary {
        Objects.requireNonNull(view, "view");
        Objects.requireNonNull(history, "history");
        if (least < 0 || least > most || (proposed >= least && proposed <= most)) {
            throw new IllegalArgumentException("a canary that proposes " + proposed + " cannot be rejected by leaving "
                    + least + " to " + most + ": " + what);
        }
    }

    /** Whether this answer rejects it. */
    public boolean isRejectedBy(int answer) {
        return answer >= least && answer <= most;
    }
}
