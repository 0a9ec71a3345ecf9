/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import java.time.Duration;

/** Waiters without a gate, for the collections they wait in. */
final class Waiters {

    private static final Duration BOUND = Duration.ofDays(1);

    static final Tier TIER = Tier.builder("standard").maxQueueTime(BOUND).build();

    /** To be named by, where a test fails. */
    @SuppressWarnings("NullAway") // it asks no gate for anything
    private static final TierLane LANE = new TierLane(null, TIER, 0, new WaitQueue(new TimerWheel(0)), 0, false);

    private Waiters() {}

    static Waiter anonymous() {
        return of(Request.of(TIER), 0);
    }

    static Waiter ofTenant(String tenant) {
        return of(Request.of(TIER).withTenant(tenant), 0);
    }

    /** Expires then, however far ahead that is; it came as much before as its tier may wait. */
    static Waiter expiring(long deadlineNanos) {
        return of(Request.of(TIER), deadlineNanos - BOUND.toNanos());
    }

    @SuppressWarnings("NullAway") // nobody is told
    static Waiter of(Request request, long arrivedNanos) {
        return new Waiter(LANE, request, request.units, arrivedNanos, null);
    }

    /** Leaves as one does that gives up. */
    static void giveUp(Waiter waiter) {
        if (!waiter.tryRefuse(Permit.CANCELLED)) {
            throw new IllegalStateException("settled before");
        }
    }
}
