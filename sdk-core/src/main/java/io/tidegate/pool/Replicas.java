/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.util.List;

/**
 * The replicas of a pool at one instant.
 *
 * @param desired what the backend was last told to run; 0 or more
 * @param ready replicas that serve; 0 or more, may exceed {@code desired} while some drain
 * @param dueNanos when each replica that is asked for and not ready is expected to be, on the monotonic clock, soonest
 *     first; a time in the past means it is late
 * @since 0.1.0
 */
public record Replicas(int desired, int ready, List<Long> dueNanos) {

    public Replicas {
        if (desired < 0 || ready < 0) {
            throw new IllegalArgumentException("desired and ready must be >= 0 but were " + desired + " and " + ready);
        }
        // By difference, since the clock may wrap.
        dueNanos = dueNanos.stream()
                .sorted((one, other) -> Long.signum(one - other))
                .toList();
    }

    /** So many replicas, all ready. */
    public static Replicas ready(int count) {
        return new Replicas(count, count, List.of());
    }

    /** Replicas asked for and not ready. */
    public int due() {
        return dueNanos.size();
    }
}
