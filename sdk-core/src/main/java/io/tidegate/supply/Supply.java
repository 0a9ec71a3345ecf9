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
 * @param limit how much may be in flight now; by default what all ready replicas hold together
 * @since 0.1.0
 */
public record Supply(Replicas replicas, Work replicaWork, boolean scaling, Work limit) {

    /** With a limit of what all ready replicas hold together. */
    public Supply(Replicas replicas, Work replicaWork, boolean scaling) {
        this(replicas, replicaWork, scaling, replicaWork.times(replicas.ready()));
    }

    /** A supply that never changes: so many ready replicas of that size. */
    public static Supply fixed(int replicas, Work replicaWork) {
        return new Supply(Replicas.ready(replicas), replicaWork, false);
    }

    /** The same replicas with another limit. */
    public Supply withLimit(Work limit) {
        return new Supply(replicas, replicaWork, scaling, limit);
    }
}
