/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Ticket;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** The permit comes back while the one who waits for it gives up: whether it left, work in flight, times it was told. */
@JCStressTest
@Outcome(id = "1, 0, 1", expect = Expect.ACCEPTABLE, desc = "It left, and the slot is free.")
@Outcome(id = "0, 1, 1", expect = Expect.ACCEPTABLE, desc = "It was granted.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Both won, nobody won, a slot was lost or made up, or it was told twice.")
@State
public class GrantOrCancelStress {

    private final AtomicInteger told = new AtomicInteger();
    private final Gate gate = StressGate.of(1);
    private final Permit held = StressGate.take(gate);
    private final Ticket ticket = gate.acquire(Request.of(gate.tiers().get(0)), answer -> told.incrementAndGet());

    /** Returns the permit. */
    @Actor
    public void giveBack() {
        held.close();
    }

    /** Gives up. */
    @Actor
    public void cancel(III_Result result) {
        result.r1 = ticket.cancel() ? 1 : 0;
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r2 = gate.inFlight().slots();
        result.r3 = told.get();
    }
}
