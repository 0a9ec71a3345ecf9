/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

/**
 * What one policy wants.
 *
 * @since 0.1.0
 */
public sealed interface Proposal {

    /** Name of the policy. */
    String policy();

    /** Why, in one or two sentences for a person who asks "why this many and not one less". */
    String why();

    /**
     * A number of replicas.
     *
     * @param replicas 0 or more; bounds are applied later
     * @param demand the same before rounding, so that it can be said how busy one less would be; 0 or more
     * @param cause what drives it
     */
    record Wants(String policy, int replicas, double demand, Cause cause, String why) implements Proposal {
        public Wants {
            if (replicas < 0) {
                throw new IllegalArgumentException("replicas must be >= 0 but was " + replicas + " from " + policy);
            }
            if (!(demand >= 0)) {
                throw new IllegalArgumentException("demand must be >= 0 but was " + demand + " from " + policy);
            }
        }

        /** With a demand of exactly that many. */
        public Wants(String policy, int replicas, Cause cause, String why) {
            this(policy, replicas, Math.max(0, replicas), cause, why);
        }
    }

    /** No opinion, for want of data. Never a reason to scale down. */
    record Abstains(String policy, String why) implements Proposal {}

    /** What drives a proposal; a closed set, so that it can be a tag of meters. */
    enum Cause {
        /** Requests arrive at a rate that needs this many. */
        ARRIVALS,
        /** Requests wait that would otherwise not be served in time. */
        BACKLOG,
        /** A tier's promise would be broken with fewer. */
        SLO,
        /** A burst far above what is usual. */
        BURST,
        /** Another signal is away from its target. */
        SIGNAL,
        /** A forecast expects it. */
        FORECAST,
        /** A schedule or calendar says so. */
        SCHEDULE,
        /** A person says so. */
        OVERRIDE,
        /** No policy has an opinion; what there is stays. */
        NO_DATA
    }
}
