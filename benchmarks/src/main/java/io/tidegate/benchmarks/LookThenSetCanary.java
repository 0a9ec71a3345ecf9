/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * Two threads return one permit whose flag is looked at first and set afterwards. Must be reported as faulty: if it is not,
 * the other tests would not find such a fault either.
 */
@JCStressTest
@Outcome(
        id = {"1, 0, 1", "0, 1, 1"},
        expect = Expect.ACCEPTABLE,
        desc = "One of them returned it.")
@Outcome(id = "1, 1, 0", expect = Expect.FORBIDDEN, desc = "It was returned twice: the fault to be found.")
@State
public class LookThenSetCanary {

    private final AtomicInteger inFlight = new AtomicInteger(2);
    private volatile boolean closed;

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
        if (closed) {
            return 0;
        }
        closed = true;
        inFlight.decrementAndGet();
        return 1;
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r3 = inFlight.get();
    }
}
