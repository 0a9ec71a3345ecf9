/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Keeps retries a small part of what is sent to replicas, so that a failing pool is not asked several times as much for it.
 *
 * <p>Over any ten seconds no more retries are allowed than a part, 10 % by default, of the requests that were accepted in them, or
 * than a few per second if that is more: a gateway with little to do may retry as well. So of n accepted requests at most 1.1 n are
 * sent, as long as n is ten times the few. The budget belongs to whoever sends: one for each pool, over all its replicas. After the
 * retry budgets of Finagle and Envoy, and "Handling Overload" in the Site Reliability Engineering book.
 *
 * <p>What was not used within ten seconds is gone: hours of health do not pay for a storm. Safe for use by many threads; {@link
 * #accepted()} takes no lock.
 *
 * @since 0.1.0
 */
public final class RetryBudget {

    private static final double DEFAULT_RATIO = 0.1;
    private static final double DEFAULT_MIN_PER_SECOND = 1;

    /** Seconds that count, the current one among them. */
    static final int WINDOW = 10;

    /** Seconds that have a cell: more than count, and a power of 2. */
    private static final int CELLS = 16;

    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final int COUNT_BITS = 36;
    private static final long COUNT = (1L << COUNT_BITS) - 1;
    private static final long SECONDS = (1L << (Long.SIZE - COUNT_BITS)) - 1;

    private final TimeSource time;
    private final double ratio;
    private final double minPerSecond;

    /** When it began. */
    private final long originNanos;

    /** A cell for each second: the second above the count. One of another second counts nothing. */
    private final AtomicLongArray accepted = new AtomicLongArray(CELLS);

    /** Retries, alike. Written under the lock. */
    private final AtomicLongArray retried = new AtomicLongArray(CELLS);

    private final LongAdder allowed = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** Held while a retry is allowed or refused: it looks at several cells. */
    private final Object lock = new Object();

    private RetryBudget(TimeSource time, double ratio, double minPerSecond) {
        this.time = time;
        this.ratio = ratio;
        this.minPerSecond = minPerSecond;
        this.originNanos = time.nanos();
    }

    /** 10 % of what was accepted, or 1 per second. */
    public static RetryBudget of(TimeSource time) {
        return of(time, DEFAULT_RATIO, DEFAULT_MIN_PER_SECOND);
    }

    /**
     * A budget of its own measure.
     *
     * @param ratio retries for each accepted request; 0 to 1, 0.1 by default
     * @param minPerSecond retries per second that are allowed anyway; 0 or more, 1 by default. At less than this ÷ ratio
     *     accepted requests per second it is this that bounds retries
     */
    public static RetryBudget of(TimeSource time, double ratio, double minPerSecond) {
        if (!(ratio >= 0 && ratio <= 1)) {
            throw new IllegalArgumentException("ratio must be in [0, 1] but was " + ratio);
        }
        if (!(minPerSecond >= 0 && minPerSecond <= 1_000_000)) {
            throw new IllegalArgumentException("minPerSecond must be in [0, 1000000] but was " + minPerSecond);
        }
        return new RetryBudget(time, ratio, minPerSecond);
    }

    /** Counts a request that was admitted and is sent for the first time. */
    public void accepted() {
        count(accepted, second(time.coarseNanos()));
    }

    /**
     * Asks whether a request may be sent once more; if so, that is counted.
     *
     * @param firstByteSent whether the client was sent a part of an answer: then never, as a second answer would follow the first
     */
    public boolean tryRetry(boolean firstByteSent) {
        if (firstByteSent) {
            refused.increment();
            return false;
        }
        long second = second(time.coarseNanos());
        boolean may;
        synchronized (lock) {
            double most = Math.max(ratio * sum(accepted, second), minPerSecond * WINDOW);
            // A retry is whole or not at all.
            may = sum(retried, second) + 1 <= most + 1e-9;
            if (may) {
                count(retried, second);
            }
        }
        (may ? allowed : refused).increment();
        return may;
    }

    /** Retries that were allowed so far. */
    public long retries() {
        return allowed.sum();
    }

    /** Retries that were refused so far. */
    public long refusals() {
        return refused.sum();
    }

    private long second(long now) {
        // The coarse clock may be behind the exact one that was read at the beginning.
        return Math.max(0, now - originNanos) / SECOND & SECONDS;
    }

    private static void count(AtomicLongArray cells, long second) {
        int index = (int) (second & (CELLS - 1));
        long seen = cells.get(index);
        while (true) {
            boolean same = seen >>> COUNT_BITS == second;
            // Of a later second already: ours is over but for this moment, and its cell is not taken back.
            long next = same || later(seen >>> COUNT_BITS, second) ? seen + 1 : second << COUNT_BITS | 1;
            long found = cells.compareAndExchange(index, seen, next);
            if (found == seen) {
                return;
            }
            seen = found;
        }
    }

    private static boolean later(long one, long other) {
        return (one - other & SECONDS) < SECONDS / 2 && one != other;
    }

    /** Of the seconds that count, up to this one. */
    private static long sum(AtomicLongArray cells, long second) {
        long sum = 0;
        for (int i = 0; i < CELLS; i++) {
            long cell = cells.get(i);
            long age = second - (cell >>> COUNT_BITS) & SECONDS;
            if (age < WINDOW) {
                sum += cell & COUNT;
            }
        }
        return sum;
    }

    @Override
    public String toString() {
        return "RetryBudget[ratio=" + ratio + ", minPerSecond=" + minPerSecond + ", retries=" + retries()
                + ", refusals=" + refusals() + "]";
    }
}
