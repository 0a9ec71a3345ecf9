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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A comparison as a table for a terminal.
 *
 * <p>Rows come highest attainment first, of those equal in hundredths of a percent the one with fewer replica-hours first, the bound
 * last. Where the width does not suffice, the gaps become narrow, and then columns are left out, which the footer names.
 *
 * @since 0.1.0
 */
public final class TextTable {

    /** Columns of text below which a table is not made narrower. */
    public static final int LEAST_WIDTH = 100;

    /** Columns of text above which a table does not become wider. */
    public static final int MOST_WIDTH = 160;

    private static final String BOLD = "\u001b[1m";
    private static final String DIM = "\u001b[2m";
    private static final String PLAIN = "\u001b[0m";

    private TextTable() {}

    /**
     * One column.
     *
     * @param name above it
     * @param rank 0 for those that are never left out; of the others the highest goes first
     * @param cell its text
     */
    private record Column(String name, boolean left, int rank, Function<Row, String> cell) {}

    /**
     * The table with its footer, lines separated by {@code \n}, the last one too.
     *
     * @param width of the terminal in characters, taken as 100 to 160
     * @param colour whether escape sequences are understood: the first row is bold, the bound is dim
     */
    public static String of(Comparison comparison, int width, boolean colour) {
        int room = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, width));
        Ranking ranking = new Ranking(comparison);
        List<Column> columns = columns(ranking);
        List<String> leftOut = new ArrayList<>();
        int gap = 2;
        while (total(columns, ranking, gap) > room) {
            if (gap > 1) {
                gap = 1;
                continue;
            }
            Column last = columns.stream()
                    .filter(column -> column.rank() > 0)
                    .max(Comparator.comparingInt(Column::rank))
                    .orElse(null);
            if (last == null) {
                break;
            }
            columns.remove(last);
            leftOut.add(last.name());
            gap = 2;
        }
        StringBuilder text = new StringBuilder();
        table(text, columns, ranking, gap, colour);
        footer(text, comparison, ranking, leftOut, room);
        return text.toString();
    }

    private static List<Column> columns(Ranking ranking) {
        List<Column> columns = new ArrayList<>();
        columns.add(new Column("scaler", true, 0, row -> row.scaler() + (Ranking.isBound(row) ? "*" : "")));
        columns.add(new Column("admission", true, 0, Row::admission));
        columns.add(new Column("attained %", false, 0, row -> percent(Ranking.attainment(row))));
        int tiers = 0;
        for (String tier : ranking.tiers()) {
            // Of many tiers the lowest ones go first.
            columns.add(new Column(
                    tier,
                    false,
                    tiers < 4 ? 0 : 10 + tiers,
                    row -> Ranking.percent(Ranking.attainment(row, tier).mean())));
            tiers++;
        }
        columns.add(new Column("replica-hours", false, 0, row -> interval(row.of(RunScore::replicaHours), 1)));
        columns.add(new Column("÷ bound", false, 1, row -> times(ranking.toBound(row))));
        columns.add(new Column(
                "mean", false, 9, row -> number(row.of(RunScore::meanReplicas).mean())));
        columns.add(new Column("peak", false, 3, TextTable::peak));
        columns.add(new Column("ups/downs/rev", false, 4, TextTable::changes));
        columns.add(new Column(
                "TTFT p50",
                false,
                8,
                row -> seconds(Ranking.meanOfKnown(row, run -> run.all().ttftP50()))));
        columns.add(new Column(
                "TTFT p99",
                false,
                2,
                row -> seconds(Ranking.meanOfKnown(row, run -> run.all().ttftP99()))));
        return columns;
    }

    private static int width(Column column, Ranking ranking) {
        return ranking.rows().stream()
                .mapToInt(row -> column.cell().apply(row).length())
                .reduce(column.name().length(), Math::max);
    }

    private static int total(List<Column> columns, Ranking ranking, int gap) {
        return columns.stream().mapToInt(column -> width(column, ranking)).sum() + gap * (columns.size() - 1);
    }

    private static void table(StringBuilder text, List<Column> columns, Ranking ranking, int gap, boolean colour) {
        line(text, columns, ranking, gap, Column::name);
        text.append("─".repeat(total(columns, ranking, gap))).append('\n');
        boolean first = true;
        for (Row row : ranking.rows()) {
            boolean bound = Ranking.isBound(row);
            String style = bound ? DIM : first ? BOLD : "";
            boolean styled = colour && !style.isEmpty();
            text.append(styled ? style : "");
            line(text, columns, ranking, gap, column -> column.cell().apply(row));
            if (styled) {
                text.insert(text.length() - 1, PLAIN);
            }
            first = false;
        }
    }

    private static void line(
            StringBuilder text, List<Column> columns, Ranking ranking, int gap, Function<Column, String> cell) {
        StringBuilder line = new StringBuilder();
        for (Column column : columns) {
            String value = cell.apply(column);
            String pad = " ".repeat(width(column, ranking) - value.length());
            line.append(line.isEmpty() ? "" : " ".repeat(gap)).append(column.left() ? value + pad : pad + value);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    private static void footer(
            StringBuilder text, Comparison comparison, Ranking ranking, List<String> leftOut, int room) {
        text.append('\n');
        String about = comparison.about().isEmpty() ? "" : ": " + comparison.about();
        wrap(text, "Scenario " + comparison.scenario() + about + ". " + seeds(comparison), room);
        wrap(
                text,
                "Rules: open loop; a request attains by keeping all its objectives; late, shed, expired, left and lost are broken, whoever"
                        + " refused; replica-hours count from asked for to gone, drain included.",
                room);
        boolean bound = ranking.rows().stream().anyMatch(Ranking::isBound);
        wrap(
                text,
                bound
                        ? "* not implementable: the bound knows all arrivals beforehand. It takes no part in the order."
                        : "The bound was not computed, so there is no distance to it.",
                room);
        if (!leftOut.isEmpty()) {
            wrap(text, "Left out for want of width: " + String.join(", ", leftOut) + ".", room);
        }
        String verdict = ranking.verdict();
        if (!verdict.isEmpty()) {
            wrap(text, "First is " + verdict + ".", room);
        }
    }

    private static String seeds(Comparison comparison) {
        long[] seeds = comparison.rows().stream()
                .flatMap(row -> row.runs().stream())
                .mapToLong(RunScore::seed)
                .distinct()
                .toArray();
        if (seeds.length == 0) {
            return "No runs.";
        }
        if (seeds.length == 1) {
            return "One seed, " + seeds[0] + ", so no intervals.";
        }
        return seeds.length + " seeds, " + listed(seeds) + "; ± is the half-width of the 95 % interval of the mean.";
    }

    private static String listed(long[] seeds) {
        boolean inRow = LongStream.range(1, seeds.length).allMatch(i -> seeds[(int) i] == seeds[(int) i - 1] + 1);
        return inRow && seeds.length > 2
                ? seeds[0] + " to " + seeds[seeds.length - 1]
                : Arrays.stream(seeds).mapToObj(Long::toString).collect(Collectors.joining(", "));
    }

    private static void wrap(StringBuilder text, String words, int room) {
        int column = 0;
        for (String word : words.split(" ", -1)) {
            if (column > 0 && column + 1 + word.length() > room) {
                text.append('\n');
                column = 0;
            }
            text.append(column > 0 ? " " : "").append(word);
            column += (column > 0 ? 1 : 0) + word.length();
        }
        text.append('\n');
    }

    private static String percent(Interval share) {
        String mean = Ranking.percent(share.mean());
        return Double.isNaN(share.halfWidth())
                ? mean
                : mean + String.format(Locale.ROOT, " ±%.2f", share.halfWidth() * 100);
    }

    private static String interval(Interval value, int digits) {
        String format = "%." + digits + "f";
        String mean = String.format(Locale.ROOT, format, value.mean());
        return Double.isNaN(value.halfWidth())
                ? mean
                : mean + String.format(Locale.ROOT, " ±" + format, value.halfWidth());
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static String times(OptionalDouble value) {
        return value.isEmpty() ? "–" : String.format(Locale.ROOT, "%.2f×", value.getAsDouble());
    }

    private static String peak(Row row) {
        double peak = row.of(RunScore::peakReplicas).mean();
        double needed = row.of(RunScore::neededPeak).mean();
        return count(peak) + (needed > 0 ? String.format(Locale.ROOT, " (%.1f×)", peak / needed) : "");
    }

    private static String changes(Row row) {
        return count(row.of(RunScore::ups).mean()) + "/"
                + count(row.of(RunScore::downs).mean()) + "/"
                + count(row.of(RunScore::reversals).mean());
    }

    /** A mean of counts: whole where it is, or large. */
    private static String count(double value) {
        boolean whole = Math.abs(value - Math.rint(value)) < 1e-9 || value >= 100;
        return String.format(Locale.ROOT, whole ? "%.0f" : "%.1f", value);
    }

    /** With about three digits that say something. */
    static String seconds(double value) {
        if (Double.isNaN(value)) {
            return "–";
        }
        if (value < 0.9995) {
            return String.format(Locale.ROOT, "%.0f ms", value * 1000);
        }
        return String.format(Locale.ROOT, value < 9.995 ? "%.2f s" : value < 99.95 ? "%.1f s" : "%.0f s", value);
    }
}
