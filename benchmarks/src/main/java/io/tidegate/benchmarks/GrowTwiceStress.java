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
import org.openjdk.jcstress.infra.results.JJJ_Result;

/**
 * Two threads say how much one permit has written: tokens in flight when both have, by the gate and by its tier, and after it was
 * returned. What is taken at once is 1,024 tokens, less one unit of 16.
 */
@JCStressTest
@Outcome(id = "9008, 9008, 0", expect = Expect.ACCEPTABLE, desc = "It took what the second needed.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Something was taken twice or is kept.")
@State
public class GrowTwiceStress {

    private final Gate gate = StressGate.of(2);
    private final Permit permit = StressGate.take(gate);

    /** Writes more than was expected. */
    @Actor
    public void little() {
        permit.progress(5_000);
    }

    /** Writes more than that and what is taken at once. */
    @Actor
    public void much() {
        permit.progress(8_000);
    }

    /** Looks when both are done, and returns it. */
    @Arbiter
    public void look(JJJ_Result result) {
        result.r1 = gate.inFlight().tokens();
        result.r2 = gate.load().tiers().get(0).tokensInFlight();
        permit.close();
        result.r3 = gate.inFlight().tokens() + gate.load().tiers().get(0).tokensInFlight();
    }
}
