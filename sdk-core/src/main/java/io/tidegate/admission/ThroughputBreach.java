/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

/**
 * Why a promise of tokens per second was not kept over 10 s in which those it is promised to waited throughout.
 *
 * @since 0.1.0
 */
public enum ThroughputBreach {
    /** For some of the time there was no replica, or a limit of nothing. */
    NO_CAPACITY,
    /** All that the pool granted to anybody was less than what is promised: more replicas are needed, or smaller promises. */
    POOL_TOO_SLOW,
    /** The pool granted enough, but room for the next request came too late: others, or its own, hold theirs long. */
    ROOM_TOO_LATE
}
