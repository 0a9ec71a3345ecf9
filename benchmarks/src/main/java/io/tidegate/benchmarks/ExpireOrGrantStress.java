/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Ticket;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/**
 * The permit comes back while the time of the one who waits for it runs out: times it was granted, times it expired, work in
 * flight, those left in queue or without an answer.
 */
@JCStressTest
@Outcome(id = "1, 0, 1, 0", expect = Expect.ACCEPTABLE, desc = "It was granted.")
@Outcome(id = "0, 1, 0, 0", expect = Expect.ACCEPTABLE, desc = "It expired, and the slot is free.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Both, none or one of them twice, or a slot was lost or made up.")
@State
public class ExpireOrGrantStress {

    private final AtomicInteger granted = new AtomicInteger();
    private final AtomicInteger expired = new AtomicInteger();
    private final StressGate.Alarmed time = new StressGate.Alarmed();
    private final Gate gate = StressGate.of(1, time, Runnable::run);
    private final Permit held = StressGate.take(gate);

    /** Kept, since the leak detector would find the permit it becomes: its sweep is of the clock's thread as well. */
    private final Ticket ticket = StressGate.ask(gate, this::told);

    private void told(Admission answer) {
        if (answer instanceof Permit) {
            granted.incrementAndGet();
        } else if (answer instanceof Admission.Expired) {
            expired.incrementAndGet();
        }
    }

    /** Returns the permit. */
    @Actor
    public void giveBack() {
        held.close();
    }

    /** The clock's thread. */
    @Actor
    public void runOut() {
        time.runOut();
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(IIII_Result result) {
        result.r1 = granted.get();
        result.r2 = expired.get();
        result.r3 = gate.inFlight().slots();
        result.r4 = gate.queued() + (ticket.outcome().isPresent() ? 0 : 1);
    }
}
