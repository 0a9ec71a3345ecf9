/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

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
    private final long seed;

    TenantCounts(long seed) {
        this.seed = seed;
    }

    /** Whether it is the first of its tenant. */
    boolean came(String tenant) {
        return cells.getAndIncrement(cell(tenant)) == 0;
    }

    /** Whether it was the last of its tenant. */
    boolean left(String tenant) {
        return cells.getAndDecrement(cell(tenant)) == 1;
    }

    int of(String tenant) {
        return cells.get(cell(tenant));
    }

    private int cell(String tenant) {
        long hash = (tenant.hashCode() ^ seed) * 0x9E3779B97F4A7C15L;
        return (int) (hash >>> 54);
    }
}
