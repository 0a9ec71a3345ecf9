/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.tidegate.limit.LimitController;

/** The meters of the limit of one pool, read when a registry asks. */
final class LimitMeters {

    private LimitMeters() {}

    static void register(String pool, LimitController limit, Registration registration) {
        registration.gauge(Meters.LIMIT_UTILIZATION, limit::utilization, pool);
        registration.gauge(Meters.LIMIT_REPLICAS, limit::staleReplicas, pool, "stale");
        registration.gauge(Meters.LIMIT_REPLICAS, limit::startingReplicas, pool, "starting");
        registration.gauge(Meters.LIMIT_REPLICAS, limit::rejectingReplicas, pool, "rejecting");
        registration.counter(Meters.LIMIT_REJECTIONS, limit, LimitController::rejections, pool);
    }
}
