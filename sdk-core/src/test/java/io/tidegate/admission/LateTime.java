/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.time.ManualTime;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;

/** A manual clock whose scheduler is late: a task runs that long after its time, and the coarse reading lags by a little. */
final class LateTime implements TimeSource {

    private static final long COARSE_LAG_NANOS = 2_000_000;

    private final ManualTime manual = new ManualTime();
    private final long lateness;

    LateTime(Duration lateness) {
        this.lateness = lateness.toNanos();
    }

    void advance(Duration duration) {
        manual.advance(duration);
    }

    @Override
    public long nanos() {
        return manual.nanos();
    }

    @Override
    public long coarseNanos() {
        return manual.nanos() - COARSE_LAG_NANOS;
    }

    @Override
    public Instant wallTime() {
        return manual.wallTime();
    }

    @Override
    public Task schedule(long delayNanos, Runnable task) {
        return manual.schedule(delayNanos + lateness, task);
    }
}
