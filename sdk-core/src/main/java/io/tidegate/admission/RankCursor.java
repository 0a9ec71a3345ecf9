/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Sheds by rank while more arrives than can be served: a histogram of arrivals over ranks, and a cursor in it below which nobody
 * queues (DAGOR, SoCC 2018; Uber's Cinnamon).
 *
 * <p><b>Rank.</b> The tier, and inside it one of {@value #COHORTS} cohorts of tenants, dealt anew each hour: the same tenants are served while it
 * lasts, instead of each being served now and then. Whoever would be granted within a quarter of what it may wait, by its tier's floor or its
 * tenant's turn, may queue whatever its rank.
 *
 * <p><b>Overload</b> is a queue that has stood for 10 s and in which, for some tier, nobody was granted within a second who had waited less than half
 * of what that tier may wait. <b>Hysteresis:</b> it is over when the queue is empty or somebody of each tier waits less than a quarter.
 *
 * <p><b>The cursor</b> moves once a second. In overload to where 5 % fewer arrivals than now would pass; else up the ramp: by 5 % more of
 * them, twice as much each second, to all of them. Example: of 1,000 arrivals a second 400 pass; overloaded, the cursor goes to where 380 do; after it 399,
 * 438, 525, 735, and from the fifth second on all.
 *
 * <p><b>Threads.</b> Any may ask; the owner of the drain moves it.
 */
final class RankCursor {

    static final int COHORTS = 64;

    private static final long WINDOW_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long STANDING_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long DEAL_NANOS = Duration.ofHours(1).toNanos();
    private static final double LESS = 0.05;
    private static final double MORE = 0.05;
    private static final double OVERLOADED_FROM = 0.5;

    /** Part of its bound within which one that comes would be granted, so that it may queue whatever its rank. */
    static final double CALM_BELOW = 0.25;

    private final int levels;
    private final long seed;
    private final AtomicIntegerArray arrivals;

    /** Least part of its tier's bound that anybody of it, granted in this window, had waited; above 1 if nobody was. */
    private final double[] leastWaited;

    private volatile long windowNanos;
    private long standingSince;
    private boolean standing;
    private boolean overloaded;
    private double ramp = MORE;

    /** Ranks from here on do not queue. */
    private volatile int cursor;

    private volatile boolean counting;
    private volatile long deal;
    private long deals;
    private long dealNanos;

    RankCursor(int tiers, long seed, long nowNanos) {
        this.levels = tiers * COHORTS;
        this.seed = seed;
        this.arrivals = new AtomicIntegerArray(levels);
        this.leastWaited = new double[tiers];
        this.cursor = levels;
        this.windowNanos = nowNanos;
        this.dealNanos = nowNanos;
        forgetWaits();
    }

    private void forgetWaits() {
        java.util.Arrays.fill(leastWaited, Double.POSITIVE_INFINITY);
    }

    /** Whether arrivals are counted: they are once the queue has stood for half of the time that makes it an overload. */
    boolean counts() {
        return counting;
    }

    /** Whether it should have moved long ago: it is moved by those who wait, and nobody may. Any thread. */
    boolean isLate(long nowNanos) {
        return nowNanos - windowNanos >= 2 * WINDOW_NANOS;
    }

    /** Counts an arrival that would have to wait, and tells whether it may. */
    boolean mayQueue(int tier, String tenant) {
        int level = tier * COHORTS + cohort(tenant);
        // An arrival that two threads count at once may be counted once: it is a sample of a histogram.
        arrivals.setOpaque(level, arrivals.getOpaque(level) + 1);
        return level < cursor;
    }

    private int cohort(String tenant) {
        long hash = (tenant.hashCode() ^ seed ^ deal) * 0x9E3779B97F4A7C15L;
        return (int) (((hash ^ (hash >>> 32)) * 0xBF58476D1CE4E5B9L) >>> 58);
    }

    /** Whether anybody is kept out. */
    boolean active() {
        return cursor < levels;
    }

    /** Share of ranks that may queue. */
    double openShare() {
        return (double) cursor / levels;
    }

    // ---- of the owner of the drain ---------------------------------------------------------------------------------

    /** Notes that somebody was granted who had waited such a part of what its tier may wait. */
    void granted(int tier, double waitedShare) {
        leastWaited[tier] = Math.min(leastWaited[tier], waitedShare);
    }

    /** Notes whether anybody waits, and tells whether it is time to {@link #turn}. */
    boolean isDue(long nowNanos, boolean anyWaits) {
        if (!anyWaits) {
            standing = false;
        } else if (!standing) {
            standing = true;
            standingSince = nowNanos;
        }
        return nowNanos - windowNanos >= WINDOW_NANOS;
    }

    /**
     * Moves, where it is time.
     *
     * @param oldestShares for each tier how long the longest waiter waits, as a part of what it may; negative where nobody waits
     */
    void turn(long nowNanos, double[] oldestShares) {
        windowNanos = nowNanos;
        double worst = 0;
        for (int tier = 0; tier < leastWaited.length; tier++) {
            // Where nobody was granted, those who wait tell.
            double waited = Double.isInfinite(leastWaited[tier]) ? oldestShares[tier] : leastWaited[tier];
            worst = Math.max(worst, waited);
        }
        forgetWaits();
        long stands = standing ? nowNanos - standingSince : 0;
        counting = active() || stands >= STANDING_NANOS / 2;
        boolean stood = stands >= STANDING_NANOS;
        overloaded = stood && worst >= (overloaded ? CALM_BELOW : OVERLOADED_FROM);
        if (overloaded) {
            ramp = MORE;
            move(1 - LESS);
        } else if (active()) {
            move(1 + ramp);
            ramp *= 2;
        }
        for (int level = 0; level < levels; level++) {
            arrivals.set(level, 0);
        }
        if (!active() && nowNanos - dealNanos >= DEAL_NANOS) {
            // Not while some are kept out: who is served now is served on.
            dealNanos = nowNanos;
            deals++;
            deal = deals;
        }
    }

    /** To where this many times as many arrivals would pass as did in this window. */
    private void move(double factor) {
        long passed = 0;
        long all = 0;
        for (int level = 0; level < levels; level++) {
            int count = arrivals.get(level);
            all += count;
            passed += level < cursor ? count : 0;
        }
        double wanted = (double) passed * factor;
        if (factor > 1) {
            wanted = Math.max(wanted, passed + 1.0);
        }
        if (factor > 1 && wanted >= (double) all) {
            cursor = levels;
            ramp = MORE;
            return;
        }
        double sum = 0;
        int level = 0;
        while (level < levels && sum + arrivals.get(level) <= wanted) {
            sum += arrivals.get(level);
            level++;
        }
        // At least one level either way, or a level that holds most of the arrivals would hold the cursor.
        cursor = factor < 1 ? Math.max(1, Math.min(level, cursor - 1)) : Math.min(levels, Math.max(level, cursor + 1));
    }
}
