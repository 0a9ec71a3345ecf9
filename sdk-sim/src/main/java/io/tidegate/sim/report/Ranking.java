/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.Comparison.Row;
import io.tidegate.sim.score.Interval;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.TierScore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * The order of the rows of a comparison: highest attainment first, of those equal in hundredths of a percent the one with fewer
 * replica-hours, then by name. The bound comes last, as it takes no part.
 */
final class Ranking {

    /** Scaler of the row that nobody can build. */
    static final String BOUND = "bound";

    private final Comparison comparison;
    private final List<Row> rows;

    Ranking(Comparison comparison) {
        this.comparison = comparison;
        List<Row> sorted = new ArrayList<>(comparison.rows());
        sorted.sort(Comparator.comparing(Ranking::isBound)
                .thenComparing(row -> hundredths(row), Comparator.reverseOrder())
                .thenComparing(row -> row.of(RunScore::replicaHours).mean())
                .thenComparing(Row::scaler)
                .thenComparing(Row::admission));
        this.rows = List.copyOf(sorted);
    }

    /** All rows, best first, the bound last. */
    List<Row> rows() {
        return rows;
    }

    static boolean isBound(Row row) {
        return row.scaler().equals(BOUND);
    }

    /** Attainment in hundredths of a percent, rounded down: only a row without a single broken request has all. */
    private static long hundredths(Row row) {
        return (long) Math.floor(attainment(row).mean() * 10_000 + 1e-6);
    }

    static Interval attainment(Row row) {
        return row.of(run -> run.all().attainment());
    }

    /** Attainment of a tier; NaN in runs that do not have it. */
    static Interval attainment(Row row, String tier) {
        return row.of(run -> tier(run, tier).map(TierScore::attainment).orElse(Double.NaN));
    }

    private static Optional<TierScore> tier(RunScore run, String name) {
        return run.tiers().stream().filter(tier -> tier.tier().equals(name)).findFirst();
    }

    /** Names of all tiers, in the order of the first run that has each. */
    List<String> tiers() {
        return comparison.rows().stream()
                .flatMap(row -> row.runs().stream())
                .flatMap(run -> run.tiers().stream())
                .map(TierScore::tier)
                .distinct()
                .toList();
    }

    /** Mean over the runs that have a value; NaN if none has. */
    static double meanOfKnown(Row row, ToDoubleFunction<RunScore> figure) {
        return row.runs().stream()
                .mapToDouble(figure)
                .filter(value -> !Double.isNaN(value))
                .average()
                .orElse(Double.NaN);
    }

    /** Replica-hours as a multiple of the bound's, of the same admission where there is one; empty without a bound. */
    OptionalDouble toBound(Row row) {
        Optional<Row> bound = rows.stream()
                .filter(Ranking::isBound)
                .min(Comparator.comparing(each -> !each.admission().equals(row.admission())));
        if (bound.isEmpty()) {
            return OptionalDouble.empty();
        }
        double least = bound.get().of(RunScore::replicaHours).mean();
        return least > 0 ? OptionalDouble.of(row.of(RunScore::replicaHours).mean() / least) : OptionalDouble.empty();
    }

    /** Which row is first, and whether its lead is more than chance. Empty if there is none but the bound. */
    String verdict() {
        List<Row> real = rows.stream().filter(row -> !isBound(row)).toList();
        if (real.isEmpty()) {
            return "";
        }
        Row first = real.get(0);
        String said = String.format(
                Locale.ROOT,
                "%s: %s %% of requests attained with %.1f replica-hours",
                name(first),
                percent(attainment(first).mean()),
                first.of(RunScore::replicaHours).mean());
        return real.size() == 1 ? said : said + "; " + lead(first, real.get(1));
    }

    /** Seed by seed, since both had the same arrivals. */
    private static String lead(Row first, Row second) {
        boolean paired = first.runs().stream()
                .map(RunScore::seed)
                .toList()
                .equals(second.runs().stream().map(RunScore::seed).toList());
        if (!paired || first.runs().size() < 2) {
            return "next " + name(second) + ", on too few common seeds to tell a lead from chance";
        }
        Interval lead = differences(first, second, run -> run.all().attainment());
        String points = String.format(
                Locale.ROOT, "%.2f ±%.2f points, seed by seed", lead.mean() * 100, lead.halfWidth() * 100);
        if (lead.lower() > 0) {
            return "ahead of " + name(second) + " by " + points;
        }
        Interval hours = differences(second, first, RunScore::replicaHours);
        return String.format(
                Locale.ROOT,
                "not told apart from %s by attainment (%s), with %.1f ±%.1f replica-hours %s",
                name(second),
                points,
                Math.abs(hours.mean()),
                hours.halfWidth(),
                hours.mean() < 0 ? "more" : "less");
    }

    private static Interval differences(Row first, Row second, ToDoubleFunction<RunScore> figure) {
        double[] differences = new double[first.runs().size()];
        for (int i = 0; i < differences.length; i++) {
            differences[i] = figure.applyAsDouble(first.runs().get(i))
                    - figure.applyAsDouble(second.runs().get(i));
        }
        return Interval.of(differences);
    }

    static String name(Row row) {
        return row.scaler() + " · " + row.admission();
    }

    /** With two digits, rounded down like the order. */
    static String percent(double share) {
        if (Double.isNaN(share)) {
            return "–";
        }
        return String.format(Locale.ROOT, "%.2f", Math.floor(share * 10_000 + 1e-6) / 100);
    }
}
