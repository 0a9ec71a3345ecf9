/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.StressLeak;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The leak detector sweeps while a permit is returned: whether it follows the permit afterwards, which it would take for lost,
 * the room that it gave back, and work in flight.
 */
@JCStressTest
@Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "It was returned, once.")
@Outcome(expect = Expect.FORBIDDEN, desc = "It is followed though it was returned, or its room was given back twice.")
@State
public class LeakOrCloseStress {

    private final StressLeak leak = StressGate.leak();

    /** Sweeps. */
    @Actor
    public void sweep() {
        boolean unused = leak.sweep();
    }

    /** Returns the permit. */
    @Actor
    public void close() {
        boolean unused = leak.close();
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        // Whatever it knew of the permit is forgotten by the next sweep, so that there is nothing to look for again.
        boolean unused = leak.sweep();
        result.r1 = leak.sweep() ? 1 : 0;
        result.r2 = leak.givenBack();
        result.r3 = leak.inFlight();
    }
}
