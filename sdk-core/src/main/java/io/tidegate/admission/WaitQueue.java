/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Who waits in one tier, and in which order: the tenant that was served least is next, and of a tenant the request with the
 * earliest deadline.
 *
 * <p>A tenant is charged a slot and its tokens when one of its requests is granted. One that comes back starts level with the
 * tenant served last: having been away earns no credit. A tenant that nobody waits of is remembered until so many others have
 * come and gone, so that one with a single request at a time is charged as well.
 *
 * <p>Whoever gives up stays in the collections until it comes to an end of one; once they are the majority all are swept, so
 * that memory follows those who wait, at amortized O(1) for each that leaves.
 *
 * <p>For the owner of the drain alone.
 */
final class WaitQueue {

    /** Tenants remembered that nobody waits of. */
    private static final int REMEMBERED = 1024;

    private static final int SWEPT_ABOVE = 64;

    private final TimerWheel wheel;
    private final Map<String, Tenant> tenants = new HashMap<>();
    private final PriorityQueue<Tenant> active = new PriorityQueue<>(Tenant::compare);
    private final ArrayDeque<Tenant> away = new ArrayDeque<>();
    private final Arrivals arrivals;

    /** Service of the tenant served last, before it was. */
    private double level;

    /** Tenants seen, to give those with equal service an order. */
    private long seen;

    WaitQueue(TimerWheel wheel) {
        this.wheel = wheel;
        this.arrivals = new Arrivals(wheel);
    }

    void add(Waiter waiter) {
        String name = waiter.request.tenant();
        Tenant tenant = tenants.get(name);
        if (tenant == null) {
            tenant = new Tenant(name, seen++);
            tenants.put(name, tenant);
        }
        arrivals.add(waiter);
        tenant.queue.add(waiter);
        wheel.add(waiter);
        if (!tenant.active) {
            activate(tenant);
        }
    }

    private void activate(Tenant tenant) {
        tenant.active = true;
        tenant.service = Math.max(tenant.service, level);
        active.add(tenant);
    }

    /** Who is next, or null. */
    @Nullable
    Waiter head() {
        for (Tenant tenant = active.peek(); tenant != null; tenant = active.peek()) {
            Waiter head = tenant.queue.peek();
            if (head != null) {
                return head;
            }
            active.poll();
            leave(tenant);
        }
        return null;
    }

    private void leave(Tenant tenant) {
        tenant.active = false;
        tenant.queue.clear();
        if (!tenant.listedAway) {
            tenant.listedAway = true;
            away.addLast(tenant);
        }
        while (away.size() > REMEMBERED) {
            Tenant longest = away.pollFirst();
            longest.listedAway = false;
            if (!longest.active) {
                tenants.remove(longest.name);
            }
        }
    }

    /** Takes out what {@link #head()} answered just before, and charges its tenant for it. */
    void removeHead(Waiter head, double service) {
        Tenant tenant = active.poll();
        if (tenant == null) {
            return;
        }
        tenant.queue.remove(head);
        forget(head);
        if (service > 0) {
            level = tenant.service;
            tenant.service += service;
        }
        if (tenant.queue.peek() == null) {
            leave(tenant);
        } else {
            active.add(tenant);
        }
    }

    /** Who came last, or null. */
    @Nullable
    Waiter newest() {
        return arrivals.newest();
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
        active.removeIf(tenant -> {
            tenant.queue.sweep();
            if (tenant.queue.size() > 0) {
                return false;
            }
            leave(tenant);
            return true;
        });
    }

    /** Whether nobody is in it, not even one who has left. */
    boolean isEmpty() {
        return arrivals.size() == 0;
    }

    int tenants() {
        return tenants.size();
    }

    private static final class Tenant {

        final String name;
        final DeadlineQueue queue = new DeadlineQueue();
        final long number;
        double service;
        boolean active;
        boolean listedAway;

        Tenant(String name, long number) {
            this.name = name;
            this.number = number;
        }

        static int compare(Tenant one, Tenant other) {
            int byService = Double.compare(one.service, other.service);
            return byService != 0 ? byService : Long.compare(one.number, other.number);
        }
    }
}
