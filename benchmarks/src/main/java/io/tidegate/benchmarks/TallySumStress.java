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

/** Two threads count two things each on the same stripe: the sums afterwards. */
@JCStressTest
@Outcome(id = "4, 4", expect = Expect.ACCEPTABLE, desc = "All is counted.")
@Outcome(expect = Expect.FORBIDDEN, desc = "An addition was lost or made up.")
@State
public class TallySumStress {

    private final StressTally tally = new StressTally();

    /** Counts. */
    @Actor
    public void one() {
        addTwice();
    }

    /** Counts as well. */
    @Actor
    public void other() {
        addTwice();
    }

    private void addTwice() {
        tally.add();
        tally.add();
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(II_Result result) {
        result.r1 = tally.sum(0);
        result.r2 = tally.sum(1);
    }
}
