/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What became of our writes to one object: those that another undid are counted, and after two we give way. Also what was left to an
 * autoscaler that it has not carried out yet. Safe for many threads.
 */
final class Rivalry {

    /** Writes that another may undo before we give way. */
    static final int MOST_UNDONE = 2;

    /** What stood longer was not undone, but decided anew. */
    private static final long STOOD_NANOS = Duration.ofHours(1).toNanos();

    private final Object lock = new Object();
    private String uid = "";
    private boolean wrote;
    private int from;
    private int to;
    private long atNanos;
    private int undone;
    private String by = "";
    /** What an autoscaler was left to go down to; -1 if nothing. */
    private int left = -1;

    private int leftFrom;

    /** The object as it is now. */
    void saw(ObjectFacts facts, Ownership owner, int number, long nowNanos) {
        synchronized (lock) {
            if (!uid.equals(facts.uid())) {
                // Another object of that name: nothing of the one before holds.
                uid = facts.uid();
                wrote = false;
                undone = 0;
                left = -1;
            }
            if (left >= 0 && (number <= left || number > leftFrom)) {
                left = -1;
            }
            if (!wrote || number == to) {
                return;
            }
            wrote = false;
            boolean takenBack = owner.who() == Ownership.Who.AUTOSCALER ? number < to : number == from;
            boolean another = owner.who() != Ownership.Who.OURS && owner.who() != Ownership.Who.PERSON;
            if (takenBack && another && nowNanos - atNanos < STOOD_NANOS) {
                undone++;
                by = owner.name().isEmpty() ? "somebody" : owner.name();
            }
        }
    }

    /** Who undid too many of our writes; null if nobody did. */
    @Nullable
    String winner() {
        synchronized (lock) {
            return undone >= MOST_UNDONE ? by : null;
        }
    }

    void wrote(int before, int after, long nowNanos) {
        synchronized (lock) {
            wrote = true;
            from = before;
            to = after;
            atNanos = nowNanos;
            left = -1;
        }
    }

    /** An autoscaler is left to go down to that number, or not as far down as it was. */
    void left(int number, int toNumber) {
        synchronized (lock) {
            left = toNumber >= number ? -1 : toNumber;
            leftFrom = number;
            // From now on it may go down without undoing anything.
            wrote = false;
        }
    }

    /** The number that was last asked for, by us or another. */
    int asked(int number) {
        synchronized (lock) {
            return left >= 0 ? left : number;
        }
    }
}
