/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

/** Why a backend did not do what it was asked for; a closed set, so that alerts, fallbacks and meters can tell them apart. */
public enum Refusal {
    /** There is none to be had of this kind now: out of stock, no room on any node. */
    CAPACITY,
    /** A quota of the account, project or namespace is used up. */
    QUOTA,
    /** Not allowed, or not known: credentials, roles. */
    DENIED,
    /** Somebody else owns or has just changed what was to be changed. */
    CONFLICT,
    /** Asked too often. */
    THROTTLED,
    /** The request itself is wrong, and so will be the next that is like it: no such deployment, a count out of range. */
    INVALID,
    /** It could not be reached or failed, and surely did nothing. */
    UNAVAILABLE,
    /** Nobody knows whether it was done: the answer is lost. */
    UNANSWERED
}
