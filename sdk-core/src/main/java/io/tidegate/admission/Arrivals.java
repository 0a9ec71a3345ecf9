/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import org.jspecify.annotations.Nullable;

/**
 * A lane's waiters in order of arrival, to tell who waits longest and who came last. Whoever is granted is taken out at once,
 * so that nothing here keeps a permit from being collected; others who have left stay until they come to an end or are swept.
 *
 * <p>A ring in which each has the place of its number, so that taking out is O(1). For the owner of the drain alone.
 */
final class Arrivals {

    private static final int SMALLEST = 16;

    private @Nullable Waiter[] ring = new @Nullable Waiter[SMALLEST];

    /** What is dropped here leaves the wheel too. */
    private final TimerWheel wheel;

    /** Numbers of the first, and of the next to come; both wrap. */
    private int first;

    private int next;

    Arrivals(TimerWheel wheel) {
        this.wheel = wheel;
    }

    void add(Waiter waiter) {
        trimEnd();
        if (next - first == ring.length) {
            resize(ring.length * 2);
        }
        waiter.place = next++;
        ring[waiter.place & (ring.length - 1)] = waiter;
    }

    void remove(Waiter waiter) {
        int slot = waiter.place & (ring.length - 1);
        if (ring[slot] == waiter) {
            ring[slot] = null;
        }
    }

    /** Who waits longest, or null. */
    @Nullable
    Waiter oldest() {
        while (first != next) {
            Waiter waiter = ring[first & (ring.length - 1)];
            if (waiter != null && !waiter.settled()) {
                return waiter;
            }
            drop(waiter, first++);
        }
        return null;
    }

    /** Who came last, or null. */
    @Nullable
    Waiter newest() {
        trimEnd();
        return first == next ? null : ring[(next - 1) & (ring.length - 1)];
    }

    private void trimEnd() {
        while (first != next) {
            Waiter waiter = ring[(next - 1) & (ring.length - 1)];
            if (waiter != null && !waiter.settled()) {
                return;
            }
            drop(waiter, --next);
        }
    }

    private void drop(@Nullable Waiter left, int place) {
        ring[place & (ring.length - 1)] = null;
        if (left != null) {
            wheel.remove(left);
        }
    }

    /** Places taken, by those who have left as well. */
    int size() {
        return next - first;
    }

    /** Closes up: keeps only who still waits, in new places; who has left is taken out of the wheel. */
    void sweep() {
        int kept = first;
        for (int at = first; at != next; at++) {
            Waiter waiter = ring[at & (ring.length - 1)];
            ring[at & (ring.length - 1)] = null;
            if (waiter != null && waiter.settled()) {
                wheel.remove(waiter);
            } else if (waiter != null) {
                waiter.place = kept;
                ring[kept & (ring.length - 1)] = waiter;
                kept++;
            }
        }
        next = kept;
        int size = next - first;
        if (ring.length > SMALLEST && size < ring.length / 8) {
            resize(Math.max(SMALLEST, Integer.highestOneBit(Math.max(1, size)) * 4));
        }
    }

    private void resize(int length) {
        @Nullable Waiter[] larger = new @Nullable Waiter[length];
        for (int at = first; at != next; at++) {
            larger[at & (length - 1)] = ring[at & (ring.length - 1)];
        }
        ring = larger;
    }
}
