/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import org.jspecify.annotations.Nullable;

/**
 * Who waits of one tenant, or of those that share a shard, and the service it has had: the virtual token counter of VTC (Sheng
 * et al., OSDI 2024). For the owner of the drain alone.
 */
final class TenantQueue {

    /** The tenant, or null for a shard. */
    final @Nullable String name;

    final DeadlineQueue queue;

    /** Gives those with equal service an order. */
    final long number;

    /** Work it was granted, corrected by what it took in the end. */
    double service;

    boolean listedAway;

    /** Whether it is remembered for good. */
    boolean kept;

    /** Its place in the heap of those somebody waits of; -1 outside. */
    int index = -1;

    TenantQueue(@Nullable String name, DeadlineQueue queue, long number) {
        this.name = name;
        this.queue = queue;
        this.number = number;
    }

    boolean active() {
        return index >= 0;
    }

    private boolean isBefore(TenantQueue other) {
        return service < other.service || (service == other.service && number < other.number);
    }

    /**
     * Tenants somebody waits of, the one served least on top: a binary heap in which each knows its place, so that one whose service
     * changes is moved in O(log n).
     */
    static final class Heap {

        private @Nullable TenantQueue[] heap = new @Nullable TenantQueue[16];
        private int size;

        int size() {
            return size;
        }

        @Nullable
        TenantQueue peek() {
            return heap[0];
        }

        TenantQueue get(int index) {
            TenantQueue found = heap[index];
            if (found == null) {
                throw new IllegalStateException("no tenant at " + index + " of " + size);
            }
            return found;
        }

        void add(TenantQueue tenant) {
            if (size == heap.length) {
                heap = java.util.Arrays.copyOf(heap, 2 * size);
            }
            put(size, tenant);
            up(size++);
        }

        void remove(TenantQueue tenant) {
            int hole = tenant.index;
            TenantQueue last = get(--size);
            heap[size] = null;
            tenant.index = -1;
            if (last != tenant) {
                put(hole, last);
                moved(last);
            }
        }

        /** Puts it where it belongs by its service. */
        void moved(TenantQueue tenant) {
            up(tenant.index);
            down(tenant.index);
        }

        private void put(int index, TenantQueue tenant) {
            heap[index] = tenant;
            tenant.index = index;
        }

        private void up(int from) {
            TenantQueue tenant = get(from);
            int at = from;
            while (at > 0) {
                int above = (at - 1) >>> 1;
                TenantQueue parent = get(above);
                if (!tenant.isBefore(parent)) {
                    break;
                }
                put(at, parent);
                at = above;
            }
            put(at, tenant);
        }

        private void down(int from) {
            TenantQueue tenant = get(from);
            int at = from;
            while (2 * at + 1 < size) {
                int below = 2 * at + 1;
                if (below + 1 < size && get(below + 1).isBefore(get(below))) {
                    below++;
                }
                TenantQueue child = get(below);
                if (!child.isBefore(tenant)) {
                    break;
                }
                put(at, child);
                at = below;
            }
            put(at, tenant);
        }
    }
}
