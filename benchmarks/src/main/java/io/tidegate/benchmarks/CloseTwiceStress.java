/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Usage;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two threads return one permit of a gate that has given two: who returned it, and work in flight afterwards. */
@JCStressTest
@Outcome(
        id = {"1, 0, 1", "0, 1, 1"},
        expect = Expect.ACCEPTABLE,
        desc = "One of them returned it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "It was returned twice, or not at all.")
@State
public class CloseTwiceStress {

    private final Gate gate = StressGate.of(2);
    private final Permit permit = StressGate.take(gate);

    /** Takes another, whose room a second return would free. */
    public CloseTwiceStress() {
        Permit unused = StressGate.take(gate);
    }

    /** Returns it. */
    @Actor
    public void one(III_Result result) {
        result.r1 = close();
    }

    /** Returns it as well. */
    @Actor
    public void other(III_Result result) {
        result.r2 = close();
    }

    private int close() {
        return permit.close(io.tidegate.admission.Outcome.COMPLETED, Usage.NONE) ? 1 : 0;
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r3 = gate.inFlight().slots();
    }
}
