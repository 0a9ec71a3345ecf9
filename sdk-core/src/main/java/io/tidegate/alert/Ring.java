/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import java.util.Arrays;

/**
 * Two sums over sliding windows, in so many buckets of the same width; what is older than all of them is forgotten. A window of {@code n}
 * buckets holds what was added in the bucket that runs and the {@code n - 1} before it: at least {@code (n - 1)} and at most {@code n}
 * widths of time. Time that goes back counts as the latest seen. For one thread.
 */
final class Ring {

    private final long widthNanos;
    private final double[] first;
    private final double[] second;
    private boolean begun;
    private long originNanos;
    /** Number of the bucket that runs, since the origin. */
    private long latest;

    Ring(int buckets, long widthNanos) {
        this.widthNanos = widthNanos;
        this.first = new double[buckets];
        this.second = new double[buckets];
    }

    void add(long nowNanos, double one, double other) {
        move(nowNanos);
        int at = (int) (latest % first.length);
        first[at] += one;
        second[at] += other;
    }

    private void move(long nowNanos) {
        if (!begun) {
            begun = true;
            originNanos = nowNanos;
        }
        long bucket = (nowNanos - originNanos) / widthNanos;
        if (bucket - latest >= first.length) {
            Arrays.fill(first, 0);
            Arrays.fill(second, 0);
            latest = bucket;
        }
        while (latest < bucket) {
            latest++;
            int at = (int) (latest % first.length);
            first[at] = 0;
            second[at] = 0;
        }
    }

    double first(int buckets) {
        return sum(first, buckets);
    }

    double second(int buckets) {
        return sum(second, buckets);
    }

    private double sum(double[] of, int buckets) {
        double sum = 0;
        for (int i = 0; i < Math.min(buckets, of.length); i++) {
            if (latest - i >= 0) {
                sum += of[(int) ((latest - i) % of.length)];
            }
        }
        return sum;
    }
}
