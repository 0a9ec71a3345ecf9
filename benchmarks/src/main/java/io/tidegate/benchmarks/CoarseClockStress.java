/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.time.StressClock;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two store readings, one of them stale: what was read before and after the fresh one, and when both are done. */
@JCStressTest
@Outcome(
        id = {"0, 2, 2", "1, 2, 2"},
        expect = Expect.ACCEPTABLE,
        desc = "It went on.")
@Outcome(expect = Expect.FORBIDDEN, desc = "It went back, or a reading was lost.")
@State
public class CoarseClockStress {

    private final StressClock clock = new StressClock();

    /** Stores what it read before. */
    @Actor
    public void stale() {
        clock.raise(1);
    }

    /** Reads, stores what it read just now, and reads again. */
    @Actor
    public void fresh(III_Result result) {
        result.r1 = (int) clock.nanos();
        clock.raise(2);
        result.r2 = (int) clock.nanos();
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r3 = (int) clock.nanos();
    }
}
