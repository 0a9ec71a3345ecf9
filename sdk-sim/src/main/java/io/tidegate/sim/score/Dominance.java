/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.score;

import io.tidegate.sim.score.Comparison.Row;

/**
 * Whether one scaler beats another beyond chance: on the same seeds, so that what a seed brings counts for both.
 *
 * @since 0.1.0
 */
public final class Dominance {

    /** More of the requests attain by so much: 0.3 points. */
    public static final double ATTAINMENT = 0.003;

    /** And the replica-hours are lower by so much: 1 %. */
    public static final double REPLICA_HOURS = 0.01;

    /** In so many of the seeds: 8 of 10. */
    public static final double SEEDS = 0.8;

    private Dominance() {}

    /**
     * Whether a row is better than another by both measures in most seeds.
     *
     * @throws IllegalArgumentException if they were not run on the same seeds in the same order
     */
    public static boolean dominates(Row row, Row other) {
        if (row.runs().size() != other.runs().size()) {
            throw new IllegalArgumentException("rows must have the same seeds but have "
                    + row.runs().size() + " and " + other.runs().size() + " runs");
        }
        int better = 0;
        for (int i = 0; i < row.runs().size(); i++) {
            RunScore one = row.runs().get(i);
            RunScore two = other.runs().get(i);
            if (one.seed() != two.seed()) {
                throw new IllegalArgumentException(
                        "rows must have the same seeds but run " + i + " has " + one.seed() + " and " + two.seed());
            }
            if (one.all().attainment() > two.all().attainment() + ATTAINMENT
                    && one.replicaHours() < two.replicaHours() * (1 - REPLICA_HOURS)) {
                better++;
            }
        }
        return better >= SEEDS * row.runs().size();
    }
}
