/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/**
 * A permit takes more tokens after it was looked whether it is returned. Must be reported as faulty: if it is not, {@link
 * GrowOrCloseStress} would not find such a fault either.
 */
@JCStressTest
@Outcome(id = "0, 16", expect = Expect.ACCEPTABLE, desc = "It was returned before it could grow.")
@Outcome(id = "0, 80", expect = Expect.ACCEPTABLE, desc = "It grew, and all was returned.")
@Outcome(id = "64, 80", expect = Expect.FORBIDDEN, desc = "What it grew by is kept: the fault to be found.")
@State
public class LookThenGrowCanary {

    private final AtomicLong inFlight = new AtomicLong(16);
    private final AtomicLong held = new AtomicLong(16);
    private volatile boolean closed;

    /** Writes more than was expected. */
    @Actor
    public void grow() {
        if (!closed) {
            inFlight.addAndGet(64);
            held.addAndGet(64);
        }
    }

    /** Returns it. */
    @Actor
    public void close() {
        closed = true;
        inFlight.addAndGet(-held.get());
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(JJ_Result result) {
        result.r1 = inFlight.get();
        result.r2 = held.get();
    }
}
