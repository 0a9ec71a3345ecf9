/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

/**
 * What a backend says of a pool.
 *
 * @param desired replicas last asked for, by whomever
 * @param running replicas that exist in any state, and so cost money
 * @param ready replicas that serve
 * @since 0.1.0
 */
public record ReplicaStatus(int desired, int running, int ready) {

    public ReplicaStatus {
        if (desired < 0 || running < 0 || ready < 0) {
            throw new IllegalArgumentException("replica counts must be >= 0 but were desired=" + desired + ", running="
                    + running + ", ready=" + ready);
        }
    }
}
