/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/**
 * One request of a trace: when it was sent and how long its prompt and its answer were.
 *
 * @param offsetNanos time since the start of the trace, in nanoseconds of trace time; never negative
 * @param promptTokens tokens of the prompt; never negative
 * @param outputTokens tokens of the answer; never negative
 * @param tier the QoS tier, or empty if the trace names none and none was assigned
 * @param tenant who asked, or empty if the trace names nobody and nobody was assigned
 * @since 0.1.0
 */
public record TraceEvent(long offsetNanos, int promptTokens, int outputTokens, String tier, String tenant) {
    /** Longest tier or tenant name, in characters. */
    public static final int MAX_NAME_LENGTH = 64;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if a number is negative, or a name is longer than {@value #MAX_NAME_LENGTH} or
     *     has a character that could not stand in an HTTP header (anything but visible ASCII)
     */
    public TraceEvent {
        if (offsetNanos < 0) {
            throw new IllegalArgumentException("offsetNanos must be >= 0 but was " + offsetNanos);
        }
        if (promptTokens < 0) {
            throw new IllegalArgumentException("promptTokens must be >= 0 but was " + promptTokens);
        }
        if (outputTokens < 0) {
            throw new IllegalArgumentException("outputTokens must be >= 0 but was " + outputTokens);
        }
        if (!isName(tier)) {
            throw new IllegalArgumentException(
                    "tier must be visible ASCII, at most " + MAX_NAME_LENGTH + " characters");
        }
        if (!isName(tenant)) {
            throw new IllegalArgumentException(
                    "tenant must be visible ASCII, at most " + MAX_NAME_LENGTH + " characters");
        }
    }

    /** Returns whether the text may be a tier or a tenant: visible ASCII, not too long; empty is fine. */
    static boolean isName(String text) {
        if (text.length() > MAX_NAME_LENGTH) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }
}
