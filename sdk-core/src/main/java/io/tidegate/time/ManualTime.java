/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import io.tidegate.log.BoundedLog;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import org.slf4j.Logger;

/**
 * A clock that stands still until it is told to move: for tests of policies, plugins and gateways, and for simulation.
 *
 * <p>{@link #advance} runs every task that becomes due, in the order of their times, on the calling thread and at their own
 * instant: while a task runs, {@link #nanos()} is the time it was scheduled for. Tasks scheduled meanwhile run in the same
 * call if they fall due in it.
 *
 * <p>Any thread may read and schedule; {@code advance} is for one thread at a time.
 *
 * @since 0.1.0
 */
public final class ManualTime implements TimeSource {

    private static final Logger LOG = BoundedLog.of(ManualTime.class);

    private final Object lock = new Object();
    private final PriorityQueue<Entry> queue = new PriorityQueue<>();
    private final Instant wallOrigin;
    private final long originNanos;
    private volatile long nowNanos;
    private long sequence;

    /** Starts at the Unix epoch. */
    public ManualTime() {
        this(0, Instant.EPOCH);
    }

    /**
     * Starts at a given reading.
     *
     * @param startNanos first answer of {@link #nanos()}; use values near {@link Long#MAX_VALUE} to test wrapping
     * @param wallStart first answer of {@link #wallTime()}
     */
    public ManualTime(long startNanos, Instant wallStart) {
        this.originNanos = startNanos;
        this.nowNanos = startNanos;
        this.wallOrigin = wallStart;
    }

    @Override
    public long nanos() {
        return nowNanos;
    }

    @Override
    public Instant wallTime() {
        return wallOrigin.plusNanos(nowNanos - originNanos);
    }

    @Override
    public Task schedule(long delayNanos, Runnable task) {
        synchronized (lock) {
            Entry entry = new Entry(nowNanos + Math.max(0, delayNanos), sequence++, task);
            queue.add(entry);
            return () -> {
                synchronized (lock) {
                    queue.remove(entry);
                }
            };
        }
    }

    /**
     * Moves the clock and runs what falls due.
     *
     * @throws IllegalArgumentException if the duration is negative
     */
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("time cannot go back, duration was " + duration);
        }
        long target = nowNanos + duration.toNanos();
        while (true) {
            Entry due;
            synchronized (lock) {
                due = queue.peek();
                if (due == null || due.atNanos - target > 0) {
                    nowNanos = target;
                    return;
                }
                queue.poll();
                nowNanos = due.atNanos;
            }
            try {
                due.task.run();
            } catch (RuntimeException | Error e) {
                LOG.error("a scheduled task failed", e);
            }
        }
    }

    /** Tasks that wait for their time. */
    public int scheduled() {
        synchronized (lock) {
            return queue.size();
        }
    }

    private record Entry(long atNanos, long sequence, Runnable task) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            long difference = atNanos - other.atNanos;
            return difference != 0 ? Long.signum(difference) : Long.compare(sequence, other.sequence);
        }
    }
}
