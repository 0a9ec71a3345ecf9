/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.LatencySnapshot;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Counts times in the buckets of a {@link LatencySnapshot}.
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

    private static final int BUCKETS = LatencySnapshot.BUCKETS;

    /** Where the stripes that were ever counted on are noted, a bit for each: most never are, and reading them all costs most of a read. */
    private static final int TOUCHED = BUCKETS * Tally.STRIPES;

    /** All stripes, one behind the other; made when first counted into: of most outcomes there is never anything. */
    private volatile long @Nullable [] counts;

    /** What to {@link #record} into. May allocate, and so comes before a stripe is entered. */
    long[] prepare() {
        long[] made = counts;
        return made != null ? made : make();
    }

    private long[] make() {
        long[] made = new long[TOUCHED + 1];
        long[] found = (long[]) COUNTS.compareAndExchange(this, null, made);
        return found == null ? made : found;
    }

    /** Counts, on a stripe of the tally that the caller has entered. */
    static void record(long[] prepared, int stripe, long nanos) {
        long bit = 1L << stripe;
        if (((long) CELL.getOpaque(prepared, TOUCHED) & bit) == 0) {
            CELL.getAndBitwiseOr(prepared, TOUCHED, bit);
        }
        int index = stripe * BUCKETS + bucket(nanos);
        if (stripe == Tally.SHARED) {
            CELL.getAndAdd(prepared, index, 1L);
        } else {
            CELL.setOpaque(prepared, index, (long) CELL.getOpaque(prepared, index) + 1);
        }
    }

    long count() {
        long sum = 0;
        for (long each : sums()) {
            sum += each;
        }
        return sum;
    }

    /**
     * What was counted, and as many zeros on top.
     *
     * @param zeros times of zero that were not recorded one by one
     */
    LatencySnapshot snapshot(long zeros) {
        long[] sums = sums();
        sums[0] += Math.max(0, zeros);
        return LatencySnapshot.of(sums);
    }

    private long[] sums() {
        long[] all = counts;
        long[] sums = new long[BUCKETS];
        // A stripe that is touched first while this reads may be missed, as any count of that moment may.
        long touched = all == null ? 0 : (long) CELL.getVolatile(all, TOUCHED);
        for (int stripe = 0; touched != 0; stripe++, touched >>>= 1) {
            if ((touched & 1) != 0) {
                for (int i = 0; i < BUCKETS; i++) {
                    sums[i] += (long) CELL.getOpaque(all, stripe * BUCKETS + i);
                }
            }
        }
        return sums;
    }

    static int bucket(long nanos) {
        return LatencySnapshot.bucket(nanos);
    }

    static long middleNanos(int bucket) {
        return LatencySnapshot.middleNanos(bucket);
    }
}
