/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's entry in the table.
 *
 * <p>Whoever takes from it and whoever forgets it may meet. The one takes and then looks at the state; the other marks the state
 * and then looks whether anything is taken. So at least one sees the other: the taker keeps the entry, or the forgetter lets go
 * of it, or the entry is gone and the taker starts over with a new one.
 */
final class Tenant extends Bucket {

    private static final int LIVE = 0;
    private static final int LEAVING = 1;
    private static final int GONE = 2;

    private static final VarHandle STATE;
    private static final VarHandle NEXT;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(Tenant.class, "state", int.class);
            NEXT = lookup.findVarHandle(Tenant.class, "next", Tenant.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final String id;
    final long hash;

    /** Named in the settings: never forgotten. */
    final boolean named;

    /** Its quotas within tiers by the tiers' numbers; null where there is none at all. */
    private final @Nullable Bucket @Nullable [] inTiers;

    @SuppressWarnings("unused") // through the VarHandle
    private int state;

    @SuppressWarnings("unused") // through the VarHandle
    private @Nullable Tenant next;

    Tenant(String id, long hash, Quota quota, boolean named, @Nullable Bucket @Nullable [] inTiers) {
        super(quota);
        this.id = id;
        this.hash = hash;
        this.named = named;
        this.inTiers = inTiers;
    }

    @Nullable
    Bucket inTier(QuotaTier tier) {
        return inTiers == null || tier.number < 0 ? null : inTiers[tier.number];
    }

    @Nullable
    Tenant next() {
        return (Tenant) NEXT.getAcquire(this);
    }

    void next(@Nullable Tenant tenant) {
        NEXT.setRelease(this, tenant);
    }

    /** Says that something was taken; false if the entry is gone, and then it was taken from nobody. */
    boolean keep() {
        int seen = (int) STATE.getVolatile(this);
        while (seen == LEAVING) {
            seen = (int) STATE.compareAndExchange(this, LEAVING, LIVE) == GONE ? GONE : LIVE;
        }
        return seen == LIVE;
    }

    boolean isGone() {
        return (int) STATE.getVolatile(this) == GONE;
    }

    /** Ends the entry if its accounts are full; whether it did. By one thread at a time. */
    boolean leave(long elapsedNanos) {
        if (named || !isFull(elapsedNanos)) {
            return false;
        }
        STATE.setVolatile(this, LEAVING);
        if (isFull(elapsedNanos)) {
            return STATE.compareAndSet(this, LEAVING, GONE);
        }
        STATE.compareAndSet(this, LEAVING, LIVE);
        return false;
    }
}
