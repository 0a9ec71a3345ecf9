/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who waits in one tier, and in which order: the tenant that was served least is next, and of a tenant the request with the
 * earliest deadline.
 *
 * <p>A tenant is charged a slot and its tokens when one of its requests is granted, and corrected by what that took in the end. One
 * that comes back starts level with the tenant served last: having been away earns no credit. A tenant that nobody waits of is
 * remembered until so many others have come and gone, so that one with a single request at a time is charged as well.
 *
 * <p>So many tenants have a queue of their own at most; those beyond share shards until one becomes free.
 *
 * <p>Whoever gives up stays in the collections until it comes to an end of one; once they are the majority all are swept, so
 * that memory follows those who wait, at amortized O(1) for each that leaves.
 *
 * <p>For the owner of the drain alone.
 */
final class WaitQueue {

    /** Tenants with queues of their own, unless set otherwise. */
    static final int MAX_TENANTS = 4096;

    /** Tenants remembered that nobody waits of. */
    private static final int REMEMBERED = 1024;

    private static final int SWEPT_ABOVE = 64;

    private final TimerWheel wheel;
    private final int maxTenants;
    private final Map<String, TenantQueue> tenants = new HashMap<>();
    private final TenantQueue.Heap active = new TenantQueue.Heap();
    private final ArrayDeque<TenantQueue> away = new ArrayDeque<>();
    private final TenantShards shards;
    private final Arrivals arrivals;

    /** Service of the tenant served last, before it was. */
    private double level;

    /** Tenants whose queue is theirs for good. */
    private int kept;

    /** Tenants seen, to give those with equal service an order. */
    private long seen;

    WaitQueue(TimerWheel wheel) {
        this(wheel, MAX_TENANTS, 1);
    }

    /** @param shardSeed see {@link TenantShards} */
    WaitQueue(TimerWheel wheel, int maxTenants, long shardSeed) {
        this.wheel = wheel;
        this.maxTenants = maxTenants;
        this.shards = new TenantShards(shardSeed);
        this.arrivals = new Arrivals(wheel);
    }

    void add(Waiter waiter) {
        TenantQueue tenant = tenantFor(waiter.request.tenant());
        arrivals.add(waiter);
        tenant.queue.add(waiter);
        wheel.add(waiter);
        if (!tenant.active()) {
            tenant.service = Math.max(tenant.service, level);
            active.add(tenant);
        }
    }

    /** Gives a tenant a queue of its own for good, beside those there may be. */
    void keep(String name) {
        if (tenants.get(name) == null) {
            TenantQueue made = new TenantQueue(name, new DeadlineQueue(), seen++);
            made.kept = true;
            kept++;
            tenants.put(name, made);
        }
    }

    /** Its own queue, if it has one or one can be had; else a shard. */
    private TenantQueue tenantFor(String name) {
        TenantQueue tenant = tenants.get(name);
        if (tenant != null) {
            return tenant;
        }
        while (tenants.size() - kept >= maxTenants && !away.isEmpty()) {
            forgetLongestAway();
        }
        // Who waits in a shard stays there until all of it is served, or it would have the turns of two.
        if (tenants.size() - kept >= maxTenants || shards.of(name) != null) {
            return shards.seat(name);
        }
        TenantQueue made = new TenantQueue(name, new DeadlineQueue(), seen++);
        tenants.put(name, made);
        return made;
    }

    /** Who is next, or null. */
    @Nullable
    Waiter head() {
        for (TenantQueue tenant = active.peek(); tenant != null; tenant = active.peek()) {
            Waiter head = tenant.queue.peek();
            if (head != null) {
                return head;
            }
            leave(tenant);
        }
        return null;
    }

    /** Who is next of a tenant that has a queue of its own, or null. */
    @Nullable
    Waiter head(String name) {
        TenantQueue tenant = tenants.get(name);
        return tenant == null || !tenant.active() ? null : tenant.queue.peek();
    }

    private void leave(TenantQueue tenant) {
        active.remove(tenant);
        tenant.queue.clear();
        if (tenant.name == null || tenant.kept) {
            return;
        }
        if (!tenant.listedAway) {
            tenant.listedAway = true;
            away.addLast(tenant);
        }
        while (away.size() > REMEMBERED) {
            forgetLongestAway();
        }
    }

    private void forgetLongestAway() {
        TenantQueue longest = away.pollFirst();
        if (longest != null) {
            longest.listedAway = false;
            if (!longest.active()) {
                tenants.remove(longest.name);
            }
        }
    }

    /** Takes out what {@link #head()} answered just before, and charges its tenant for it. */
    void removeHead(Waiter head, double service) {
        TenantQueue tenant = active.peek();
        if (tenant != null) {
            if (service > 0) {
                level = tenant.service;
            }
            removeHead(tenant, head, service);
        }
    }

    /** Takes out what {@link #head(String)} answered just before: out of turn, and charged like any other. */
    void removeHeadOfTenant(Waiter head, double service) {
        TenantQueue tenant = tenants.get(head.request.tenant());
        if (tenant != null && tenant.active()) {
            removeHead(tenant, head, service);
        }
    }

    private void removeHead(TenantQueue tenant, Waiter head, double service) {
        tenant.queue.remove(head);
        forget(head);
        tenant.service += service;
        if (tenant.queue.peek() == null) {
            leave(tenant);
        } else {
            active.moved(tenant);
        }
    }

    /** Charges a tenant what its request took more than it was granted for, or gives back what it took less. */
    void correct(String name, double service) {
        TenantQueue tenant = tenants.get(name);
        if (tenant == null) {
            tenant = shards.of(name);
        }
        if (tenant != null) {
            tenant.service += service;
            if (tenant.active()) {
                active.moved(tenant);
            }
        }
    }

    /** Who came last, or null. */
    @Nullable
    Waiter newest() {
        return arrivals.newest();
    }

    /**
     * Of the tenant that most wait of, the one with the latest deadline, or null. Of tenants alike the one that came first later.
     *
     * @param counts how many wait of each
     */
    @Nullable
    Waiter lastOfLongest(TenantCounts counts) {
        TenantQueue longest = null;
        Waiter last = null;
        int most = 0;
        for (int i = 0; i < active.size(); i++) {
            TenantQueue tenant = active.get(i);
            int waiting = tenant.name == null ? tenant.queue.size() : counts.of(tenant.name);
            if (waiting > most || (waiting == most && longest != null && tenant.number > longest.number)) {
                Waiter newest = tenant.queue.last();
                // Null where all of it have left.
                if (newest != null) {
                    longest = tenant;
                    last = newest;
                    most = waiting;
                }
            }
        }
        return last;
    }

    /** Who waits longest, or null. */
    @Nullable
    Waiter oldest() {
        return arrivals.oldest();
    }

    /** Takes a waiter that has left out of what would keep it from being collected; its tenant's queue finds that by itself. */
    void forget(Waiter left) {
        arrivals.remove(left);
        wheel.remove(left);
    }

    /**
     * Forgets those who have left, where they are the majority.
     *
     * @param waiting how many still wait
     */
    void sweep(int waiting) {
        int most = 2 * waiting + SWEPT_ABOVE;
        if (arrivals.size() <= most && active.size() <= most && (waiting > 0 || arrivals.size() == 0)) {
            return;
        }
        arrivals.sweep();
        if (active.size() == 0) {
            return;
        }
        // Of a copy: whoever leaves moves others in the heap.
        TenantQueue[] all = new TenantQueue[active.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = active.get(i);
        }
        for (TenantQueue tenant : all) {
            tenant.queue.sweep();
            if (tenant.queue.size() == 0) {
                leave(tenant);
            }
        }
    }

    /** Whether nobody is in it, not even one who has left. */
    boolean isEmpty() {
        return arrivals.size() == 0;
    }

    int tenants() {
        return tenants.size();
    }
}
