/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The distribution of a time, as counted until one instant. Immutable. Values are known to within 3.2 % or 17 µs, whichever is
 * more; counts are exact.
 *
 * <p>Times are counted in buckets that are linear up to 0.26 ms and then 16 to each power of 2, up to 39 h. Example: 100 ms are
 * 6103 units of 2<sup>14</sup> ns, in [2<sup>12</sup>, 2<sup>13</sup>), whose buckets are 256 units wide: the bucket from 5888 to
 * 6144 units, whose middle, 98.6 ms, stands for it.
 *
 * @since 0.1.0
 */
public final class LatencySnapshot {

    private static final int UNIT_SHIFT = 14;
    private static final int SUB_BITS = 4;
    private static final int SUB = 1 << SUB_BITS;

    /** Values above are counted as this many units: 39 h. */
    private static final long MOST_UNITS = (1L << 33) - 1;

    /** How many buckets there are. */
    public static final int BUCKETS = bucket(Long.MAX_VALUE) + 1;

    /** Of nothing. */
    public static final LatencySnapshot EMPTY = new LatencySnapshot(new long[BUCKETS]);

    private final long[] counts;
    private final long count;

    private LatencySnapshot(long[] counts) {
        this.counts = counts;
        long sum = 0;
        for (long each : counts) {
            sum += each;
        }
        this.count = sum;
    }

    /**
     * What was counted.
     *
     * @param counts how many times fell into each of the {@link #BUCKETS}; copied
     */
    public static LatencySnapshot of(long[] counts) {
        if (counts.length != BUCKETS) {
            throw new IllegalArgumentException(
                    "counts must be of " + BUCKETS + " buckets but were of " + counts.length);
        }
        return new LatencySnapshot(counts.clone());
    }

    /** Where a time is counted. Negative times, which two readings of a coarse clock can give, are zero. */
    public static int bucket(long nanos) {
        long units = Math.min(Math.max(0, nanos) >>> UNIT_SHIFT, MOST_UNITS);
        if (units < SUB) {
            return (int) units;
        }
        int shift = 63 - Long.numberOfLeadingZeros(units) - SUB_BITS;
        return (shift << SUB_BITS) + (int) (units >>> shift);
    }

    /** The value that stands for all of a bucket: zero for the first, else its middle. */
    public static long middleNanos(int bucket) {
        if (bucket == 0) {
            return 0;
        }
        if (bucket < 2 * SUB) {
            return ((long) bucket << UNIT_SHIFT) + (1L << (UNIT_SHIFT - 1));
        }
        int shift = (bucket >>> SUB_BITS) - 1;
        long lowest = (long) (bucket - (shift << SUB_BITS)) << shift;
        return (lowest << UNIT_SHIFT) + (1L << (shift + UNIT_SHIFT - 1));
    }

    /** How many were counted. */
    public long count() {
        return count;
    }

    /**
     * How many were counted in a bucket; with {@link #of} enough to make it again.
     *
     * @param bucket from 0, below {@link #BUCKETS}
     */
    public long count(int bucket) {
        return counts[bucket];
    }

    /**
     * The value that so many of them do not exceed; empty if there are none.
     *
     * @param fraction in [0, 1]; 0.95 for the 95th percentile
     */
    public Optional<Duration> quantile(double fraction) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("fraction must be 0 to 1 but was " + fraction);
        }
        if (count == 0) {
            return Optional.empty();
        }
        long rank = Math.max(1, (long) Math.ceil(fraction * count - 1e-9));
        int bucket = 0;
        for (long seen = counts[0]; seen < rank; seen += counts[bucket]) {
            bucket++;
        }
        return Optional.of(Duration.ofNanos(middleNanos(bucket)));
    }

    /** What was counted since an earlier snapshot of the same distribution. */
    public LatencySnapshot since(LatencySnapshot earlier) {
        long[] grown = counts.clone();
        for (int i = 0; i < grown.length; i++) {
            // Each count only grows; two snapshots taken at once by two threads may be told apart the wrong way.
            grown[i] = Math.max(0, grown[i] - earlier.counts[i]);
        }
        return new LatencySnapshot(grown);
    }

    /** What was counted in both. */
    public LatencySnapshot plus(LatencySnapshot other) {
        if (count == 0 || other.count == 0) {
            return count == 0 ? other : this;
        }
        long[] sums = counts.clone();
        for (int i = 0; i < sums.length; i++) {
            sums[i] += other.counts[i];
        }
        return new LatencySnapshot(sums);
    }

    /** Calls back with the values that occurred, in ascending order, and how often each did. */
    public void forEach(Visitor visitor) {
        for (int bucket = 0; bucket < counts.length; bucket++) {
            if (counts[bucket] > 0) {
                visitor.visit(middleNanos(bucket), counts[bucket]);
            }
        }
    }

    /** Told each value and its count. */
    @FunctionalInterface
    public interface Visitor {

        /**
         * A value.
         *
         * @param nanos the value, in nanoseconds
         * @param count how often it occurred; at least 1
         */
        void visit(long nanos, long count);
    }

    /** Two are equal if they counted the same. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LatencySnapshot that && Arrays.equals(counts, that.counts);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(counts);
    }

    @Override
    public String toString() {
        return "LatencySnapshot[count=" + count + ", p50=" + quantile(0.5).orElse(Duration.ZERO) + ", p99="
                + quantile(0.99).orElse(Duration.ZERO) + "]";
    }
}
