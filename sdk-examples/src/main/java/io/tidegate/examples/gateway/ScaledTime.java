/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.time.Instant;

/**
 * Real time made to run faster: a trace that takes an hour is replayed in minutes, and whatever is given this clock keeps its
 * settings in trace time. A window of 60 s ends after 6 s at a factor of 10.
 */
final class ScaledTime implements TimeSource, AutoCloseable {

    private final SystemTime real = SystemTime.start();
    private final double factor;
    private final long startNanos = real.nanos();
    private final Instant startWall = real.wallTime();

    /**
     * Starts now.
     *
     * @param factor how much faster than real time; finite and at least 1
     */
    ScaledTime(double factor) {
        if (!(factor >= 1 && factor <= 10_000)) {
            throw new IllegalArgumentException("the time scale must be 1 to 10000 but was " + factor);
        }
        this.factor = factor;
    }

    @Override
    public long nanos() {
        return (long) ((real.nanos() - startNanos) * factor);
    }

    @Override
    public Instant wallTime() {
        // As fast as the other clock: one that drifts from it would look like one that was set.
        return startWall.plusNanos(nanos());
    }

    @Override
    public Task schedule(long delayNanos, Runnable task) {
        return real.schedule((long) (delayNanos / factor), task);
    }

    @Override
    public void close() {
        real.close();
    }
}
