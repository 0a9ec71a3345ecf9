/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.tidegate.quota.Quotas;

/** The meters of quotas, read when a registry asks. */
final class QuotaMeters {

    private QuotaMeters() {}

    static void register(String pool, Quotas quotas, Registration registration) {
        registration.gauge(Meters.QUOTA_TENANTS, quotas::tenants, pool);
        registration.counter(Meters.QUOTA_FORGOTTEN, quotas, Quotas::forgotten, pool);
        registration.counter(Meters.QUOTA_OVERFLOWED, quotas, Quotas::overflowed, pool);
    }
}
