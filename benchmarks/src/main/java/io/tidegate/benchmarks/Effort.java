/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.time.Duration;

/**
 * How long is measured.
 *
 * @param forks JVMs for each row, one after the other with all other rows between, so that a machine which is slow for a while
 *     is slow for all
 * @param warmups iterations in each that are not counted
 * @param measurements iterations in each that are
 * @param iteration length of one
 */
record Effort(int forks, int warmups, int measurements, Duration iteration) {

    static final Effort FULL = new Effort(5, 3, 4, Duration.ofMillis(500));

    /** To see that all runs. */
    static final Effort QUICK = new Effort(1, 3, 5, Duration.ofMillis(250));

    private static final Duration START = Duration.ofMillis(700);
    private static final Duration MEMORY = Duration.ofSeconds(3);

    /** How long one fork of a row should take. */
    Duration expected(Row row) {
        return row.group() == Row.Group.MEMORY
                ? MEMORY
                : iteration.multipliedBy(warmups + measurements).plus(START);
    }
}
