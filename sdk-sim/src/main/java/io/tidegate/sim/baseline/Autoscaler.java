/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

/**
 * Who decides how many replicas a pool has, other than Tidegate: a published control law with its own cadence and delays.
 *
 * <p>One instance serves one episode: it keeps what its original keeps between two looks. Not safe for use by several threads.
 *
 * @since 0.1.0
 */
public interface Autoscaler {

    /** What it is called in tables and on the command line: lower case, words joined by hyphens. */
    String name();

    /** Seconds between two looks; positive. The first comes after one period. */
    double period();

    /** Seconds between two scrapes of what it reads; positive. It never sees anything newer than the last one. */
    double scrapePeriod();

    /**
     * Looks and decides.
     *
     * @param seen what can be seen now
     * @return the count it writes to {@code spec.replicas}, within {@link Observation#min()} and {@link Observation#max()};
     *     {@link Observation#specified()} to leave it
     */
    int look(Observation seen);
}
