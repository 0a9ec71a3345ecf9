/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.supply;

import io.tidegate.pool.Replicas;
import io.tidegate.pool.Work;

/**
 * The replicas of a pool as admission sees them. Immutable; a new one replaces it as a whole.
 *
 * @param replicas ready replicas, and when the due ones are expected
 * @param replicaWork what one ready replica holds
 * @param scaling whether a scale event is under way, so that an SLO broken now is counted against it
 * @since 0.1.0
 */
public record Supply(Replicas replicas, Work replicaWork, boolean scaling) {

    /** A supply that never changes: so many ready replicas of that size. */
    public static Supply fixed(int replicas, Work replicaWork) {
        return new Supply(Replicas.ready(replicas), replicaWork, false);
    }

    /** What all ready replicas hold together. */
    public Work limit() {
        return replicaWork.times(replicas.ready());
    }
}
