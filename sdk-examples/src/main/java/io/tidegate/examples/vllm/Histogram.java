/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.Arrays;

/** A Prometheus histogram with fixed bounds. Not safe for concurrent use. */
final class Histogram {
    private final double[] bounds;
    private final long[] counts;
    private double sum;

    /** @param bounds inclusive upper bounds, increasing, without the infinite one */
    Histogram(double[] bounds) {
        this(bounds, new long[bounds.length + 1], 0);
    }

    private Histogram(double[] bounds, long[] counts, double sum) {
        this.bounds = bounds;
        this.counts = counts;
        this.sum = sum;
    }

    void record(double value) {
        int found = Arrays.binarySearch(bounds, value);
        counts[found >= 0 ? found : -found - 1]++;
        sum += value;
    }

    /** A copy that later records do not change. */
    Histogram copy() {
        return new Histogram(bounds, counts.clone(), sum);
    }

    /** Upper bounds of the finite buckets; the caller must not change them. */
    double[] bounds() {
        return bounds;
    }

    /** Recorded values in one bucket alone; the infinite bucket comes after the last bound. */
    long count(int bucket) {
        return counts[bucket];
    }

    long count() {
        return Arrays.stream(counts).sum();
    }

    double sum() {
        return sum;
    }
}
