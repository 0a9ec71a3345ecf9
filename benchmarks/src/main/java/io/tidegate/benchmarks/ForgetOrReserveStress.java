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

/** One takes from a tenant's entry while the other forgets it: whether it took for good, whether it was forgotten. */
@JCStressTest
@Outcome(id = "1, 0, 0", expect = Expect.ACCEPTABLE, desc = "It was taken from, so it stays.")
@Outcome(id = "0, 1, 0", expect = Expect.ACCEPTABLE, desc = "It is gone, and who took from it knows.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What was taken is forgotten, or neither happened.")
@State
public class ForgetOrReserveStress {

    private final StressTenant tenant = new StressTenant();

    /** Takes. */
    @Actor
    public void take(III_Result result) {
        result.r1 = tenant.takeAndKeep() ? 1 : 0;
    }

    /** Forgets. */
    @Actor
    public void forget(III_Result result) {
        result.r2 = tenant.forget() ? 1 : 0;
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r3 = tenant.left();
    }
}
