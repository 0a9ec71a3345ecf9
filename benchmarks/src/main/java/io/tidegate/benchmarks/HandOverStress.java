/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * More wait than one batch grants, and room for all of them comes: the drain is handed over to an executor while a permit is
 * returned, which wakes it as well. Those left waiting, work in flight, times that waiters were told.
 */
@JCStressTest
@Outcome(id = "0, 70, 70", expect = Expect.ACCEPTABLE, desc = "All were granted.")
@Outcome(
        expect = Expect.FORBIDDEN,
        desc = "A waiter is left though there is room, a slot was lost, or one was told twice.")
@State
public class HandOverStress {

    /** More than the 64 of a batch. */
    private static final int WAITERS = 70;

    private final AtomicInteger told = new AtomicInteger();
    private final ConcurrentLinkedQueue<Runnable> handedOver = new ConcurrentLinkedQueue<>();
    private final Gate gate = StressGate.of(1, handedOver::add);
    private final Permit held = StressGate.take(gate);

    /** Lets them wait. */
    public HandOverStress() {
        for (int i = 0; i < WAITERS; i++) {
            StressGate.ask(gate, answer -> told.incrementAndGet());
        }
    }

    /** Brings room for all. */
    @Actor
    public void supply() {
        gate.supply(Supply.fixed(1, Work.slots(2 * WAITERS)));
    }

    /** Returns the one there was, and is the executor's thread from then on. */
    @Actor
    public void giveBack() {
        held.close();
        for (int i = 0; i < WAITERS; i++) {
            runNext();
        }
    }

    private boolean runNext() {
        Runnable task = handedOver.poll();
        if (task != null) {
            task.run();
        }
        return task != null;
    }

    /** Looks when both are done, the executor with what it was given late as well. */
    @Arbiter
    public void look(III_Result result) {
        boolean more = true;
        while (more) {
            more = runNext();
        }
        result.r1 = gate.queued();
        result.r2 = gate.inFlight().slots();
        result.r3 = told.get();
    }
}
