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
        return LatencySnapshot.of(sums);
    }

    static int bucket(long nanos) {
        return LatencySnapshot.bucket(nanos);
    }

    static long middleNanos(int bucket) {
        return LatencySnapshot.middleNanos(bucket);
    }
}
