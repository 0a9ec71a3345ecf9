/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

/**
 * What a backend is asked to do.
 *
 * @param pool the pool
 * @param from desired count that the decision was made on; a backend that can should refuse if it is another by now
 * @param to desired count from now on
 * @param decisionId the decision, the same for a repeated attempt
 * @param reason the decision in words, for annotations and events
 * @param key idempotency key: the same for a repeated attempt, and for no other request of this or another gateway or run
 * @param epoch the term in which it was decided, 0 or more; 0 where there is but one gateway. A backend that can should write it down and refuse
 *     to write over a higher one
 * @since 0.1.0
 */
public record ScaleRequest(String pool, int from, int to, long decisionId, String reason, String key, long epoch) {

    /** Of the only gateway. */
    public ScaleRequest(String pool, int from, int to, long decisionId, String reason, String key) {
        this(pool, from, to, decisionId, reason, key, 0);
    }

    /** With a key made of pool and decision, which is unique only in one run. */
    public ScaleRequest(String pool, int from, int to, long decisionId, String reason) {
        this(pool, from, to, decisionId, reason, pool + "-" + decisionId);
    }

    public ScaleRequest {
        if (from < 0 || to < 0) {
            throw new IllegalArgumentException("replica counts must be >= 0 but were " + from + " and " + to);
        }
        if (epoch < 0) {
            throw new IllegalArgumentException("epoch must be >= 0 but was " + epoch);
        }
    }
}
