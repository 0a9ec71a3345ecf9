/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.plugin;

/**
 * A plugin was not called. Says nothing of the plugin itself but what was known before.
 *
 * @since 0.1.0
 */
public final class PluginRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why it was not called. */
    public enum Reason {
        /** As many calls as may be are under way. */
        BUSY,
        /** Several calls in a row failed, and it is left alone for a while. */
        OPEN,
        /** Each of its places is held by a call that ignores its interrupt. */
        OFF,
        /** No thread was free until the deadline, or could be made. */
        NO_THREAD,
        /** The bulkhead is closed. */
        ENDED
    }

    private final Reason reason;

    PluginRefusedException(Reason reason, String message) {
        // Refusals are daily business while a plugin is broken; their stack says nothing.
        super(message, null, false, false);
        this.reason = reason;
    }

    /** Why it was not called. */
    public Reason reason() {
        return reason;
    }
}
