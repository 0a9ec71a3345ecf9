/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.time.Duration;
import java.util.OptionalDouble;

/**
 * The share of requests that kept their SLO over the last five minutes, from two counts that only grow: it remembers what they
 * were at the beginning of each of the last sixty periods of five seconds.
 *
 * <p>Requests ask only whether a period has ended, one comparison; whoever finds that it has writes down the counts. Approximate
 * at the edge: what passes while the counts are written down may be counted to either period.
 *
 * <p><b>Threads.</b> Any may ask; one at a time turns, under the lock, and others go on without it.
 */
final class SloWindow {

    static final Duration LENGTH = Duration.ofMinutes(5);

    private static final int PERIODS = 60;
    private static final long PERIOD_NANOS = LENGTH.toNanos() / PERIODS;

    private final long[] evaluated = new long[PERIODS];
    private final long[] kept = new long[PERIODS];
    private final java.util.concurrent.locks.ReentrantLock lock = new java.util.concurrent.locks.ReentrantLock();

    /** Counts time from its making, so that a clock that wraps does not lose the window. */
    private final long originNanos;

    /** The period that runs; what was counted before it began is at its place. Under the lock. */
    private long period;

    private volatile long endNanos;

    SloWindow(long originNanos) {
        this.originNanos = originNanos;
        this.endNanos = originNanos + PERIOD_NANOS;
    }

    /** Whether the period has ended, so that {@link #turn} is due. */
    boolean isOver(long nowNanos) {
        return nowNanos - endNanos >= 0;
    }

    /** Begins the period of this time, with what was counted until now. A time before that of another call changes nothing. */
    void turn(long nowNanos, long evaluatedUntilNow, long keptUntilNow) {
        if (!lock.tryLock()) {
            return;
        }
        try {
            long newest = (nowNanos - originNanos) / PERIOD_NANOS;
            // Nothing was counted in periods that passed without a turn, or they would have been turned.
            for (long each = Math.max(period + 1, newest - PERIODS + 1); each <= newest; each++) {
                evaluated[(int) (each % PERIODS)] = evaluatedUntilNow;
                kept[(int) (each % PERIODS)] = keptUntilNow;
            }
            if (newest > period) {
                period = newest;
                endNanos = originNanos + (newest + 1) * PERIOD_NANOS;
            }
        } finally {
            lock.unlock();
        }
    }

    /** The share kept of what was counted since the window began; empty if nothing was. */
    OptionalDouble attainment(long nowNanos, long evaluatedUntilNow, long keptUntilNow) {
        if (isOver(nowNanos)) {
            turn(nowNanos, evaluatedUntilNow, keptUntilNow);
        }
        lock.lock();
        try {
            int oldest = (int) (Math.max(0, period - PERIODS + 1) % PERIODS);
            long all = evaluatedUntilNow - evaluated[oldest];
            long good = keptUntilNow - kept[oldest];
            return all <= 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of((double) Math.min(Math.max(0, good), all) / all);
        } finally {
            lock.unlock();
        }
    }
}
