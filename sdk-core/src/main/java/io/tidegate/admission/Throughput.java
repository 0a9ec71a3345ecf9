/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * A promise of so many tokens a second to a tier, or to one tenant in it.
 *
 * <p>While it waits, its rate × time is noted as owed to it, up to two of its requests or one second of its rate, whichever is more; what it is
 * granted is taken off. Once that suffices for its next request, that is granted before all others but those whose floor is owed. So it gets its
 * rate whoever else asks for how much, as far as the pool has it, and no advantage beyond. Example: 500 tokens/s and requests of 1,000: while
 * it waits, one of them is next every 2 s.
 *
 * <p>Time in which it waits throughout is cut into windows of 10 s. A window in which it was granted less than 95 % of its rate is a breach,
 * counted with its cause.
 *
 * <p>Written by the owner of the drain alone; breaches may be read by any.
 */
@SuppressWarnings("EnumOrdinal") // an array is the quickest map from an enum
final class Throughput {

    private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();
    private static final double KEPT = 0.95;

    final TierLane lane;

    /** The tenant, or null for the whole tier. */
    final @Nullable String tenant;

    final double tokensPerSecond;

    private final AtomicLongArray breaches = new AtomicLongArray(ThroughputBreach.values().length);

    /** Tokens its rate entitles it to beyond what it got while it waits. */
    private double owed;

    private boolean waits;
    private long accruedNanos;
    private long windowNanos;
    private double granted;
    private double grantedToAll;
    private boolean withoutCapacity;

    Throughput(TierLane lane, @Nullable String tenant, double tokensPerSecond) {
        this.lane = lane;
        this.tenant = tenant;
        this.tokensPerSecond = tokensPerSecond;
    }

    /** Who is next of those it is promised to, or null. */
    @Nullable
    Waiter head() {
        return tenant == null ? lane.queue.head() : lane.queue.head(tenant);
    }

    private boolean isOf(Waiter waiter) {
        return waiter.lane == lane && (tenant == null || tenant.equals(waiter.request.tenant()));
    }

    /**
     * Notes what time has brought.
     *
     * @param needed tokens that its next request takes; negative if none waits
     * @param capacity whether anything could be in flight
     * @param promised tokens a second of all promises whose own wait now
     */
    void accrue(long nowNanos, double needed, boolean capacity, double promised) {
        if (needed < 0) {
            waits = false;
            owed = Math.min(owed, 0);
            return;
        }
        if (!waits) {
            waits = true;
            accruedNanos = nowNanos;
            beginWindow(nowNanos);
        }
        double most = Math.max(2 * needed, tokensPerSecond);
        owed = Math.min(most, owed + tokensPerSecond * ((double) (nowNanos - accruedNanos) / 1e9));
        accruedNanos = nowNanos;
        withoutCapacity |= !capacity;
        if (nowNanos - windowNanos >= WINDOW_NANOS) {
            double seconds = (double) (nowNanos - windowNanos) / 1e9;
            if (granted < KEPT * tokensPerSecond * seconds) {
                breaches.incrementAndGet(cause(promised * seconds).ordinal());
            }
            beginWindow(nowNanos);
        }
    }

    private ThroughputBreach cause(double promised) {
        if (withoutCapacity) {
            return ThroughputBreach.NO_CAPACITY;
        }
        return grantedToAll < promised ? ThroughputBreach.POOL_TOO_SLOW : ThroughputBreach.ROOM_TOO_LATE;
    }

    private void beginWindow(long nowNanos) {
        windowNanos = nowNanos;
        granted = 0;
        grantedToAll = 0;
        withoutCapacity = false;
    }

    /** Notes what somebody was granted. */
    void granted(Waiter waiter, double tokens) {
        grantedToAll += tokens;
        if (isOf(waiter)) {
            granted += tokens;
            // What it has ahead is bounded as well: a request that was larger than its share of time is paid for, and
            // no more.
            owed = Math.max(owed - tokens, -Math.max(tokens, tokensPerSecond));
        }
    }

    /** Notes that a request took so many more than it was granted for, or fewer. */
    void corrected(TierLane of, String by, double tokens) {
        if (of == lane && (tenant == null || tenant.equals(by))) {
            granted += tokens;
            owed = Math.max(owed - tokens, Math.min(owed, -tokensPerSecond));
        }
    }

    /** How long its next request has been due, in seconds; negative if it is not. */
    double overdue(double needed) {
        return (owed - needed) / tokensPerSecond;
    }

    long breaches(ThroughputBreach cause) {
        return breaches.get(cause.ordinal());
    }
}
