/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.plugin;

/**
 * How a plugin does. Immutable.
 *
 * @param name what a configuration or a person calls it
 * @param kind what it is
 * @param state whether it is asked
 * @param succeeded calls that were answered in time
 * @param failures calls that threw, or whose answer was not sound
 * @param timeouts calls that had not returned at their deadline
 * @param refused calls that were not made: busy, broken, off, or no thread was free
 * @param abandoned calls that have been interrupted and not returned; each holds a thread
 * @param lastFailure why the last call failed, in words and at most 300 characters; empty if none did
 * @since 0.1.0
 */
public record PluginStatus(
        String name,
        Kind kind,
        State state,
        long succeeded,
        long failures,
        long timeouts,
        long refused,
        int abandoned,
        String lastFailure) {

    /** What a plugin is; a closed set, so that it can be a tag of meters. */
    public enum Kind {
        POLICY,
        SOURCE,
        BACKEND,
        ALERT_LISTENER,
        OTHER
    }

    /** Whether a plugin is asked. */
    public enum State {
        /** It is. */
        CLOSED,
        /** It is not, since several calls in a row failed; later it is tried again. */
        OPEN,
        /** One call tries whether it works again. */
        HALF_OPEN,
        /** It is not, since each of its places is held by a call that ignores its interrupt. */
        OFF
    }

    /** Calls made and ended. */
    public long calls() {
        return succeeded + failures + timeouts;
    }
}
