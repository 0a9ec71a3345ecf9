/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.TimeSource;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;

/** A permit and a detector that is swept by hand. In this package for the detector's sake; never published. */
@NullMarked
public final class StressLeak {

    private final AtomicInteger givenBack = new AtomicInteger();
    private final Gate gate;
    private final Permit permit;
    private final LeakDetector detector;

    /** A gate that has given one permit. */
    public StressLeak(Tier tier, TimeSource time) {
        gate = Gate.builder("stress")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(1))
                .build();
        permit = (Permit) gate.tryAcquire(Request.of(tier));
        detector =
                new LeakDetector("stress", new TierLane[] {permit.lane}, time, 0, lost -> givenBack.incrementAndGet());
    }

    /** Looks for permits that are open; true if there is one that must be looked at again. */
    public boolean sweep() {
        return detector.sweep();
    }

    /** Returns the permit. */
    public boolean close() {
        return permit.close(Outcome.COMPLETED, Usage.NONE);
    }

    /** Work in flight by the gate's count. */
    public int inFlight() {
        return gate.inFlight().slots();
    }

    /** Times that room was given back for a permit that was taken for lost. */
    public int givenBack() {
        return givenBack.get();
    }
}
