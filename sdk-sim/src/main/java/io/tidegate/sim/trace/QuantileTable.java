/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.Arrays;

/**
 * A distribution of lengths known by some of its quantiles. Between two of them the logarithm of the length rises evenly;
 * below the first and above the last published quantile nothing is made up, the length stays what it is there.
 */
final class QuantileTable {
    private final double[] probabilities;
    private final double[] logs;

    /**
     * Holds the given quantiles.
     *
     * @param probabilities rising, each in 0..1
     * @param lengths not falling; below 1 counts as 1
     */
    QuantileTable(double[] probabilities, double[] lengths) {
        this.probabilities = probabilities.clone();
        this.logs = Arrays.stream(lengths)
                .map(length -> StrictMath.log(Math.max(1, length)))
                .toArray();
    }

    /** Returns the length at a probability, as a whole number of at least 1. */
    int at(double probability) {
        int found = Arrays.binarySearch(probabilities, probability);
        if (found >= 0) {
            return rounded(logs[found]);
        }
        int above = -found - 1;
        if (above == 0) {
            return rounded(logs[0]);
        }
        if (above == logs.length) {
            return rounded(logs[logs.length - 1]);
        }
        double part = (probability - probabilities[above - 1]) / (probabilities[above] - probabilities[above - 1]);
        return rounded(logs[above - 1] + part * (logs[above] - logs[above - 1]));
    }

    private static int rounded(double log) {
        return (int) Math.min(EventFile.MAX_TOKENS, Math.max(1, Math.round(StrictMath.exp(log))));
    }
}
