/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * The two contended numbers of a gate: the packed word of work in flight, and the count of wake-ups that the drain owes.
 *
 * <p>The word holds slots (bits 0–19), tokens in units of 16 (bits 20–55) and the queue-open flag (sign bit). One
 * compare-and-set takes slot and tokens together and fails while somebody waits, so that an arrival cannot pass those
 * in queue; one fetch-and-add returns both and learns from the same word whether anybody waits.
 *
 * <p>No wake-up is lost: whoever queues sets the flag before it looks for room; whoever returns work reads the flag in the
 * very operation that makes room. One of the two is first in the order of the word, so either the waiter sees the room or
 * the returner sees the flag.
 */
final class GateState {

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** Longs between cells: 128 bytes, so that a pair of prefetched 64-byte lines holds one cell. */
    private static final int STRIDE = 16;

    private static final int WORD = STRIDE;
    private static final int WAKE_UPS = 2 * STRIDE;

    private static final long SLOT_MASK = Work.MAX_SLOTS;
    private static final int UNIT_SHIFT = 20;
    private static final long UNIT_MASK = (1L << 36) - 1;
    private static final int TOKENS_PER_UNIT = 16;
    private static final long QUEUE_OPEN = Long.MIN_VALUE;

    private final long[] cells = new long[3 * STRIDE];

    /** What one request costs, to be added to the word: a slot, and its tokens up to all a tier may hold. */
    static long cost(long tokens, Ceilings ceilings, int tier) {
        long units = Math.min((tokens + TOKENS_PER_UNIT - 1) / TOKENS_PER_UNIT, ceilings.units[tier]);
        return units << UNIT_SHIFT | 1;
    }

    static long tokensOf(long cost) {
        return (cost >>> UNIT_SHIFT & UNIT_MASK) * TOKENS_PER_UNIT;
    }

    /** Takes a cost if the tier's ceiling has room and nobody waits. */
    boolean tryTake(long cost, Ceilings ceilings, int tier) {
        return tryTake(cost, ceilings, tier, false);
    }

    /**
     * Takes a cost for somebody who waits, or whom those who wait have no claim before, if the tier's ceiling has room.
     */
    boolean tryTakeForWaiter(long cost, Ceilings ceilings, int tier) {
        return tryTake(cost, ceilings, tier, true);
    }

    private boolean tryTake(long cost, Ceilings ceilings, int tier, boolean pastQueue) {
        // Opaque: only a first guess. A stale value can cost one more CAS or turn an arrival to the slow path,
        // which looks again; it can never take past the ceiling, because the CAS decides.
        long seen = (long) CELL.getOpaque(cells, WORD);
        while (pastQueue || seen >= 0) {
            long slots = (seen & SLOT_MASK) + 1;
            long units = (seen >>> UNIT_SHIFT & UNIT_MASK) + (cost >>> UNIT_SHIFT);
            if (slots > ceilings.slots[tier] || units > ceilings.units[tier]) {
                return false;
            }
            long found = (long) CELL.compareAndExchange(cells, WORD, seen, seen + cost);
            if (found == seen) {
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** Whether the tier's ceiling has room for the smallest of requests, whoever waits. */
    boolean hasRoom(Ceilings ceilings, int tier) {
        long word = (long) CELL.getVolatile(cells, WORD);
        long units = (word >>> UNIT_SHIFT & UNIT_MASK) + Math.min(1, ceilings.units[tier]);
        return (word & SLOT_MASK) < ceilings.slots[tier] && units <= ceilings.units[tier];
    }

    /** Returns a cost; true if somebody waits, and then the caller owes a drain. */
    boolean giveBack(long cost) {
        return (long) CELL.getAndAdd(cells, WORD, -cost) < 0;
    }

    void openQueue() {
        CELL.getAndBitwiseOr(cells, WORD, QUEUE_OPEN);
    }

    void closeQueue() {
        CELL.getAndBitwiseAnd(cells, WORD, ~QUEUE_OPEN);
    }

    int slotsInFlight() {
        return (int) ((long) CELL.getVolatile(cells, WORD) & SLOT_MASK);
    }

    long tokensInFlight() {
        return tokensOf((long) CELL.getVolatile(cells, WORD));
    }

    /** Leaves a wake-up; true if the caller is now the owner of the drain. */
    boolean wakeUp() {
        return (long) CELL.getAndAdd(cells, WAKE_UPS, 1L) == 0;
    }

    /** Marks so many wake-ups as served; the number still owed, and at 0 the caller owns the drain no longer. */
    long served(long wakeUps) {
        return (long) CELL.getAndAdd(cells, WAKE_UPS, -wakeUps) - wakeUps;
    }

    /** How far each tier may fill the pool. Immutable. */
    static final class Ceilings {

        final int[] slots;
        final long[] units;

        Ceilings(Work limit, List<Tier> tiers) {
            slots = new int[tiers.size()];
            units = new long[tiers.size()];
            for (int i = 0; i < slots.length; i++) {
                double ceiling = tiers.get(i).ceiling();
                // At least one slot where there is any: a low ceiling on a small pool must not close a tier for good.
                slots[i] = limit.slots() == 0 ? 0 : Math.max(1, (int) (limit.slots() * ceiling));
                units[i] = (long) (limit.tokens() * ceiling) / TOKENS_PER_UNIT;
            }
        }
    }
}
