/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Tier;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One tier's side of a gate: its waiters and its counts.
 *
 * <p>The queue and the virtual time belong to the owner of the drain and are plain. {@code waiting} is exact and shared: a
 * place is taken before the ticket enters the intake and given back by whoever settles the ticket. Counters are striped and
 * may be read while they move.
 */
final class TierLane {

    final Tier tier;
    final int rank;

    final AtomicInteger waiting = new AtomicInteger();
    final LongAdder inFlight = new LongAdder();
    final LongAdder arrivals = new LongAdder();
    final LongAdder admitted = new LongAdder();
    final LongAdder shed = new LongAdder();
    final LongAdder expired = new LongAdder();
    final LongAdder cancelled = new LongAdder();
    final LongAdder closed = new LongAdder();
    final LongAdder inFlightNanos = new LongAdder();
    final LongAdder admittedTokens = new LongAdder();
    final LongAdder tokensInFlight = new LongAdder();
    final SloWindow slo;

    private final ArrayDeque<Ticket> queue = new ArrayDeque<>();

    /** Work served divided by weight; the tier with the least is next. Owner only. */
    double virtualTime;

    /** The longest waiter, published by the owner after each drain; null if there was none. */
    private volatile @Nullable Ticket oldest;

    TierLane(Tier tier, int rank, long nowNanos) {
        this.tier = tier;
        this.rank = rank;
        this.slo = new SloWindow(nowNanos);
    }

    /** Takes a place to wait unless the tier's are all taken. */
    boolean reservePlace() {
        int seen = waiting.get();
        while (seen < tier.maxQueued()) {
            int found = waiting.compareAndExchange(seen, seen + 1);
            if (found == seen) {
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** Owner only. */
    void add(Ticket ticket) {
        queue.addLast(ticket);
    }

    /** The longest waiter still waiting, or null; drops those in front who have left. Owner only. */
    @Nullable
    Ticket head() {
        Ticket head = queue.peekFirst();
        while (head != null && head.settled()) {
            queue.pollFirst();
            head = queue.peekFirst();
        }
        return head;
    }

    /** Owner only, after {@link #head()} answered a ticket. */
    void removeHead() {
        queue.pollFirst();
    }

    /** The newest waiter, taken out of the queue, or null. Owner only. */
    @Nullable
    Ticket takeNewest() {
        Ticket newest = queue.pollLast();
        while (newest != null && newest.settled()) {
            newest = queue.pollLast();
        }
        return newest;
    }

    /** Forgets those who have left once they are the majority, so that memory follows the live ones. Owner only. */
    void sweep() {
        if (queue.size() > 2 * waiting.get() + 64) {
            queue.removeIf(Ticket::settled);
        }
    }

    /** Owner only, at the end of a drain. */
    void publishOldest() {
        oldest = head();
    }

    PoolLoad.TierLoad load(long nowNanos) {
        int queued = waiting.get();
        Ticket longest = oldest;
        long oldestAge = queued == 0 || longest == null ? 0 : Math.max(0, nowNanos - longest.arrivedNanos);
        // A sum taken while requests pass may see a return and not the grant before it.
        return new PoolLoad.TierLoad(
                tier,
                Math.max(0, inFlight.sum()),
                queued,
                oldestAge,
                arrivals.sum(),
                admitted.sum(),
                shed.sum(),
                expired.sum(),
                cancelled.sum(),
                closed.sum(),
                inFlightNanos.sum(),
                admittedTokens.sum(),
                Math.max(0, tokensInFlight.sum()));
    }
}
