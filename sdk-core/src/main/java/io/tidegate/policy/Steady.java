/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.pool.PoolView;
import java.util.function.Function;

/**
 * More is asked for by the quick rate of arrivals, no more by the steady one. What a window of stabilization keeps is the most that was wanted
 * in it: of a quick rate that is the most that chance made of it.
 */
final class Steady {

    private Steady() {}

    static Proposal unlessMore(PoolView view, Function<PoolView, Proposal> policy) {
        Proposal quick = policy.apply(view);
        if (more(quick, view) || none(quick)) {
            return quick;
        }
        Proposal steady = policy.apply(view.steady());
        return more(steady, view) ? quick : steady;
    }

    /** Nobody asks, waits or is served: the steady rate only remembers longer that somebody did. */
    private static boolean none(Proposal proposal) {
        return proposal instanceof Proposal.Wants wants && wants.replicas() == 0;
    }

    private static boolean more(Proposal proposal, PoolView view) {
        return !(proposal instanceof Proposal.Wants wants)
                || wants.replicas() > view.replicas().desired();
    }
}
