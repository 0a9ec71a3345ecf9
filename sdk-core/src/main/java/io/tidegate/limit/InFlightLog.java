/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import io.tidegate.pool.Work;

/**
 * What was in flight lately, so that a reading can be held against what was in flight when it was taken. Keeps the last
 * {@value #KEPT} looks; between two of them it draws a line. Not safe for use by several threads.
 */
final class InFlightLog {

    private static final int KEPT = 512;

    private final long[] at = new long[KEPT];
    private final int[] slots = new int[KEPT];
    private final long[] tokens = new long[KEPT];
    private long count;

    void add(long nowNanos, Work inFlight) {
        int index = count > 0 && at[index(count - 1)] == nowNanos ? index(count - 1) : index(count++);
        at[index] = nowNanos;
        slots[index] = inFlight.slots();
        tokens[index] = inFlight.tokens();
    }

    /** What was in flight then; the oldest or newest look if it was before or after all. */
    Work at(long nanos) {
        if (count == 0) {
            return Work.NONE;
        }
        long oldest = Math.max(0, count - KEPT);
        long later = count - 1;
        while (later > oldest && at[index(later)] - nanos > 0) {
            later--;
        }
        int before = index(later);
        if (later == count - 1 || at[before] - nanos >= 0) {
            return new Work(slots[before], tokens[before]);
        }
        int after = index(later + 1);
        double part = (double) (nanos - at[before]) / (at[after] - at[before]);
        return new Work(
                (int) Math.round(slots[before] + part * (slots[after] - slots[before])),
                Math.round(tokens[before] + part * (tokens[after] - tokens[before])));
    }

    private static int index(long number) {
        return (int) (number % KEPT);
    }
}
