/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import java.time.Duration;

/**
 * What a lease says.
 *
 * @param version of the object, for the precondition of the next write
 * @param holder empty if nobody holds it
 * @param transitions the epoch
 * @param published how long it holds by its holder's word; zero if that is not said or makes no sense
 * @param renewed when, by its holder's clock: only ever compared for being another than before
 * @param mark of the write, as {@link Election.Write#mark}; empty if it was written by something else
 * @param released whether a holder that had stopped gave it back, rather than somebody else taking the name out
 */
record LeaseView(
        String version,
        String holder,
        long transitions,
        Duration published,
        String renewed,
        String mark,
        boolean released) {

    /** Whether somebody renewed it or changed who holds it; a label put on it is no renewal. */
    boolean sameTermAndRenewal(LeaseView other) {
        return holder.equals(other.holder)
                && transitions == other.transitions
                && published.equals(other.published)
                && renewed.equals(other.renewed)
                && mark.equals(other.mark)
                && released == other.released;
    }
}
