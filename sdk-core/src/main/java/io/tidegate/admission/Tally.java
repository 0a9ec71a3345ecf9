/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counters that many threads add to and few read, made for requests that count several things at once.
 *
 * <p>There are a few stripes, each with all counters side by side. A thread claims a stripe by one compare-and-set, adds
 * whatever it has by plain stores, and leaves: a fetch-and-add for each counter would be most of what a request costs. Nobody
 * ever waits for a claim: whoever finds its stripe taken adds to a shared one by fetch-and-add.
 *
 * <pre>{@code
 * int stripe = tally.enter();
 * tally.add(stripe, COUNTER, 1);
 * tally.leave(stripe);
 * }</pre>
 *
 * <p>A sum is exact once those who added have returned; else each part of it is of some recent instant. Counters wrap, as any
 * number does.
 */
final class Tally {

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** Longs a stripe takes up: 512 bytes, a multiple of the pairs of cache lines that are fetched together. */
    private static final int WIDTH = 64;

    /** Counters; the other long of a stripe says whether it is claimed. */
    static final int COUNTERS = WIDTH - 1;

    private static final int CLAIM = COUNTERS;

    private static final int CLAIMED = stripes(Runtime.getRuntime().availableProcessors());

    /** The stripe that nobody claims. */
    static final int SHARED = CLAIMED;

    /** All stripes. */
    static final int STRIPES = CLAIMED + 1;

    private final long[] cells = new long[(STRIPES + 1) * WIDTH];

    /** A power of 2 of at least the processors, up to 16: more would cost memory for each tier and win little. */
    private static int stripes(int processors) {
        return Integer.highestOneBit(Math.min(16, Math.max(1, 2 * processors - 1)));
    }

    /** Claims the stripe of the calling thread. Nothing may be thrown before it is left again. */
    int enter() {
        int stripe = ownStripe();
        return tryEnter(stripe) ? stripe : SHARED;
    }

    private static int ownStripe() {
        // Fibonacci hashing: thread ids are dense, and those of a pool often differ by a constant.
        return (int) ((Thread.currentThread().getId() * 0x9E3779B97F4A7C15L) >>> 32) & (CLAIMED - 1);
    }

    boolean tryEnter(int stripe) {
        return CELL.weakCompareAndSetAcquire(cells, index(stripe, CLAIM), 0L, 1L);
    }

    void leave(int stripe) {
        if (stripe != SHARED) {
            CELL.setRelease(cells, index(stripe, CLAIM), 0L);
        }
    }

    /** Adds, and tells the count before. */
    long add(int stripe, int counter, long delta) {
        int index = index(stripe, counter);
        if (stripe == SHARED) {
            return (long) CELL.getAndAdd(cells, index, delta);
        }
        // Opaque: whoever sums may read it at any time, and sees one count or the other. The claim orders those who
        // add.
        long before = (long) CELL.getOpaque(cells, index);
        CELL.setOpaque(cells, index, before + delta);
        return before;
    }

    /**
     * Adds one without a claim, and tells the count of that stripe before, which no other call on the stripe is told. For whoever
     * has only this to count; a counter is added to either always so or never.
     */
    long countAlone(int counter) {
        return (long) CELL.getAndAdd(cells, index(ownStripe(), counter), 1L);
    }

    long sum(int counter) {
        long sum = 0;
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            sum += (long) CELL.getVolatile(cells, index(stripe, counter));
        }
        return sum;
    }

    private static int index(int stripe, int counter) {
        return (stripe + 1) * WIDTH + counter;
    }
}
