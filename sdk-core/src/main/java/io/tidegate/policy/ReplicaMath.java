/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

/**
 * Arithmetic on replica counts that neither overflows nor lets a broken number through.
 *
 * @since 0.1.0
 */
public final class ReplicaMath {

    /** More replicas than any pool has: what an overflowing demand saturates at. */
    public static final int MANY = 1_000_000;

    private ReplicaMath() {}

    /**
     * The smallest whole number of replicas that is at least this demand; at most {@link #MANY}.
     *
     * <p>A demand a hair above a whole number (1e-9) counts as that number, so that rounding errors buy no replica.
     *
     * @throws IllegalArgumentException if the demand is NaN or negative: then there is no demand to round, and the caller
     *     has to abstain
     */
    public static int ceil(double demand) {
        if (Double.isNaN(demand) || demand < 0) {
            throw new IllegalArgumentException("demand must be a number >= 0 but was " + demand);
        }
        return (int) Math.min(Math.ceil(demand - 1e-9), MANY);
    }
}
