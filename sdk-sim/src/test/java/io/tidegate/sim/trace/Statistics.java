/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.Arrays;

/** Figures of a sample. */
final class Statistics {
    private Statistics() {}

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    /** Coefficient of variation: standard deviation over mean. */
    static double variation(double[] values) {
        double mean = mean(values);
        double variance = Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElseThrow();
        return Math.sqrt(variance) / mean;
    }
}
