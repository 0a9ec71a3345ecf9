/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import org.jspecify.annotations.NullMarked;

/** A tally all of whose threads want the same stripe. In this package for the tally's sake; never published. */
@NullMarked
public final class StressTally {

    private final Tally tally = new Tally();

    /** Adds one to two counters, under a claim or shared. */
    public void add() {
        int stripe = tally.tryEnter(0) ? 0 : Tally.SHARED;
        tally.add(stripe, 0, 1);
        tally.add(stripe, 1, 1);
        tally.leave(stripe);
    }

    /** The same without a claim: the fault to be found. */
    public void addUnclaimed() {
        tally.add(0, 0, 1);
        tally.add(0, 1, 1);
    }

    /** What one of both counters has come to. */
    public int sum(int counter) {
        return (int) tally.sum(counter);
    }
}
