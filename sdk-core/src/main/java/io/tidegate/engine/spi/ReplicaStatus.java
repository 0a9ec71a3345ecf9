/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import io.tidegate.policy.ReplicaMath;
import java.util.List;

/**
 * What a backend says of a pool. Counts are 0 to {@link ReplicaMath#MANY}.
 *
 * @param desired replicas last asked for, by whomever
 * @param running replicas that exist in any state, and so cost money
 * @param ready replicas that serve
 * @param births how replicas that exist came to be, for the account; as many as the backend cares to tell, empty if it does not
 * @since 0.1.0
 */
public record ReplicaStatus(int desired, int running, int ready, List<Birth> births) {

    /** Most births that are looked at. */
    public static final int MOST_BIRTHS = 1_000;

    public ReplicaStatus {
        births = births.size() > MOST_BIRTHS
                ? List.copyOf(births.subList(births.size() - MOST_BIRTHS, births.size()))
                : List.copyOf(births);
        if (Math.min(desired, Math.min(running, ready)) < 0
                || Math.max(desired, Math.max(running, ready)) > ReplicaMath.MANY) {
            throw new IllegalArgumentException("replica counts must be 0 to " + ReplicaMath.MANY + " but were desired="
                    + desired + ", running=" + running + ", ready=" + ready);
        }
    }

    /** With no word on how they came to be. */
    public ReplicaStatus(int desired, int running, int ready) {
        this(desired, running, ready, List.of());
    }
}
