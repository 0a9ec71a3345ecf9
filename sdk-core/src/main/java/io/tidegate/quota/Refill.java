/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One account that refills: requests or tokens of one tenant, tier, or tenant in a tier.
 *
 * <p>It is the generic cell rate algorithm in its form of virtual scheduling (ITU-T Recommendation I.371, annex A; ATM Forum
 * Traffic Management 4.0, 4.4.2). The whole state is one number, the theoretical arrival time: when all that was taken will have
 * been refilled. If it is not after now the account is full. So much may be taken that it is not later than now plus the burst.
 *
 * <p>Example: 600 a minute, 10 at once, so one is refilled in 100 ms and the burst in 1 s. At 0 s ten are taken: the arrival time
 * is 1 s. At 0.25 s two more fit, since 1.0 + 0.2 s is not later than 0.25 + 1 s; the third is told to come back after 50 ms.
 *
 * <p>What is larger than the burst fits when the account is full and is charged as a whole: the account is then in debt, and
 * nothing fits until that is refilled. So a small quota slows large requests and never forbids them.
 *
 * <p><b>Threads.</b> Any. Each change is one compare-and-set of the number, so no two takers get the same room. The time is
 * sampled once before it, and a sample that is stale when it succeeds is harmless: taking only raises the number and compares
 * it with a now that is not after the true one, so what is taken between two instants is never more than the burst and what is
 * refilled from the sample of the first taker to the last instant. It is as if each had come when it looked at the clock.
 */
final class Refill {

    private static final VarHandle ARRIVAL;

    static {
        try {
            ARRIVAL = MethodHandles.lookup().findVarHandle(Refill.class, "arrival", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Rate rate;

    /** The theoretical arrival time in ticks of the rate; never negative. 0 is full at any time. */
    @SuppressWarnings("unused") // through the VarHandle
    private long arrival;

    Refill(Rate rate) {
        this.rate = rate;
    }

    /** Starts where another stands. */
    void startAt(long arrivalTicks) {
        ARRIVAL.setVolatile(this, arrivalTicks);
    }

    long arrival() {
        return (long) ARRIVAL.getVolatile(this);
    }

    /** Nanoseconds until so many would fit if nobody else came; 0 if they do. Takes nothing. */
    long waitFor(long units, long elapsedNanos) {
        // Opaque: a look. Whoever relies on the answer takes, and the compare-and-set decides.
        long now = rate.ticks(elapsedNanos);
        long excess = excess((long) ARRIVAL.getOpaque(this), now, rate.cost(units));
        return excess <= 0 ? 0 : rate.nanosUntil(excess, now, elapsedNanos);
    }

    /** Takes so many if they fit; 0 if it did, else nanoseconds as {@link #waitFor}. */
    long take(long units, long elapsedNanos) {
        long now = rate.ticks(elapsedNanos);
        long cost = rate.cost(units);
        long seen = (long) ARRIVAL.getOpaque(this);
        while (true) {
            long excess = excess(seen, now, cost);
            if (excess > 0) {
                return rate.nanosUntil(excess, now, elapsedNanos);
            }
            long found = (long) ARRIVAL.compareAndExchange(this, seen, Math.max(seen, now) + cost);
            if (found == seen) {
                return 0;
            }
            seen = found;
        }
    }

    /** Ticks by which it is too early. */
    private long excess(long seen, long now, long cost) {
        return Math.max(0, seen - now) + Math.min(cost, rate.capacity) - rate.capacity;
    }

    /** Takes so many whether they fit or not, so that the account may be in debt. */
    void charge(long units, long elapsedNanos) {
        long now = rate.ticks(elapsedNanos);
        chargeTicks(rate.cost(units), now, rate.horizon(now));
    }

    /** Takes so many, or what there is: it leaves no debt but what one larger than the burst would leave. */
    void drain(long units, long elapsedNanos) {
        long now = rate.ticks(elapsedNanos);
        long cost = rate.cost(units);
        chargeTicks(cost, now, now + Math.max(cost, rate.capacity));
    }

    private void chargeTicks(long cost, long now, long furthest) {
        long seen = (long) ARRIVAL.getOpaque(this);
        while (true) {
            // From now where it is full: what is charged must not be paid by time that has passed.
            long next = Math.min(Math.max(seen, now) + cost, furthest);
            long found = (long) ARRIVAL.compareAndExchange(this, seen, Math.max(seen, next));
            if (found == seen) {
                return;
            }
            seen = found;
        }
    }

    /** Gives so many back. More than it lacks only makes it full. */
    void giveBack(long units) {
        giveBackTicks(rate.cost(units));
    }

    private void giveBackTicks(long cost) {
        long seen = (long) ARRIVAL.getOpaque(this);
        while (true) {
            long found = (long) ARRIVAL.compareAndExchange(this, seen, Math.max(0, seen - cost));
            if (found == seen) {
                return;
            }
            seen = found;
        }
    }

    /** Turns what was taken into what was used. */
    void settle(long taken, long used, long elapsedNanos) {
        // In ticks: costs have a ceiling, and the difference of two costs is what was not charged.
        long more = rate.cost(used) - rate.cost(taken);
        if (more < 0) {
            giveBackTicks(-more);
        } else if (more > 0) {
            long now = rate.ticks(elapsedNanos);
            chargeTicks(more, now, rate.horizon(now));
        }
    }

    /** Whether nothing is lacking, so that a new account would be the same. */
    boolean isFull(long elapsedNanos) {
        return arrival() <= rate.ticks(elapsedNanos);
    }

    /** What fits now, rounded down; negative in debt. */
    long remaining(long elapsedNanos) {
        return rate.units(rate.capacity - Math.max(0, arrival() - rate.ticks(elapsedNanos)));
    }
}
