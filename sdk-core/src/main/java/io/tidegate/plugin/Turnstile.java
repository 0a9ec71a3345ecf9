/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.plugin;

import io.tidegate.plugin.PluginStatus.State;

/**
 * Who may call a plugin now: how many places are taken, how many of them for good, and whether the circuit is closed.
 *
 * <p>{@link #begin} is answered by exactly one of {@link #succeeded}, {@link #failed}, {@link #overdue} and {@link #withdrawn}, and
 * {@code overdue} later by {@link #returned}. Calls bear the era in which they began: what became of one that began before the circuit
 * last changed says nothing of now.
 *
 * <p>Safe for many threads: one lock guards all fields, and nothing foreign runs under it.
 */
final class Turnstile {

    static final long BUSY = -1;
    static final long OPEN = -2;
    static final long OFF = -3;

    private final int places;
    private final int failuresToOpen;
    private final long firstOpenNanos;
    private final long longestOpenNanos;

    private final Object lock = new Object();
    private int running;
    private int abandoned;
    private int failuresInARow;
    private boolean open;
    private boolean probing;
    private long openUntilNanos;
    private long openNanos;
    private long era;

    Turnstile(int places, int failuresToOpen, long firstOpenNanos, long longestOpenNanos) {
        this.places = places;
        this.failuresToOpen = failuresToOpen;
        this.firstOpenNanos = firstOpenNanos;
        this.longestOpenNanos = longestOpenNanos;
        this.openNanos = firstOpenNanos;
    }

    /** Takes a place and gives the era, 0 or more; or {@link #BUSY}, {@link #OPEN}, {@link #OFF}, and takes none. */
    long begin(long now) {
        synchronized (lock) {
            if (abandoned >= places) {
                return OFF;
            }
            if (running + abandoned >= places) {
                return BUSY;
            }
            if (open) {
                if (probing || now - openUntilNanos < 0) {
                    return OPEN;
                }
                probing = true;
            }
            running++;
            return era;
        }
    }

    /** A call has returned in time. */
    void succeeded(long begunIn) {
        synchronized (lock) {
            running--;
            if (begunIn == era) {
                failuresInARow = 0;
                if (open) {
                    open = false;
                    probing = false;
                    openNanos = firstOpenNanos;
                    era++;
                }
            }
        }
    }

    /** A call has failed. */
    void failed(long begunIn, long now) {
        synchronized (lock) {
            running--;
            count(begunIn, now);
        }
    }

    /** A call was interrupted at its deadline: it keeps its place until it returns. */
    void overdue(long begunIn, long now) {
        synchronized (lock) {
            running--;
            abandoned++;
            count(begunIn, now);
        }
    }

    /** A call that was overdue has returned. */
    void returned() {
        synchronized (lock) {
            abandoned--;
        }
    }

    /** A call was never made. */
    void withdrawn(long begunIn) {
        synchronized (lock) {
            running--;
            if (begunIn == era && open) {
                probing = false;
            }
        }
    }

    private void count(long begunIn, long now) {
        if (begunIn != era) {
            return;
        }
        failuresInARow++;
        if (open) {
            openNanos = Math.min(longestOpenNanos, 2 * openNanos);
        } else if (failuresInARow < failuresToOpen) {
            return;
        }
        open = true;
        probing = false;
        openUntilNanos = now + openNanos;
        era++;
    }

    int abandoned() {
        synchronized (lock) {
            return abandoned;
        }
    }

    State state() {
        synchronized (lock) {
            if (abandoned >= places) {
                return State.OFF;
            }
            return !open ? State.CLOSED : probing ? State.HALF_OPEN : State.OPEN;
        }
    }

    /** Nanoseconds until it may be tried again; 0 if it may now. */
    long opensIn(long now) {
        synchronized (lock) {
            return open ? Math.max(0, openUntilNanos - now) : 0;
        }
    }
}
