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

    /** What became of an attempt to take. */
    enum Take {
        TAKEN,
        /** The ceiling has no room for it. */
        NO_ROOM,
        /** Somebody waits, so it was not looked whether there is room. */
        QUEUE_OPEN
    }

    /** Tokens are counted in units of so many. */
    static final int TOKENS_PER_UNIT = 16;

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** Longs between cells: 128 bytes, so that a pair of prefetched 64-byte lines holds one cell. */
    private static final int STRIDE = 16;

    private static final int WORD = STRIDE;
    private static final int WAKE_UPS = 2 * STRIDE;

    private static final long SLOT_MASK = Work.MAX_SLOTS;
    private static final int UNIT_SHIFT = 20;
    private static final long UNIT_MASK = (1L << 36) - 1;

    /** Far from the end of what can be counted, which those who are admitted need. */
    private static final long MOST_GROWN = UNIT_MASK >>> 1;

    private static final long QUEUE_OPEN = Long.MIN_VALUE;

    private final long[] cells = new long[3 * STRIDE];

    GateState() {
        this(0);
    }

    /** Starts with so many wake-ups counted and served, which wrap as any number does. */
    GateState(long wakeUps) {
        cells[WAKE_UPS] = wakeUps;
        idle = wakeUps;
    }

    /** The count of wake-ups at which nobody owns the drain. */
    private final long idle;

    /** Tokens in units, rounded up; at most the largest int, which is 34 billion tokens. */
    static int units(long tokens) {
        return (int) Math.min((tokens + TOKENS_PER_UNIT - 1) / TOKENS_PER_UNIT, Integer.MAX_VALUE);
    }

    /** What a request of so many units takes: up to all a tier may hold, so that one larger than the pool runs alone. */
    static int taken(int units, Ceilings ceilings, int tier) {
        return (int) Math.min(units, ceilings.largest(tier));
    }

    static long tokensOf(long units) {
        return units * TOKENS_PER_UNIT;
    }

    /** Takes a slot and tokens if the tier's ceiling has room and nobody waits. */
    Take tryTake(int units, Ceilings ceilings, int tier) {
        long cost = ((long) units << UNIT_SHIFT) | 1;
        long maxSlots = ceilings.slots(tier);
        long maxUnits = ceilings.units(tier);
        // Opaque: only a first guess. A stale value can cost one more CAS or turn an arrival to the slow path,
        // which looks again; it can never take past the ceiling, because the CAS decides.
        long seen = (long) CELL.getOpaque(cells, WORD);
        while (seen >= 0) {
            if (!fits(seen, units, maxSlots, maxUnits)) {
                return Take.NO_ROOM;
            }
            long found = (long) CELL.compareAndExchange(cells, WORD, seen, seen + cost);
            if (found == seen) {
                return Take.TAKEN;
            }
            seen = found;
        }
        return Take.QUEUE_OPEN;
    }

    /**
     * Takes a slot and tokens for somebody who waits, or whom those who wait have no claim before, if the tier's ceiling has
     * room.
     */
    boolean tryTakeForWaiter(int units, Ceilings ceilings, int tier) {
        return tryTakeForWaiter(units, ceilings.slots(tier), ceilings.units(tier));
    }

    /** The same for one that may fill the whole limit, whatever its tier's ceiling. */
    boolean tryTakeForFloor(int units, Ceilings ceilings) {
        return tryTakeForWaiter(units, ceilings.limitSlots, ceilings.limitUnits);
    }

    private boolean tryTakeForWaiter(int units, long maxSlots, long maxUnits) {
        long cost = ((long) units << UNIT_SHIFT) | 1;
        long seen = (long) CELL.getOpaque(cells, WORD);
        while (fits(seen, units, maxSlots, maxUnits)) {
            long found = (long) CELL.compareAndExchange(cells, WORD, seen, seen + cost);
            if (found == seen) {
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** A slot, and tokens below their ceiling with those of this request in it; a limit without tokens counts slots alone. */
    private static boolean fits(long word, int units, long maxSlots, long maxUnits) {
        return (word & SLOT_MASK) < maxSlots
                && (((word >>> UNIT_SHIFT) & UNIT_MASK) + Math.max(1, units) <= maxUnits || maxUnits == 0);
    }

    /** Whether the tier's ceiling has room for the smallest of requests, whoever waits. */
    boolean hasRoom(Ceilings ceilings, int tier) {
        long word = (long) CELL.getVolatile(cells, WORD);
        return fits(word, (int) Math.min(1, ceilings.units(tier)), ceilings.slots(tier), ceilings.units(tier));
    }

    /** Whether anybody could be taken at all. */
    boolean hasAnyRoom(Ceilings ceilings) {
        return fits((long) CELL.getVolatile(cells, WORD), 0, ceilings.limitSlots, ceilings.limitUnits);
    }

    /** How full the pool would be with one more in flight: the larger share of slots and of tokens; 1 where it is full. */
    double saturationWithOneMore(Ceilings ceilings) {
        long word = (long) CELL.getOpaque(cells, WORD);
        double slots = (double) ((word & SLOT_MASK) + 1) / Math.max(1, ceilings.limitSlots);
        double units = (double) ((word >>> UNIT_SHIFT) & UNIT_MASK) / Math.max(1, ceilings.limitUnits);
        return Math.max(slots, units);
    }

    /** Returns a slot and tokens; true if somebody waits, and then the caller owes a wake-up. */
    boolean giveBack(int units) {
        long cost = ((long) units << UNIT_SHIFT) | 1;
        return (long) CELL.getAndAdd(cells, WORD, -cost) < 0;
    }

    /**
     * Takes more for one that has a slot, also above the limit: what is written is in memory, whoever planned otherwise.
     *
     * @return false if there are more than can be counted
     */
    boolean tryGrow(int units) {
        long seen = (long) CELL.getOpaque(cells, WORD);
        while (((seen >>> UNIT_SHIFT) & UNIT_MASK) + units <= MOST_GROWN) {
            long found = (long) CELL.compareAndExchange(cells, WORD, seen, seen + ((long) units << UNIT_SHIFT));
            if (found == seen) {
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** Returns tokens and keeps the slot; true if somebody waits, and then the caller owes a wake-up. */
    boolean shrink(int units) {
        return (long) CELL.getAndAdd(cells, WORD, -((long) units << UNIT_SHIFT)) < 0;
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
        return tokensOf(((long) CELL.getVolatile(cells, WORD) >>> UNIT_SHIFT) & UNIT_MASK);
    }

    /** Leaves a wake-up; true if the caller is now the owner of the drain. */
    boolean wakeUp() {
        return (long) CELL.getAndAdd(cells, WAKE_UPS, 1L) == idle;
    }

    /** Marks so many wake-ups as served; the number still owed, and at 0 the caller owns the drain no longer. */
    long served(long wakeUps) {
        return (long) CELL.getAndAdd(cells, WAKE_UPS, -wakeUps) - wakeUps - idle;
    }

    /** Gives up the drain with all that is owed: the caller sees to it that somebody wakes it again. */
    void handOver() {
        CELL.setVolatile(cells, WAKE_UPS, idle);
    }

    /** How far each tier may fill the pool. Immutable. */
    static final class Ceilings {

        /** Slots and units of each tier, side by side. */
        private final long[] ofTiers;

        /** Units that one request of a tier takes at most. */
        private final long[] largest;

        /** What each tier may fill, as a share of the limit. */
        private final double[] shares;

        final int limitSlots;
        final long limitUnits;

        Ceilings(Work limit, List<Tier> tiers) {
            this(limit, tiers, new Work[0]);
        }

        /** @param unused of each tier, what is kept for it and not in use, so that others leave it free; or none at all */
        Ceilings(Work limit, List<Tier> tiers, Work[] unused) {
            ofTiers = new long[2 * tiers.size()];
            largest = new long[tiers.size()];
            shares = new double[tiers.size()];
            limitSlots = limit.slots();
            limitUnits = atLeastOne(limit.tokens(), (double) limit.tokens());
            for (int i = 0; i < tiers.size(); i++) {
                double ceiling = tiers.get(i).ceiling();
                // At least one slot where there is any: a low ceiling on a small pool must not close a tier for good.
                ofTiers[2 * i] = limit.slots() == 0 ? 0 : Math.max(1, (int) (limit.slots() * ceiling));
                ofTiers[2 * i + 1] = atLeastOne(limit.tokens(), limit.tokens() * ceiling);
                largest[i] = ofTiers[2 * i + 1];
                shares[i] = ceiling;
                keepFree(i, limit, unused);
            }
        }

        private void keepFree(int tier, Work limit, Work[] unused) {
            long slots = 0;
            long tokens = 0;
            for (int other = 0; other < unused.length; other++) {
                slots += other == tier ? 0 : unused[other].slots();
                tokens += other == tier ? 0 : unused[other].tokens();
            }
            if (slots > 0 && limit.slots() - slots < ofTiers[2 * tier]) {
                ofTiers[2 * tier] = Math.max(0, limit.slots() - slots);
                shares[tier] = Math.min(shares[tier], (double) ofTiers[2 * tier] / limit.slots());
            }
            long units = Math.max(1, (limit.tokens() - tokens) / TOKENS_PER_UNIT);
            if (tokens > 0 && limit.tokens() > 0 && units < ofTiers[2 * tier + 1]) {
                ofTiers[2 * tier + 1] = units;
                shares[tier] = Math.min(shares[tier], (double) units / (double) limitUnits);
            }
        }

        /** In units, and none only where there are no tokens at all, which means that they are not counted. */
        private static long atLeastOne(long limit, double tokens) {
            return limit == 0 ? 0 : Math.max(1, (long) tokens / TOKENS_PER_UNIT);
        }

        long slots(int tier) {
            return ofTiers[2 * tier];
        }

        long units(int tier) {
            return ofTiers[2 * tier + 1];
        }

        /** Units that one request of this tier takes at most: what it may fill where nothing is kept for others. */
        long largest(int tier) {
            return largest[tier];
        }

        /** What this tier may fill, as a share of the limit: its ceiling, or what is kept for others leaves of it. */
        double share(int tier) {
            return shares[tier];
        }
    }
}
