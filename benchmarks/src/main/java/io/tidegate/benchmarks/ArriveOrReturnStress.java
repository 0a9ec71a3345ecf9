/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** The permit comes back while somebody arrives: those in queue, work in flight, times the arrival was told. */
@JCStressTest
@Outcome(id = "0, 1, 1", expect = Expect.ACCEPTABLE, desc = "The arrival was granted, at once or from the queue.")
@Outcome(id = "1, 0, 0", expect = Expect.FORBIDDEN, desc = "A lost wake-up: it waits though there is room.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A slot was lost or made up, or it was told twice.")
@State
public class ArriveOrReturnStress {

    private final AtomicInteger told = new AtomicInteger();
    private final Gate gate = StressGate.of(1);
    private final Permit held = StressGate.take(gate);

    /** Returns the permit. */
    @Actor
    public void giveBack() {
        held.close();
    }

    /** Arrives. */
    @Actor
    public void arrive() {
        gate.acquire(Request.of(gate.tiers().get(0)), answer -> told.incrementAndGet());
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r1 = gate.queued();
        result.r2 = gate.inFlight().slots();
        result.r3 = told.get();
    }
}
