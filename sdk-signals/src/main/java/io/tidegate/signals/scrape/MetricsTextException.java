/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape;

/**
 * A metrics page that is not what it should be.
 *
 * @since 0.1.0
 */
public final class MetricsTextException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int line;

    MetricsTextException(int line, String reason) {
        super(line == 0 ? reason : "line " + line + ": " + reason);
        this.line = line;
    }

    /** The line that is wrong, counted from 1; 0 if the page as a whole is. */
    public int line() {
        return line;
    }
}
