/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IJJ_Result;

/** A permit takes more tokens while it is returned: slots and tokens in flight afterwards, by the gate and by its tier. */
@JCStressTest
@Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "All that it held was returned.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Something of it is kept, or was returned that it did not hold.")
@State
public class GrowOrCloseStress {

    private final Gate gate = StressGate.of(2);
    private final Permit permit = StressGate.take(gate);

    /** Writes more than was expected. */
    @Actor
    public void grow() {
        permit.progress(5_000);
    }

    /** Returns it. */
    @Actor
    public void close() {
        permit.close();
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(IJJ_Result result) {
        // What comes after closing changes nothing.
        permit.progress(50_000);
        result.r1 = gate.inFlight().slots();
        result.r2 = gate.inFlight().tokens();
        result.r3 = gate.load().tiers().get(0).tokensInFlight();
    }
}
