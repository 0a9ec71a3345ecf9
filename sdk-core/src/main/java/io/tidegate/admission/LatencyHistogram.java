/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Counts times in buckets that are linear up to 0.26 ms and then 16 to each power of 2, up to 39 h.
 *
 * <p>Example: 100 ms are 6103 units of 2<sup>14</sup> ns, in [2<sup>12</sup>, 2<sup>13</sup>), whose buckets are 256 units
 * wide: the bucket from 5888 to 6144 units, whose middle, 98.6 ms, stands for it.
 *
 * <p>Striped as the {@link Tally} beside it: whoever counts has entered a stripe of that.
 */
final class LatencyHistogram {

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle COUNTS;

    static {
        try {
            COUNTS = MethodHandles.lookup().findVarHandle(LatencyHistogram.class, "counts", long[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int UNIT_SHIFT = 14;
    private static final int SUB_BITS = 4;
    private static final int SUB = 1 << SUB_BITS;

    /** Values above are counted as this many units: 39 h. */
    private static final long MOST_UNITS = (1L << 33) - 1;

    private static final int BUCKETS = bucket(Long.MAX_VALUE) + 1;

    /** All stripes, one behind the other; made when first counted into: of most outcomes there is never anything. */
    private volatile long @Nullable [] counts;

    /** What to {@link #record} into. May allocate, and so comes before a stripe is entered. */
    long[] prepare() {
        long[] made = counts;
        return made != null ? made : make();
    }

    private long[] make() {
        long[] made = new long[BUCKETS * Tally.STRIPES];
        long[] found = (long[]) COUNTS.compareAndExchange(this, null, made);
        return found == null ? made : found;
    }

    /** Counts, on a stripe of the tally that the caller has entered. */
    static void record(long[] prepared, int stripe, long nanos) {
        int index = stripe * BUCKETS + bucket(nanos);
        if (stripe == Tally.SHARED) {
            CELL.getAndAdd(prepared, index, 1L);
        } else {
            CELL.setOpaque(prepared, index, (long) CELL.getOpaque(prepared, index) + 1);
        }
    }

    long count() {
        long[] all = counts;
        long sum = 0;
        for (int i = 0; all != null && i < all.length; i++) {
            sum += (long) CELL.getOpaque(all, i);
        }
        return sum;
    }

    /**
     * What was counted, and as many zeros on top.
     *
     * @param zeros times of zero that were not recorded one by one
     */
    LatencySnapshot snapshot(long zeros) {
        long[] all = counts;
        long[] sums = new long[BUCKETS];
        sums[0] = Math.max(0, zeros);
        for (int i = 0; all != null && i < all.length; i++) {
            sums[i % BUCKETS] += (long) CELL.getOpaque(all, i);
        }
        return new LatencySnapshot(sums);
    }

    /** Negative times, which two readings of a coarse clock can give, are zero. */
    static int bucket(long nanos) {
        long units = Math.min(Math.max(0, nanos) >>> UNIT_SHIFT, MOST_UNITS);
        if (units < SUB) {
            return (int) units;
        }
        int shift = 63 - Long.numberOfLeadingZeros(units) - SUB_BITS;
        return (shift << SUB_BITS) + (int) (units >>> shift);
    }

    /** The value that stands for all of a bucket: zero for the first, else its middle. */
    static long middleNanos(int bucket) {
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
}
