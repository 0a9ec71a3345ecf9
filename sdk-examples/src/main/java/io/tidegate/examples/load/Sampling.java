/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import io.tidegate.sim.trace.TraceStats;

/**
 * How much of a trace to send so that the driver's machine keeps up.
 *
 * @since 0.1.0
 */
public final class Sampling {
    /**
     * Requests per second of real time that the driver is given by default. At this rate, with answers of 100 tokens, it takes
     * about a third of a core.
     */
    public static final double DEFAULT_REAL_REQUESTS_PER_SECOND = 300;

    private Sampling() {}

    /**
     * Returns the largest probability of keeping an event with which the trace's busiest second is expected to stay within
     * the budget: budget / (peak x time scale), at most 1. With a peak of 60/s at 10 times the speed and a budget of 300/s
     * that is 0.5. Chance may put a few more into that second.
     *
     * @param peakPerSecond events in the busiest second of the trace, per second of trace time; not negative
     * @param timeScale how much faster than real time the trace is replayed; at least 1
     * @param realPerSecond requests per second of real time the driver may send; above 0
     * @throws IllegalArgumentException if an argument is out of its range
     */
    public static double suggest(double peakPerSecond, double timeScale, double realPerSecond) {
        if (!(peakPerSecond >= 0) || Double.isInfinite(peakPerSecond)) {
            throw new IllegalArgumentException("peakPerSecond must be >= 0 and finite but was " + peakPerSecond);
        }
        if (!(timeScale >= 1) || Double.isInfinite(timeScale)) {
            throw new IllegalArgumentException("timeScale must be >= 1 and finite but was " + timeScale);
        }
        if (!(realPerSecond > 0)) {
            throw new IllegalArgumentException("realPerSecond must be above 0 but was " + realPerSecond);
        }
        double peak = peakPerSecond * timeScale;
        return peak <= realPerSecond ? 1 : realPerSecond / peak;
    }

    /** Returns {@link #suggest(double, double, double)} for a trace's peak and the default budget. */
    public static double suggest(TraceStats trace, double timeScale) {
        return suggest(trace.peakPerSecond(), timeScale, DEFAULT_REAL_REQUESTS_PER_SECOND);
    }
}
