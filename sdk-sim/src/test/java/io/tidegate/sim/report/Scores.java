/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.RunScore.Moment;
import io.tidegate.sim.score.TierScore;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** Scores made by hand. */
final class Scores {

    private Scores() {}

    static TierScore tier(String name, long offered, long attained) {
        long broken = offered - attained;
        return new TierScore(
                name, offered, attained, broken / 2, broken - broken / 2, 0, 0, 0, 0.25, 1.5, 3.123456, 0.031, 0.055);
    }

    /** Of 1000 requests: 400 premium, which all attain, and 600 standard. */
    static RunScore run(String scaler, String admission, long seed, long attained, double hours) {
        return run(scaler, admission, seed, attained, hours, course(hours));
    }

    static RunScore run(String scaler, String admission, long seed, long attained, double hours, List<Moment> course) {
        return new RunScore(
                "day",
                scaler,
                admission,
                seed,
                tier("all", 1000, attained),
                List.of(tier("premium", 400, 400), tier("standard", 600, attained - 400)),
                7200,
                hours,
                hours / 2,
                (int) Math.ceil(hours / 2) + 2,
                8,
                12,
                10,
                3,
                OptionalDouble.of(hours * 10),
                5,
                1,
                course);
    }

    private static List<Moment> course(double hours) {
        int count = (int) Math.ceil(hours / 2);
        return List.of(
                new Moment(0, 0, count, 0, count, 0, 0, Double.NaN, Double.NaN, Double.NaN),
                new Moment(60, 2.123456789, count, count, count, 3, 20, 0.2, 1.75, 0.99999949));
    }

    /** Three rows and the bound, two seeds, in another order than that of their merit. */
    static Comparison comparison() {
        List<RunScore> runs = new ArrayList<>();
        for (long seed : new long[] {1, 2}) {
            runs.add(run("bound", "gate", seed, 1000, 20));
            runs.add(run("keda-queue", "fifo", seed, 950 + 10 * seed, 28.0 + (double) seed));
            runs.add(run("hpa-cpu", "gate", seed, 990, 40));
            runs.add(run("tidegate", "gate", seed, 990, 22 + 2.0 * (double) seed));
        }
        return Comparison.of("day", "a day of 1,000 requests", runs);
    }
}
