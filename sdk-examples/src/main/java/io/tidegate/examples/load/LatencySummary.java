/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import org.HdrHistogram.Histogram;

/**
 * A distribution of times, in seconds.
 *
 * @param count how many were measured; if 0, so are the others
 * @param p50Seconds the median
 * @param p90Seconds the 90th percentile
 * @param p99Seconds the 99th percentile
 * @param maxSeconds the longest
 * @since 0.1.0
 */
public record LatencySummary(long count, double p50Seconds, double p90Seconds, double p99Seconds, double maxSeconds) {
    /** Sums up a histogram of nanoseconds. */
    static LatencySummary ofNanos(Histogram nanos) {
        if (nanos.getTotalCount() == 0) {
            return new LatencySummary(0, 0, 0, 0, 0);
        }
        return new LatencySummary(
                nanos.getTotalCount(),
                nanos.getValueAtPercentile(50) / 1e9,
                nanos.getValueAtPercentile(90) / 1e9,
                nanos.getValueAtPercentile(99) / 1e9,
                nanos.getMaxValue() / 1e9);
    }
}
