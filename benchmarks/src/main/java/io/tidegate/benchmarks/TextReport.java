/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.benchmarks.Aim.Verdict;
import io.tidegate.benchmarks.Row.Group;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** The report as tables: one for each question and number of threads, then the aims, then where it was measured. */
final class TextReport {

    private static final String SMOKE =
            "A smoke run: one short fork of each row shows that all runs. Its figures are no measurement.";

    private final PrintWriter out;
    private final Results results;

    private TextReport(PrintWriter out, Results results) {
        this.out = out;
        this.results = results;
    }

    static void print(Run run, Results results, PrintWriter out) {
        TextReport report = new TextReport(out, results);
        Map<String, List<Figures>> tables = new LinkedHashMap<>();
        for (Figures figures : results.all()) {
            tables.computeIfAbsent(title(figures.row()), ignored -> new ArrayList<>())
                    .add(figures);
        }
        tables.forEach(report::table);
        report.aims();
        report.where(run);
        if (run.quick()) {
            out.println();
            out.println(SMOKE);
        }
        out.flush();
    }

    private static String title(Row row) {
        if (row.group() == Group.MEMORY) {
            return row.group().title;
        }
        return row.group().title + ", " + row.threads() + (row.threads() == 1 ? " thread" : " threads");
    }

    private void table(String title, List<Figures> rows) {
        Group group = rows.get(0).row().group();
        Table table = new Table();
        if (group == Group.MEMORY) {
            table.add(title, "MB", "B/waiter", "x " + group.peer);
        } else {
            table.add(title, "CPU ns/op", "(min..max)", "wall ns/op", "B/op", "x " + group.peer);
        }
        for (Figures figures : rows) {
            if (figures.failure().isPresent()) {
                table.add("  " + figures.row().label(), "failed");
            } else if (group == Group.MEMORY) {
                table.add(
                        "  " + figures.row().label(),
                        number(megabytes(figures.bytes())),
                        number(figures.bytes()),
                        times(figures));
            } else {
                table.add(
                        "  " + figures.row().label(),
                        number(figures.cpuNanos()),
                        range(figures.sorted(Figures.Iteration::cpuNanos)),
                        number(figures.wallNanos()),
                        number(figures.bytes()),
                        times(figures));
            }
        }
        table.print(out);
        out.println();
    }

    private static OptionalDouble megabytes(OptionalDouble perWaiter) {
        return perWaiter.isPresent()
                ? OptionalDouble.of(perWaiter.getAsDouble() * WaiterMemory.WAITERS / 1e6)
                : perWaiter;
    }

    private String times(Figures figures) {
        OptionalDouble times = results.ofPeer(figures);
        return times.isPresent() ? String.format(Locale.ROOT, "%.2f", times.getAsDouble()) : "";
    }

    private void aims() {
        Table table = new Table();
        table.add("aims, 1 thread", "measured", "at most", "");
        for (Aim aim : results.aims()) {
            table.add(
                    "  " + aim.what(),
                    aim.measured().isPresent() ? exact(aim.measured().getAsDouble()) : "not measured",
                    exact(aim.most()) + " " + aim.unit(),
                    aim.verdict() == Verdict.NONE ? "" : aim.verdict().name());
        }
        table.print(out);
        long missed = results.aims().stream()
                .filter(aim -> aim.verdict() == Verdict.MISS)
                .count();
        long reached = results.aims().stream()
                .filter(aim -> aim.verdict() == Verdict.PASS)
                .count();
        out.println("  " + reached + " of " + results.aims().size() + " reached, " + missed + " missed");
        out.println();
    }

    private void where(Run run) {
        run.machine().forEach((what, value) -> out.println(what + ": " + value));
        out.println("load average: " + number(run.loadBefore()) + " before, " + number(run.loadAfter()) + " after");
        out.println("peers: "
                + String.join(
                        ", ",
                        run.peers().entrySet().stream()
                                .map(peer -> peer.getKey() + " " + peer.getValue())
                                .toList()));
        Effort effort = run.effort();
        out.println("measured: " + run.startedAt() + ", " + effort.forks() + (effort.forks() == 1 ? " fork" : " forks")
                + " of each row, in each " + effort.warmups() + " iterations to warm up and " + effort.measurements()
                + " measured, of " + effort.iteration().toMillis() + " ms; medians over all measured iterations");
    }

    private static String range(double[] sorted) {
        return sorted.length == 0 ? "" : "(" + number(sorted[0]) + ".." + number(sorted[sorted.length - 1]) + ")";
    }

    private static String number(OptionalDouble value) {
        return value.isPresent() ? number(value.getAsDouble()) : "?";
    }

    /** Three digits that say something. */
    private static String number(double value) {
        if (value == 0) {
            return "0";
        }
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f", value);
    }

    /** As aims are written, with nothing rounded over a bound. */
    private static String exact(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.3f" : "%,.1f", value);
    }

    /** Lines of cells; the first column is aligned to the left, the others to the right. */
    private static final class Table {

        /** So that the columns of most tables are below each other. */
        private static final int[] LEAST_WIDTHS = {39, 9, 18, 10, 6};

        private final List<String[]> lines = new ArrayList<>();

        void add(String... cells) {
            lines.add(cells);
        }

        void print(PrintWriter out) {
            for (String[] line : lines) {
                StringBuilder text = new StringBuilder();
                for (int column = 0; column < line.length; column++) {
                    String pad = " ".repeat(width(column) - line[column].length());
                    text.append(column == 0 ? line[column] + pad : "  " + pad + line[column]);
                }
                out.println(text.toString().stripTrailing());
            }
        }

        private int width(int column) {
            return lines.stream()
                    .mapToInt(line -> column < line.length ? line[column].length() : 0)
                    .reduce(column < LEAST_WIDTHS.length ? LEAST_WIDTHS[column] : 0, Math::max);
        }
    }
}
