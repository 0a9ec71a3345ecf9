/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

/**
 * What requests take from a pool: slots and tokens. Also the size of a pool or of one replica.
 *
 * @param slots requests in flight at once; 0 or more, at most {@link #MAX_SLOTS}
 * @param tokens model tokens held at once (prompt and expected output); 0 or more, at most {@link #MAX_TOKENS}. As a limit, 0 with
 *     slots means that slots alone are counted
 * @since 0.1.0
 */
public record Work(int slots, long tokens) {

    /** Most slots a pool can count: 2<sup>20</sup> − 1. */
    public static final int MAX_SLOTS = (1 << 20) - 1;

    /** Most tokens a pool can count: about 10<sup>12</sup>. */
    public static final long MAX_TOKENS = ((1L << 36) - 1) * 16;

    /** No work. */
    public static final Work NONE = new Work(0, 0);

    public Work {
        if (slots < 0 || slots > MAX_SLOTS) {
            throw new IllegalArgumentException("slots must be 0.." + MAX_SLOTS + " but was " + slots);
        }
        if (tokens < 0 || tokens > MAX_TOKENS) {
            throw new IllegalArgumentException("tokens must be 0.." + MAX_TOKENS + " but was " + tokens);
        }
    }

    /** So many slots, and as many tokens as can be counted: a limit on concurrency alone. */
    public static Work slots(int slots) {
        return new Work(slots, MAX_TOKENS);
    }

    /** This work so many times, saturating at what can be counted; zero or fewer times is {@link #NONE}. */
    public Work times(int factor) {
        if (factor <= 0) {
            return NONE;
        }
        long manySlots = (long) slots * factor;
        long manyTokens = tokens > MAX_TOKENS / factor ? MAX_TOKENS : tokens * factor;
        return new Work((int) Math.min(manySlots, MAX_SLOTS), manyTokens);
    }
}
