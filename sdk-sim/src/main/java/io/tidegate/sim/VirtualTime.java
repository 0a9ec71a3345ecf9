/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.time.TimeSource;
import java.time.Instant;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The clock of an episode and the calendar of what happens in it, on one thread.
 *
 * <p>Tasks of the same instant run in the order in which they were scheduled. A task that throws ends the episode: in a simulation nothing
 * may fail unseen.
 */
final class VirtualTime implements TimeSource {

    private final PriorityQueue<Entry> calendar = new PriorityQueue<>(1024);
    private long now;
    private long sequence;
    private long cancelled;

    @Override
    public long nanos() {
        return now;
    }

    @Override
    public Instant wallTime() {
        return Instant.EPOCH.plusNanos(now);
    }

    double seconds() {
        return now / 1e9;
    }

    @Override
    public Task schedule(long delayNanos, Runnable task) {
        return at(now + Math.max(0, delayNanos), task);
    }

    Entry at(long atNanos, Runnable task) {
        Entry entry = new Entry(this, Math.max(now, atNanos), sequence++, task);
        calendar.add(entry);
        return entry;
    }

    /** Runs what is due until a time, that one included. */
    void runUntil(long untilNanos) {
        while (true) {
            Entry due = calendar.peek();
            if (due == null || due.atNanos > untilNanos) {
                now = Math.max(now, untilNanos);
                return;
            }
            calendar.poll();
            Runnable task = due.task;
            if (task == null) {
                cancelled--;
                continue;
            }
            due.task = null;
            now = due.atNanos;
            task.run();
        }
    }

    /** Entries that were cancelled leave the calendar when they would be due, or when they are most of it. */
    private void cancelled() {
        cancelled++;
        if (cancelled > 1024 && cancelled > calendar.size() / 2) {
            calendar.removeIf(entry -> entry.task == null);
            cancelled = 0;
        }
    }

    static final class Entry implements Task, Comparable<Entry> {

        private final VirtualTime time;
        private final long atNanos;
        private final long sequence;
        private @Nullable Runnable task;

        Entry(VirtualTime time, long atNanos, long sequence, Runnable task) {
            this.time = time;
            this.atNanos = atNanos;
            this.sequence = sequence;
            this.task = task;
        }

        @Override
        public void cancel() {
            if (task != null) {
                task = null;
                time.cancelled();
            }
        }

        @Override
        public int compareTo(Entry other) {
            return atNanos != other.atNanos
                    ? Long.compare(atNanos, other.atNanos)
                    : Long.compare(sequence, other.sequence);
        }
    }
}
