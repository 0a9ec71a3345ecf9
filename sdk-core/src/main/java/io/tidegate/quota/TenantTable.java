/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tenants by id, with a bound on those that are not named in the settings.
 *
 * <p>Chains are read without a lock and changed under the lock of their stripe: added at the head, unlinked anywhere; who stands
 * on an unlinked entry still finds the rest of the chain. Beyond the bound room is made by forgetting tenants whose accounts are
 * full, at most {@link #LOOKS} chains for each that comes; a full account is what a new one would be.
 *
 * <p>Before the chains come those found last, by {@link String#hashCode}, which the string keeps: the secret hash is dearer than
 * all else. Ids that were made to fall together there only miss each other's hint.
 */
final class TenantTable {

    /** Chains that are looked at for one to forget. */
    private static final int LOOKS = 16;

    private static final int MAX_STRIPES = 64;
    private static final int MAX_RECENT = 4096;

    private final TenantHash hash;
    private final AtomicReferenceArray<@Nullable Tenant> heads;
    private final int mask;

    /** Hints: each slot holds one that was found there last, which may be gone. */
    private final AtomicReferenceArray<@Nullable Tenant> recent;

    private final ReentrantLock[] locks;

    /** Where the next look begins, for each stripe; under its lock. */
    private final int[] hands;

    private final int maxUnnamed;
    private final AtomicInteger unnamed = new AtomicInteger();
    private final LongAdder forgotten = new LongAdder();

    TenantTable(TenantHash hash, int maxUnnamed, int named) {
        int size = 1;
        while (size < maxUnnamed + named) {
            size *= 2;
        }
        this.hash = hash;
        this.heads = new AtomicReferenceArray<>(size);
        this.recent = new AtomicReferenceArray<>(Math.min(MAX_RECENT, size));
        this.mask = size - 1;
        this.locks = new ReentrantLock[Math.max(1, Math.min(MAX_STRIPES, size / 64))];
        for (int i = 0; i < locks.length; i++) {
            locks[i] = new ReentrantLock();
        }
        this.hands = new int[locks.length];
        this.maxUnnamed = maxUnnamed;
    }

    private int place(long hash) {
        return (int) (hash >>> 32) & mask;
    }

    private int stripe(long hash) {
        return place(hash) & (locks.length - 1);
    }

    long hash(String id) {
        return hash.of(id);
    }

    @Nullable
    Tenant find(String id) {
        int code = id.hashCode();
        int place = (code ^ code >>> 16) & (recent.length() - 1);
        Tenant hint = recent.getAcquire(place);
        if (hint != null && hint.id.equals(id) && !hint.isGone()) {
            return hint;
        }
        Tenant found = find(id, hash(id));
        if (found != null) {
            recent.setRelease(place, found);
        }
        return found;
    }

    @Nullable
    Tenant find(String id, long hash) {
        for (Tenant each = heads.getAcquire(place(hash)); each != null; each = each.next()) {
            if (each.hash == hash && each.id.equals(id)) {
                return each;
            }
        }
        return null;
    }

    /** Guards what is done about a tenant that has no entry, so that it gets one at most. */
    ReentrantLock lock(long hash) {
        return locks[stripe(hash)];
    }

    /** Adds one from the settings, while nobody else knows the table. */
    void addNamed(Tenant tenant) {
        link(tenant);
    }

    /** Makes room for one more; false if all that were looked at are busy. Under the lock. */
    boolean makeRoom(long hash, long elapsedNanos) {
        int stripe = stripe(hash);
        while (true) {
            int count = unnamed.get();
            if (count < maxUnnamed) {
                if (unnamed.compareAndSet(count, count + 1)) {
                    return true;
                }
            } else if (!forgetSome(stripe, elapsedNanos)) {
                return false;
            }
        }
    }

    /** Adds one that room was made for. Under the lock. */
    void add(Tenant tenant) {
        link(tenant);
    }

    private void link(Tenant tenant) {
        int place = place(tenant.hash);
        tenant.next(heads.getPlain(place));
        heads.setRelease(place, tenant);
    }

    private boolean forgetSome(int stripe, long elapsedNanos) {
        int chains = heads.length() / locks.length;
        boolean any = false;
        for (int i = 0; i < Math.min(LOOKS, chains) && !any; i++) {
            int place = hands[stripe] * locks.length + stripe;
            hands[stripe] = (hands[stripe] + 1) % chains;
            Tenant before = null;
            for (Tenant each = heads.getPlain(place); each != null; each = each.next()) {
                if (!each.leave(elapsedNanos)) {
                    before = each;
                    continue;
                }
                any = true;
                if (before == null) {
                    heads.setRelease(place, each.next());
                } else {
                    before.next(each.next());
                }
                unnamed.decrementAndGet();
                forgotten.increment();
            }
        }
        return any;
    }

    int unnamed() {
        return unnamed.get();
    }

    long forgotten() {
        return forgotten.sum();
    }
}
