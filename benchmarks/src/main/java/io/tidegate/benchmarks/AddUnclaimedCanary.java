/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.StressTally;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two threads count on the same stripe without claiming it. Must be reported as faulty: if it is not, {@link TallySumStress}
 * would not find such a fault either.
 */
@JCStressTest
@Outcome(id = "2, 2", expect = Expect.ACCEPTABLE, desc = "All is counted.")
@Outcome(
        id = {"1, 1", "1, 2", "2, 1"},
        expect = Expect.FORBIDDEN,
        desc = "An addition was lost: the fault to be found.")
@State
public class AddUnclaimedCanary {

    private final StressTally tally = new StressTally();

    /** Counts. */
    @Actor
    public void one() {
        tally.addUnclaimed();
    }

    /** Counts as well. */
    @Actor
    public void other() {
        tally.addUnclaimed();
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(II_Result result) {
        result.r1 = tally.sum(0);
        result.r2 = tally.sum(1);
    }
}
