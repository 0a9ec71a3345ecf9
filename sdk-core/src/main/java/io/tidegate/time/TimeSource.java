/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import java.time.Instant;

/**
 * A monotonic clock with its scheduler.
 *
 * <p>Both belong together: a component that reads one clock and is woken by another cannot be run in virtual or scaled
 * time. Implementations are safe for use by many threads.
 *
 * @since 0.1.0
 */
public interface TimeSource {

    /**
     * Nanoseconds since an arbitrary origin, never going back. May be negative and may wrap: compare two readings only by
     * subtraction ({@code a - b < 0}).
     */
    long nanos();

    /**
     * The same clock, cheaper and a little late: a reading of it at most a few milliseconds old, for measuring what lasts far
     * longer. Two readings may be of different lateness, so a difference can be negative by as much. {@link #nanos()} by
     * default.
     */
    default long coarseNanos() {
        return nanos();
    }

    /** The wall clock, for display and records only: it may jump, so no decision may depend on it. */
    Instant wallTime();

    /**
     * Runs a task once, after a delay.
     *
     * <p>The task runs on a thread of the time source and must be short; it hands longer work to an executor. What it
     * throws is logged and otherwise ignored.
     *
     * @param delayNanos nanoseconds of this clock; zero or negative means as soon as possible
     * @return a handle that cancels the task if it has not begun
     */
    Task schedule(long delayNanos, Runnable task);

    /** A task handed to {@link #schedule}. */
    interface Task {

        /** Keeps the task from running if it has not begun; harmless otherwise, and when called twice. */
        void cancel();
    }
}
