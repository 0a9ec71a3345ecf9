/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import io.tidegate.policy.ReplicaMath;

/**
 * What a backend says of a pool. Counts are 0 to {@link ReplicaMath#MANY}.
 *
 * @param desired replicas last asked for, by whomever
 * @param running replicas that exist in any state, and so cost money
 * @param ready replicas that serve
 * @since 0.1.0
 */
public record ReplicaStatus(int desired, int running, int ready) {

    public ReplicaStatus {
        if (Math.min(desired, Math.min(running, ready)) < 0
                || Math.max(desired, Math.max(running, ready)) > ReplicaMath.MANY) {
            throw new IllegalArgumentException("replica counts must be 0 to " + ReplicaMath.MANY + " but were desired="
                    + desired + ", running=" + running + ", ready=" + ready);
        }
    }
}
