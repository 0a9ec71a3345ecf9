/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import org.jspecify.annotations.NullMarked;

/** An entry of a tenant that may have one request. In this package for the entry's sake; never published. */
@NullMarked
public final class StressTenant {

    private static final Quota ONE =
            Quota.builder().requestsPerMinute(1).tokensPerMinute(16).build();

    private final Tenant tenant = new Tenant("tenant", 0, ONE, false, null);

    /** Takes what there is, and says whether it did. */
    public boolean take() {
        return tenant.take(16, 0) == 0;
    }

    /** Takes, and says whether it did from an entry that stays. */
    public boolean takeAndKeep() {
        return take() && tenant.keep();
    }

    /** Forgets the entry if it lacks nothing, and says whether it did. */
    public boolean forget() {
        return tenant.leave(0);
    }

    /** Requests that are left. */
    public int left() {
        return (int) tenant.remaining(0).requests();
    }
}
