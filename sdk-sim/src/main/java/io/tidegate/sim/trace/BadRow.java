/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.Objects;

/**
 * A row of a trace file that was skipped.
 *
 * @param line the line it starts on, from 1
 * @param reason what is wrong with it, on one line
 * @since 0.1.0
 */
public record BadRow(long line, String reason) {
    /** Checks that the reason is there. */
    public BadRow {
        Objects.requireNonNull(reason, "reason");
    }
}
