/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

/**
 * How those who ask behave.
 *
 * @param maxOutputTokens what they say as {@code max_tokens}; an answer may be longer in no case
 * @param retries how often a request that was refused is sent again
 * @param retryShare share of the clients that send again at all, 0..1
 * @param heeds whether they wait for {@code Retry-After}; those who do not come back after one second, two, four …
 * @param patience seconds after which a client whose request has no first token gives up; infinity for never
 * @since 0.1.0
 */
public record Clients(int maxOutputTokens, int retries, double retryShare, boolean heeds, double patience) {

    /** Ask once, wait as long as it takes, and want at most 4,096 tokens. */
    public static Clients patient() {
        return new Clients(4_096, 0, 0, true, Double.POSITIVE_INFINITY);
    }

    /** Three in four send again, up to five times and without heeding {@code Retry-After}; all give up after a minute. */
    public static Clients stormy() {
        return new Clients(4_096, 5, 0.75, false, 60);
    }
}
