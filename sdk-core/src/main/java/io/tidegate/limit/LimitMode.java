/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

/**
 * Where the limit of a pool comes from. None of them looks at how long requests take: an answer of 2,000 tokens takes longer
 * than one of 200, and a limit led by that would take it for overload.
 *
 * @since 0.1.0
 */
public enum LimitMode {

    /** What a replica is said to hold, for each that is ready. Needs no readings. */
    FIXED,

    /** As {@link #FIXED}, but the tokens of a replica are a share of the KV cache that its engine reports. */
    TOKENS,

    /**
     * As {@link #FIXED}, times a factor for each replica that follows its engine: requests that wait in it, use of the KV cache,
     * preemptions and, if wanted, time to first token. Needs readings, each second or so.
     */
    ENGINE
}
