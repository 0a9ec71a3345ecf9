/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Instant;

/**
 * One row of an event file.
 *
 * @param line the line it starts on
 * @param time when the request was sent; only differences matter
 * @param tier empty if the row names none
 * @param tenant empty if the row names none
 */
record EventRow(long line, Instant time, int promptTokens, int outputTokens, String tier, String tenant) {
    EventRow(long line, Instant time, int promptTokens, int outputTokens) {
        this(line, time, promptTokens, outputTokens, "", "");
    }
}
