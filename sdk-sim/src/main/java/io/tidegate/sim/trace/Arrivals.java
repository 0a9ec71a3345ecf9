/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/**
 * Arrival times of a gamma renewal process whose rate follows {@link RateWindows}.
 *
 * <p>Gaps are drawn in operational time, in which one arrival is expected per unit, and stretched by the rate of the
 * windows they cross: at 2/s for 1 s and then 8/s, a gap of 3 units that starts at 0 ends at 1 s + 1/8 s. So the mean rate of
 * every window is exact whatever the burstiness, and a window without arrivals merely delays the next one. The process
 * is in equilibrium at the start: the first arrival comes after a residual gap, else a bursty process would begin with a
 * burst.
 *
 * <p>A cursor for one thread.
 */
final class Arrivals {
    private final RateWindows windows;
    private final SeededRandom random;
    private int window;
    private double seconds;
    private boolean started;

    Arrivals(RateWindows windows, long seed) {
        this.windows = windows;
        this.random = new SeededRandom(seed);
    }

    /** Goes to the next arrival; returns false if there is none before the end of the last window. */
    boolean next() {
        while (window < windows.count() && windows.rate(window) == 0) {
            leaveWindow();
        }
        if (window == windows.count()) {
            return false;
        }
        double shape = windows.shape(window);
        double gap = started ? random.nextGamma(shape) : random.nextGammaResidual(shape);
        started = true;
        while (true) {
            double rate = windows.rate(window);
            double room = rate * (windows.end(window) - seconds);
            if (gap < room) {
                seconds += gap / rate;
                return true;
            }
            gap -= room;
            leaveWindow();
            if (window == windows.count()) {
                return false;
            }
        }
    }

    /** Time of the arrival {@link #next()} went to, in seconds from the start of the first window. */
    double seconds() {
        return seconds;
    }

    private void leaveWindow() {
        seconds = windows.end(window);
        window++;
    }
}
