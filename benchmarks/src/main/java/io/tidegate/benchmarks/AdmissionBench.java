/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The gate beside its peers in one run, with tables and our aims: what {@code ./tidegate bench admission} runs.
 *
 * <p>Found as a {@link ToolProvider}, so that the commands need not know these classes nor the peers. Status 0 if all was
 * measured, whether or not an aim was missed; 1 if a benchmark failed; 2 if it was asked wrongly.
 */
public final class AdmissionBench implements ToolProvider {

    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private final Measurement measurement;

    /** For {@link java.util.ServiceLoader}. */
    public AdmissionBench() {
        this(Measurement.real());
    }

    AdmissionBench(Measurement measurement) {
        this.measurement = measurement;
    }

    @Override
    public String name() {
        return "tidegate-bench-admission";
    }

    /** Takes {@code --quick} and {@code --json FILE}. */
    @Override
    public int run(PrintWriter out, PrintWriter err, String... arguments) {
        boolean quick = false;
        Path json = null;
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--quick")) {
                quick = true;
            } else if (arguments[i].equals("--json") && i + 1 < arguments.length) {
                json = Path.of(arguments[++i]);
            } else {
                return refuse(err, "unknown argument " + arguments[i] + "; known are --quick and --json FILE");
            }
        }
        String complaint = json == null ? null : complaint(json);
        if (complaint != null) {
            return refuse(err, "--json " + json + ": " + complaint);
        }
        // Another run of JMH disturbs wall time, which the load average tells; it is no reason to refuse.
        System.setProperty("jmh.ignoreLock", "true");
        return measure(quick, json, out, err);
    }

    private static int refuse(PrintWriter err, String why) {
        err.println("tidegate: " + why);
        err.flush();
        return USAGE;
    }

    /** Why it cannot be written, which must not turn out only after half an hour; null if it can. */
    private static @Nullable String complaint(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            return "is a folder";
        }
        if (folder == null || !Files.isDirectory(folder)) {
            return "there is no folder " + folder;
        }
        return Files.isWritable(Files.exists(file) ? file : folder) ? null : "must not be written";
    }

    private int measure(boolean quick, @Nullable Path json, PrintWriter out, PrintWriter err) {
        Effort effort = quick ? Effort.QUICK : Effort.FULL;
        Instant startedAt = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        OptionalDouble loadBefore = Machine.loadAverage();
        TreeSet<Integer> threads =
                new TreeSet<>(List.of(1, 2, Runtime.getRuntime().availableProcessors()));
        Results results;
        try {
            results = rows(Row.all(threads), effort, new Progress(out), err);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FAILED;
        }
        Run run =
                new Run(quick, effort, startedAt, Machine.facts(), Machine.peers(), loadBefore, Machine.loadAverage());
        TextReport.print(run, results, out);
        boolean written = json == null || write(json, JsonReport.of(run, results), err);
        return results.failed().isEmpty() && written ? 0 : FAILED;
    }

    /** All rows once, then all once more: see {@link Effort}. A row that fails is not tried again. */
    private Results rows(List<Row> rows, Effort effort, Progress progress, PrintWriter err)
            throws InterruptedException {
        List<Figures> all = rows.stream().map(Figures::new).toList();
        Duration round = rows.stream().map(effort::expected).reduce(Duration.ZERO, Duration::plus);
        progress.begin(rows.size(), effort, round.multipliedBy(effort.forks()));
        for (int fork = 1; fork <= effort.forks(); fork++) {
            for (Figures figures : all) {
                progress.next(figures.row(), fork, effort.expected(figures.row()));
                if (figures.failure().isPresent()) {
                    continue;
                }
                try {
                    figures.add(measurement.measure(figures.row(), effort, fork));
                } catch (IOException e) {
                    figures.failed(String.valueOf(e.getMessage()));
                    progress.interruptLine();
                    err.println("tidegate: failed: " + figures.row() + ": " + e.getMessage());
                    err.flush();
                }
            }
        }
        progress.end();
        return new Results(all);
    }

    private static boolean write(Path file, String text, PrintWriter err) {
        try {
            Files.writeString(file, text);
            return true;
        } catch (IOException e) {
            err.println("tidegate: --json " + file + " cannot be written: " + e);
            err.flush();
            return false;
        }
    }

    /** Says which row of how many runs and how long the rest takes, in place on a terminal. */
    private static final class Progress {

        private final PrintWriter out;
        private final boolean inPlace = Boolean.getBoolean("tidegate.terminal");
        private final long startedNanos = System.nanoTime();
        private int steps;
        private int forks;
        private int step;
        private int width;

        /** By the plan: what is done, what there is, and what the present step takes. */
        private Duration done = Duration.ZERO;

        private Duration all = Duration.ZERO;
        private Duration present = Duration.ZERO;

        Progress(PrintWriter out) {
            this.out = out;
        }

        void begin(int rows, Effort effort, Duration expected) {
            forks = effort.forks();
            steps = rows * forks;
            all = expected;
            out.println(rows + " rows, " + forks + (forks == 1 ? " fork" : " forks") + " of each: about "
                    + words(expected) + ".");
            out.flush();
        }

        void next(Row row, int fork, Duration expected) {
            step++;
            done = done.plus(present);
            present = expected;
            String line = String.format(
                    Locale.ROOT, "[%d/%d] fork %d of %d, %s left: %s", step, steps, fork, forks, words(left()), row);
            if (inPlace) {
                out.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
                width = line.length();
            } else {
                out.println(line);
            }
            out.flush();
        }

        /** The rest by the plan, as much slower or faster as it went so far. */
        private Duration left() {
            Duration rest = all.minus(done);
            double planned = done.toNanos();
            return planned == 0
                    ? rest
                    : Duration.ofNanos((long) (rest.toNanos() * ((System.nanoTime() - startedNanos) / planned)));
        }

        private static String words(Duration duration) {
            long seconds = duration.toSeconds();
            return seconds < 90 ? seconds + " s" : (seconds + 30) / 60 + " min";
        }

        /** Makes room for something else to be said. */
        void interruptLine() {
            if (inPlace) {
                out.println();
                out.flush();
                width = 0;
            }
        }

        void end() {
            interruptLine();
            out.println();
        }
    }
}
