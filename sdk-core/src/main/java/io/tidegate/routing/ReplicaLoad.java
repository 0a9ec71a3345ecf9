/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.pool.Work;

/**
 * What is known of one replica at one instant.
 *
 * @param id the replica
 * @param state whether it may be sent requests, and if not, why
 * @param inFlight what we have sent to it and has not ended
 * @param load its share of its size that is taken: requests ÷ slots + tokens ÷ tokens it holds; by us alone
 * @param weight the part of its size that counts, less than 1 while it starts slowly
 * @param stale whether readings of its engine are missing or too old while others have some
 * @since 0.1.0
 */
public record ReplicaLoad(String id, State state, Work inFlight, double load, double weight, boolean stale) {

    /** Whether a replica may be sent requests. */
    public enum State {
        /** It is sent requests. */
        READY,
        /** It has said that it takes nothing for a while. */
        HELD,
        /** It failed several times in a row and is left alone for a while. */
        EJECTED,
        /** It is to go: it serves what it has and is sent nothing. */
        DRAINING
    }
}
