/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.tune;

import io.tidegate.config.TidegateConfig;
import io.tidegate.sim.score.Interval;
import io.tidegate.sim.score.RunScore;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a search found.
 *
 * @param scenario its name
 * @param target attainment that was asked for, 0..1
 * @param trainShare part of the trace that was searched on, from its beginning
 * @param runs made, those on the rest of the trace included
 * @param tried different configurations
 * @param changes what the best configuration of the search changes, path below the pool to {@code from → to}; empty if nothing
 * @param trainDefaults the configuration as it was, on the part that was searched on
 * @param trainBest the best one, on the same
 * @param restDefaults the configuration as it was, on the rest of the trace
 * @param restBest the best one, on the same
 * @param better whether the best one is better on the rest as well; if not, {@code config} is as it was
 * @param config to use
 * @since 0.1.0
 */
public record Tuned(
        String scenario,
        double target,
        double trainShare,
        int runs,
        int tried,
        Map<String, String> changes,
        Measured trainDefaults,
        Measured trainBest,
        Measured restDefaults,
        Measured restBest,
        boolean better,
        TidegateConfig config) {

    /**
     * Figures over the seeds.
     *
     * @param attainment share of all requests
     * @param replicaHours of a run
     */
    public record Measured(Interval attainment, Interval replicaHours) {

        static Measured of(List<RunScore> runs) {
            return new Measured(
                    Interval.of(runs.stream()
                            .mapToDouble(run -> run.all().attainment())
                            .toArray()),
                    Interval.of(
                            runs.stream().mapToDouble(RunScore::replicaHours).toArray()));
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%.2f %%%s attained, %.2f%s replica-hours",
                    Math.floor(attainment.mean() * 10_000 + 1e-6) / 100,
                    half(attainment.halfWidth() * 100),
                    replicaHours.mean(),
                    half(replicaHours.halfWidth()));
        }

        private static String half(double width) {
            return Double.isNaN(width) ? "" : String.format(Locale.ROOT, " ±%.2f", width);
        }
    }

    /** The report, lines separated by {@code \n}, the last one too. */
    public String text() {
        int percent = (int) Math.round(trainShare * 100);
        String found = changes.isEmpty()
                ? "  nothing: no other settings were better"
                : changes.entrySet().stream()
                        .map(change -> "  " + change.getKey() + ": " + change.getValue())
                        .collect(Collectors.joining("\n"));
        return String.format(
                Locale.ROOT,
                """
                Tuned %s: %d runs, %d configurations, target %.4g %% attained with the fewest replica-hours.

                Searched on the first %d %% of the trace:
                  as it was:  %s
                  best found: %s
                Measured on the other %d %%, which the search never saw:
                  as it was:  %s
                  best found: %s
                What the best one changes:
                %s

                %s
                """,
                scenario,
                runs,
                tried,
                target * 100,
                percent,
                trainDefaults,
                trainBest,
                100 - percent,
                restDefaults,
                restBest,
                found,
                verdict());
    }

    private String verdict() {
        if (changes.isEmpty()) {
            return "The settings as they were are best.";
        }
        return better
                ? "The best one is better on the rest as well, so it is what to use."
                : "On the rest of the trace the best one is not better, so the settings stay as they were.";
    }

    /** The configuration as a file that {@link io.tidegate.config.ConfigReader} reads, beginning with what was measured. */
    public String yaml() {
        String comment = text().strip()
                .lines()
                .map(line -> ("# " + line).stripTrailing())
                .collect(Collectors.joining("\n"));
        return comment + "\n#\n# Of a simulation: measure your own pool before you rely on it.\n"
                + ConfigTree.yaml(config);
    }
}
