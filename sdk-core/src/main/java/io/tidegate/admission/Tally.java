/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counters that many threads add to and few read: a few stripes, each with all counters side by side, so that a request touches
 * one or two cache lines for all it counts.
 *
 * <p>Adding is one fetch-and-add on the stripe of the calling thread. A sum is exact while nobody adds; else it is of some
 * instant of each stripe. Counters wrap, as any number does.
 */
final class Tally {

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** Longs a stripe takes up: 256 bytes, a multiple of the pairs of cache lines that are fetched together. */
    private static final int WIDTH = 32;

    /** Most counters. */
    static final int COUNTERS = WIDTH;

    private static final int STRIPES = stripes(Runtime.getRuntime().availableProcessors());

    private final long[] cells = new long[(STRIPES + 1) * WIDTH];

    /** The next power of 2, up to 16: more would cost memory for each tier and win little. */
    private static int stripes(int processors) {
        return Integer.highestOneBit(Math.min(16, Math.max(1, 2 * processors - 1)));
    }

    /** The stripe of the calling thread, for one or more calls in a row. */
    static int stripe() {
        // Fibonacci hashing: thread ids are dense, and those of a pool often differ by a constant.
        return (int) ((Thread.currentThread().getId() * 0x9E3779B97F4A7C15L) >>> 32) & (STRIPES - 1);
    }

    static int stripeCount() {
        return STRIPES;
    }

    void add(int stripe, int counter, long delta) {
        CELL.getAndAdd(cells, (stripe + 1) * WIDTH + counter, delta);
    }

    /** Adds one and tells the stripe's count before, which no other call on that stripe was told. */
    long next(int stripe, int counter) {
        return (long) CELL.getAndAdd(cells, (stripe + 1) * WIDTH + counter, 1L);
    }

    void add(int counter, long delta) {
        add(stripe(), counter, delta);
    }

    long sum(int counter) {
        long sum = 0;
        for (int stripe = 1; stripe <= STRIPES; stripe++) {
            sum += (long) CELL.getVolatile(cells, stripe * WIDTH + counter);
        }
        return sum;
    }
}
