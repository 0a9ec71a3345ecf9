/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.exposition;

/**
 * A text that is no exposition.
 *
 * @since 0.1.0
 */
public final class ExpositionException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int line;

    ExpositionException(int line, String reason) {
        super("line " + line + ": " + reason);
        this.line = line;
    }

    /** The line that is wrong, counted from 1. */
    public int line() {
        return line;
    }
}
