/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.Arrays;

/**
 * Rates and burstiness over time, constant within each window; the windows follow each other without a gap.
 *
 * <p>Immutable by agreement: the arrays are handed over and not changed afterwards.
 */
final class RateWindows {
    private final double[] endSeconds;
    private final double[] perSecond;
    private final double[] variation;

    /**
     * Holds the given windows.
     *
     * @param endSeconds where each window ends, rising; the first starts at 0
     * @param perSecond arrivals per second in each window, not negative
     * @param variation coefficient of variation of the gaps between arrivals in each window, above 0; 1 is Poisson
     */
    RateWindows(double[] endSeconds, double[] perSecond, double[] variation) {
        this.endSeconds = endSeconds;
        this.perSecond = perSecond;
        this.variation = variation;
    }

    /** Windows whose gaps are those of a Poisson process. */
    static RateWindows poisson(double[] endSeconds, double[] perSecond) {
        double[] variation = new double[endSeconds.length];
        Arrays.fill(variation, 1);
        return new RateWindows(endSeconds, perSecond, variation);
    }

    /** The same windows with all rates multiplied; the variation of the gaps stays. */
    RateWindows times(double factor) {
        return factor == 1
                ? this
                : new RateWindows(
                        endSeconds,
                        Arrays.stream(perSecond).map(rate -> rate * factor).toArray(),
                        variation);
    }

    int count() {
        return endSeconds.length;
    }

    double end(int window) {
        return endSeconds[window];
    }

    double rate(int window) {
        return perSecond[window];
    }

    /** Shape of the gamma distribution with the window's coefficient of variation. */
    double shape(int window) {
        return 1 / (variation[window] * variation[window]);
    }

    /** Rate at an instant; 0 before the first and after the last window. */
    double rateAt(double seconds) {
        if (seconds < 0) {
            return 0;
        }
        int found = Arrays.binarySearch(endSeconds, seconds);
        int window = found >= 0 ? found + 1 : -found - 1;
        return window < perSecond.length ? perSecond[window] : 0;
    }

    /** Expected number of arrivals from the start to an instant. */
    double expectedUntil(double seconds) {
        double expected = 0;
        double start = 0;
        for (int window = 0; window < endSeconds.length && start < seconds; window++) {
            expected += perSecond[window] * (Math.min(endSeconds[window], seconds) - start);
            start = endSeconds[window];
        }
        return expected;
    }
}
