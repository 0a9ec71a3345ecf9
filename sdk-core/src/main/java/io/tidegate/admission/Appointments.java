/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * When those of one tier who were refused, and can be told apart, are to come back.
 *
 * <p>Each is given a time of its own at which the pool can serve it: not before the work that waits now is done, and one service interval
 * after the time given to the one before, so that those who return come at the rate at which they are served. Whoever comes at its time
 * may queue even where a newcomer would be refused; whoever comes sooner is told the same time again. A newcomer queues only if what is given
 * away already ends within its bound. Nothing is kept free for them: while there is room, everybody is admitted.
 *
 * <p>Only so many come back as do: the interval is shortened by the share of those told lately that did, at least a fifth. Times are
 * given for 5 min ahead at most; a time beyond is told as that, and gives no right.
 *
 * <p>Remembers {@value #REMEMBERED} at most, those told last. Safe for many threads; what two write at once loses one entry, and with it a
 * right, never more.
 */
final class Appointments {

    static final long HORIZON_NANOS = Duration.ofMinutes(5).toNanos();

    /** How much sooner than told is in time: clocks and whole seconds differ. */
    static final long EARLY_NANOS = Duration.ofMillis(500).toNanos();

    /** How much later than told is in time. */
    static final long LATE_NANOS = Duration.ofSeconds(60).toNanos();

    private static final long SOONEST_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int REMEMBERED = 8192;
    private static final int WAYS = 4;

    /** How many are looked at, in turn, each time another is remembered. */
    private static final int LOOKED_AT = 4;

    private static final int TENANTS = 1024;

    /** So many times fewer than tenants have on average. */
    private static final int FAR_FEWER = 4;

    private static final double WEIGHT = 1.0 / 64;
    private static final double LEAST_SHOWN = 0.2;

    private volatile @Nullable AtomicReferenceArray<Told> table;

    /** Up to when time is given away. */
    private final AtomicLong givenNanos;

    /** Open appointments, those of each tenant (of one hash together), and tenants that have any. */
    private final AtomicInteger open = new AtomicInteger();

    private final AtomicIntegerArray openOf = new AtomicIntegerArray(TENANTS);
    private final AtomicInteger tenantsTold = new AtomicInteger();

    /** Where it is looked next whose time is over. */
    private final AtomicInteger looked = new AtomicInteger();

    /** Share of those told who came back; only a mean, so an update lost to another thread does no harm. */
    private volatile double shown = 1;

    /**
     * @param key whose
     * @param atNanos when it is to come
     * @param right whether it may queue then in any case
     * @param cell where those of its tenant are counted
     */
    record Told(long key, long atNanos, boolean right, int cell) {

        boolean tooSoon(long nowNanos) {
            return atNanos - nowNanos > EARLY_NANOS;
        }

        boolean over(long nowNanos) {
            return nowNanos - atNanos > LATE_NANOS;
        }
    }

    Appointments(long nowNanos) {
        givenNanos = new AtomicLong(nowNanos);
    }

    /** What this request was told, or null. */
    @Nullable
    Told told(long key, long nowNanos) {
        AtomicReferenceArray<Told> known = table;
        if (known == null) {
            return null;
        }
        int bucket = bucket(key);
        for (int way = 0; way < WAYS; way++) {
            Told told = known.get(bucket + way);
            if (told != null && told.key == key) {
                return told.over(nowNanos) ? null : told;
            }
        }
        return null;
    }

    /** It came back and is admitted or waits. */
    void kept(Told told) {
        AtomicReferenceArray<Told> known = table;
        if (known != null) {
            int bucket = bucket(told.key);
            for (int way = 0; way < WAYS; way++) {
                if (known.compareAndSet(bucket + way, told, null)) {
                    ended(told);
                    double before = shown;
                    shown = before + WEIGHT * (1 - before);
                    return;
                }
            }
        }
    }

    /** Time given away beyond now, in nanoseconds; 0 if none is. */
    long givenAheadNanos(long nowNanos) {
        return Math.max(0, givenNanos.get() - nowNanos);
    }

    /**
     * Gives a request its time.
     *
     * @param tenant whose request it is
     * @param aheadNanos until the work that waits now is done
     * @param intervalNanos between two of this tier that are served, by then
     */
    Told give(long key, String tenant, long nowNanos, long aheadNanos, double intervalNanos) {
        long soonest = nowNanos + Math.min(HORIZON_NANOS, Math.max(SOONEST_NANOS, aheadNanos));
        long step = (long) Math.min(intervalNanos * shown, (double) HORIZON_NANOS);
        long at;
        boolean right;
        while (true) {
            long given = givenNanos.get();
            at = given - soonest > 0 ? given : soonest;
            right = at + step - nowNanos <= HORIZON_NANOS;
            if (!right) {
                at = nowNanos + HORIZON_NANOS;
                break;
            }
            if (givenNanos.compareAndSet(given, at + step)) {
                break;
            }
        }
        Told told = new Told(key, at, right, cell(tenant));
        remember(told, nowNanos);
        return told;
    }

    /**
     * Whether this tenant has far fewer open appointments than tenants have on average: then those of others are not in its way, or
     * one tenant could keep all out by asking again and again.
     */
    boolean isSeldomTold(String tenant) {
        return (long) openOf.get(cell(tenant)) * tenantsTold.get() * FAR_FEWER <= open.get();
    }

    private void opened(Told told) {
        open.getAndIncrement();
        if (openOf.getAndIncrement(told.cell) == 0) {
            tenantsTold.getAndIncrement();
        }
    }

    private void ended(Told told) {
        open.getAndDecrement();
        if (openOf.getAndDecrement(told.cell) == 1) {
            tenantsTold.getAndDecrement();
        }
    }

    private static int cell(String tenant) {
        return (int) ((tenant.hashCode() * 0x9E3779B97F4A7C15L) >>> 54);
    }

    private void remember(Told told, long nowNanos) {
        AtomicReferenceArray<Told> known = table;
        if (known == null) {
            // Made by two threads at once, one of them is lost with what was put into it.
            known = new AtomicReferenceArray<>(REMEMBERED);
            table = known;
        }
        forgetSome(known, nowNanos);
        int bucket = bucket(told.key);
        int place = bucket;
        Told replaced = known.get(bucket);
        for (int way = 0; way < WAYS; way++) {
            Told other = known.get(bucket + way);
            if (other != null && other.key == told.key) {
                place(known, bucket + way, told);
                return;
            }
            boolean freer = other == null || (replaced != null && other.atNanos - replaced.atNanos < 0);
            if (replaced != null && freer) {
                place = bucket + way;
                replaced = other;
            }
        }
        Told gone = place(known, place, told);
        if (gone != null && gone.over(nowNanos)) {
            didNotCome();
        }
    }

    private @Nullable Told place(AtomicReferenceArray<Told> known, int place, Told told) {
        opened(told);
        Told gone = known.getAndSet(place, told);
        if (gone != null) {
            ended(gone);
        }
        return gone;
    }

    /** Looks at the next few of all that are remembered: whose time is over is forgotten, and counts as one that did not come. */
    private void forgetSome(AtomicReferenceArray<Told> known, long nowNanos) {
        int from = looked.getAndAdd(LOOKED_AT);
        for (int i = 0; i < LOOKED_AT; i++) {
            int place = (from + i) & (REMEMBERED - 1);
            Told told = known.get(place);
            if (told != null && told.over(nowNanos) && known.compareAndSet(place, told, null)) {
                ended(told);
                didNotCome();
            }
        }
    }

    private void didNotCome() {
        double before = shown;
        shown = Math.max(LEAST_SHOWN, before - WEIGHT * before);
    }

    private static int bucket(long key) {
        return (int) (key >>> 40) & (REMEMBERED - WAYS);
    }
}
