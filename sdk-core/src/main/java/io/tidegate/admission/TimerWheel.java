/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who expires when: a hierarchical timing wheel (Varghese and Lauck, SOSP 1987, scheme 7) of circular lists through the
 * waiters themselves. Adding and taking out are O(1) and allocate nothing; each waiter moves down at most once a level.
 *
 * <p>Five levels of 64 slots; a slot of level 0 is 2<sup>20</sup> ns (1.05 ms) wide, of each next one 64 times as much, 13 days
 * in all. What lies further ahead is put into the last slot and looked at again then. A bit for each slot tells what is next
 * without looking at slots that never held anything.
 *
 * <p>For the owner of the drain alone. Time is the gate's; a reading that is older than one before changes nothing.
 */
final class TimerWheel {

    /** Width of a slot of level 0, as a power of 2. */
    static final int TICK_SHIFT = 20;

    private static final int LEVELS = 5;
    private static final int SLOT_BITS = 6;
    private static final int SLOTS = 1 << SLOT_BITS;
    private static final long SLOT_MASK = SLOTS - 1;
    private static final long REACH = (1L << (SLOT_BITS * LEVELS)) - (1L << (SLOT_BITS * (LEVELS - 1)));

    /** The first of each list, which is no waiter; null where none was ever needed. */
    private final @Nullable Waiter[] heads = new @Nullable Waiter[LEVELS * SLOTS];

    /** Slots that may hold somebody: a bit is set with the first and taken away by whoever finds the slot empty. */
    private final long[] occupied = new long[LEVELS];

    private final long originNanos;

    /** The slot of level 0 that is being served; all before it are empty. */
    private long tick;

    private long earliestNanos;
    private int size;

    TimerWheel(long nowNanos) {
        this.originNanos = nowNanos;
    }

    int size() {
        return size;
    }

    /** An instant before which nobody expires; meaningful while {@link #size()} is not 0. */
    long earliestNanos() {
        return earliestNanos;
    }

    void add(Waiter waiter) {
        long deadline = waiter.deadlineNanos();
        if (size == 0 || deadline - earliestNanos < 0) {
            earliestNanos = deadline;
        }
        link(waiter, deadline);
        size++;
    }

    private void link(Waiter waiter, long deadlineNanos) {
        long at = Math.min(Math.max(tick, (deadlineNanos - originNanos) >> TICK_SHIFT), tick + REACH);
        // The highest level on which its slot and the current one differ: on a lower one it would seem to be of this
        // round.
        int level = Math.min((63 - Long.numberOfLeadingZeros((at ^ tick) | SLOT_MASK)) / SLOT_BITS, LEVELS - 1);
        int slot = (int) ((at >>> (level * SLOT_BITS)) & SLOT_MASK);
        Waiter head = heads[level * SLOTS + slot];
        if (head == null) {
            head = newHead();
            heads[level * SLOTS + slot] = head;
        }
        occupied[level] |= 1L << slot;
        Waiter last = head.previous;
        waiter.next = head;
        waiter.previous = last;
        if (last != null) {
            last.next = waiter;
        }
        head.previous = waiter;
    }

    @SuppressWarnings("NullAway") // nothing but its links is ever used
    private static Waiter newHead() {
        Waiter head = new Waiter(null, null, 0, 0, null);
        head.next = head;
        head.previous = head;
        return head;
    }

    /** Takes a waiter out; harmless if it is not in. */
    void remove(Waiter waiter) {
        Waiter next = waiter.next;
        Waiter previous = waiter.previous;
        if (next != null && previous != null) {
            previous.next = next;
            next.previous = previous;
            waiter.next = null;
            waiter.previous = null;
            size--;
        }
    }

    /** Takes out and hands over all whose deadline has come. */
    void expire(long nowNanos, Consumer<Waiter> expired) {
        if (size == 0 || earliestNanos - nowNanos > 0) {
            return;
        }
        long target = (nowNanos - originNanos) >> TICK_SHIFT;
        boolean more = true;
        while (more) {
            serveSlot(nowNanos, expired);
            long next = nextOccupied();
            // Whoever stays in the current slot expires later in it, and then this is the last slot to serve.
            more = next <= target && next != tick;
            if (more) {
                tick = next;
                moveDown();
            }
        }
        tick = Math.max(tick, target);
        moveDown();
        findEarliest();
    }

    /** All of the current slot whose deadline has come; the others stay. */
    private void serveSlot(long nowNanos, Consumer<Waiter> expired) {
        Waiter head = heads[(int) (tick & SLOT_MASK)];
        Waiter waiter = head == null ? null : head.next;
        while (waiter != null && waiter != head) {
            Waiter following = waiter.next;
            if (waiter.deadlineNanos() - nowNanos <= 0) {
                remove(waiter);
                expired.accept(waiter);
            }
            waiter = following;
        }
    }

    /** Moves down whoever is in the current slot of a higher level: the slot's time has begun. */
    private void moveDown() {
        for (int level = LEVELS - 1; level > 0; level--) {
            int slot = (int) ((tick >>> (level * SLOT_BITS)) & SLOT_MASK);
            Waiter head = heads[level * SLOTS + slot];
            if ((occupied[level] & (1L << slot)) != 0 && head != null) {
                Waiter waiter = head.next;
                head.next = head;
                head.previous = head;
                occupied[level] &= ~(1L << slot);
                while (waiter != null && waiter != head) {
                    Waiter following = waiter.next;
                    link(waiter, waiter.deadlineNanos());
                    waiter = following;
                }
            }
        }
    }

    /** The first tick from the current one on at which a slot that holds somebody begins; the largest number if there is none. */
    private long nextOccupied() {
        long best = Long.MAX_VALUE;
        for (int level = 0; level < LEVELS; level++) {
            int shift = level * SLOT_BITS;
            long current = tick >>> shift;
            while (occupied[level] != 0) {
                // Turned so that bit 0 is the current slot: the lowest bit is the next in time.
                long turned = Long.rotateRight(occupied[level], (int) (current & SLOT_MASK));
                long next = current + Long.numberOfTrailingZeros(turned);
                Waiter head = heads[level * SLOTS + (int) (next & SLOT_MASK)];
                if (head != null && head.next != head) {
                    best = Math.min(best, Math.max(tick, next << shift));
                    break;
                }
                occupied[level] &= ~(1L << (next & SLOT_MASK));
            }
        }
        return best;
    }

    private void findEarliest() {
        if (size == 0) {
            return;
        }
        // Of a higher level the slot's beginning will do, and is looked at again then; on level 0 the waiters
        // themselves say.
        long next = nextOccupied();
        long earliest = originNanos + (next << TICK_SHIFT);
        Waiter head = heads[(int) (next & SLOT_MASK)];
        if (head != null && head.next != head && next >>> SLOT_BITS == tick >>> SLOT_BITS) {
            Waiter first = head.next;
            if (first != null) {
                earliest = first.deadlineNanos();
                for (Waiter each = first.next; each != null && each != head; each = each.next) {
                    if (each.deadlineNanos() - earliest < 0) {
                        earliest = each.deadlineNanos();
                    }
                }
            }
        }
        earliestNanos = earliest;
    }
}
