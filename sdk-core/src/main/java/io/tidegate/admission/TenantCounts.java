/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How many requests of each tenant wait in one tier, for whoever is not the owner of the queue. Tenants of the same hash are counted
 * together, one in {@value #CELLS}: such a tenant seems to have more waiting than it has, never fewer.
 *
 * <p>Safe for many threads.
 */
final class TenantCounts {

    private static final int CELLS = 1024;

    private final AtomicIntegerArray cells = new AtomicIntegerArray(CELLS);
    private final AtomicInteger waiting = new AtomicInteger();
    private final long seed;

    TenantCounts(long seed) {
        this.seed = seed;
    }

    void came(String tenant) {
        if (cells.getAndIncrement(cell(tenant)) == 0) {
            waiting.getAndIncrement();
        }
    }

    void left(String tenant) {
        if (cells.getAndDecrement(cell(tenant)) == 1) {
            waiting.getAndDecrement();
        }
    }

    int of(String tenant) {
        return cells.get(cell(tenant));
    }

    /** Tenants of which somebody waits. */
    int tenants() {
        return waiting.get();
    }

    private int cell(String tenant) {
        long hash = (tenant.hashCode() ^ seed) * 0x9E3779B97F4A7C15L;
        return (int) (hash >>> 54);
    }
}
