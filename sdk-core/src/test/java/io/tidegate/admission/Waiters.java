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

    @SuppressWarnings("NullAway") // neither its lane nor whom to tell is ever looked at
    static Waiter of(Request request, long arrivedNanos) {
        return new Waiter(null, request, arrivedNanos, null);
    }

    /** Leaves as one does that gives up. */
    static void giveUp(Waiter waiter) {
        if (!waiter.tryRefuse(Permit.CANCELLED)) {
            throw new IllegalStateException("settled before");
        }
    }
}
