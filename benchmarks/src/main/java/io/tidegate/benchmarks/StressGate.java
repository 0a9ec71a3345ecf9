/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.TimeSource;
import java.time.Instant;

/** Gates for stress tests: the smallest there are, on a clock that stands still and schedules nothing. */
final class StressGate {

    private static final Tier TIER = Tier.builder("standard").build();
    private static final TimeSource TIME = new Standing();

    private StressGate() {}

    static Gate of(int slots) {
        return Gate.builder("stress")
                .tier(TIER)
                .time(TIME)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(slots))
                .build();
    }

    static Permit take(Gate gate) {
        if (gate.tryAcquire(Request.of(TIER)) instanceof Permit permit) {
            return permit;
        }
        throw new IllegalStateException("no room in " + gate);
    }

    /** Without locks of its own, which would order what the test is about. */
    private static final class Standing implements TimeSource {

        private static final Task NOTHING = () -> {};

        @Override
        public long nanos() {
            return 0;
        }

        @Override
        public Instant wallTime() {
            return Instant.EPOCH;
        }

        @Override
        public Task schedule(long delayNanos, Runnable task) {
            return NOTHING;
        }
    }
}
