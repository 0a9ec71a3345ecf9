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
 * Two ask for the last request of a quota that looks first and counts afterwards. Must be reported as faulty: if it is not, {@link
 * ReserveLastStress} would not find such a fault either.
 */
@JCStressTest
@Outcome(
        id = {"1, 0, 0", "0, 1, 0"},
        expect = Expect.ACCEPTABLE,
        desc = "One of them has it.")
@Outcome(id = "1, 1, -1", expect = Expect.FORBIDDEN, desc = "Both have it: the fault to be found.")
@State
public class LookThenReserveCanary {

    private final AtomicInteger left = new AtomicInteger(1);

    /** Asks. */
    @Actor
    public void one(III_Result result) {
        result.r1 = take();
    }

    /** Asks as well. */
    @Actor
    public void other(III_Result result) {
        result.r2 = take();
    }

    private int take() {
        if (left.get() < 1) {
            return 0;
        }
        left.decrementAndGet();
        return 1;
    }

    /** Looks when both are done. */
    @Arbiter
    public void look(III_Result result) {
        result.r3 = left.get();
    }
}
