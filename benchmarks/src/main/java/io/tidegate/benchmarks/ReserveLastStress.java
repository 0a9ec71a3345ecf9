/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.quota.StressTenant;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two ask for the last request of a quota: which of them has it, and what is left. */
@JCStressTest
@Outcome(
        id = {"1, 0, 0", "0, 1, 0"},
        expect = Expect.ACCEPTABLE,
        desc = "One of them has it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Both or neither have it.")
@State
public class ReserveLastStress {

    private final StressTenant tenant = new StressTenant();

    /** Asks. */
    @Actor
    public void one(III_Result result) {
        result.r1 = tenant.take() ? 1 : 0;
    }

    /** Asks as well. */
    @Actor
    public void other(III_Result result) {
        result.r2 = tenant.take() ? 1 : 0;
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r3 = tenant.left();
    }
}
