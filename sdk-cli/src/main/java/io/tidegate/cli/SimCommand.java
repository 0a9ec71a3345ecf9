/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static io.tidegate.cli.SimSubject.require;

import io.tidegate.cli.SimSubject.WrongArgument;
import io.tidegate.sim.RunPlan;
import io.tidegate.sim.RunPlan.Admission;
import io.tidegate.sim.Runner;
import io.tidegate.sim.Runs;
import io.tidegate.sim.Scenario;
import io.tidegate.sim.Scenarios;
import io.tidegate.sim.Simulator;
import io.tidegate.sim.baseline.Autoscalers;
import io.tidegate.sim.physics.Calibration;
import io.tidegate.sim.report.HtmlReport;
import io.tidegate.sim.report.JsonReport;
import io.tidegate.sim.report.RunText;
import io.tidegate.sim.report.TextTable;
import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.tune.Tuned;
import io.tidegate.sim.tune.Tuner;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code ./tidegate sim}. Exit status 0 if it worked, 1 if a run failed or a file could not be written, 2 if it was asked wrongly. */
@Command(
        name = "sim",
        description = {
            "Runs the production gate and engine in virtual time, beside published autoscalers (docs/simulator.md).",
            ""
        },
        subcommands = {
            SimCommand.ListCommand.class,
            SimCommand.RunCommand.class,
            SimCommand.CompareCommand.class,
            SimCommand.TuneCommand.class
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "WHAT")
final class SimCommand {

    private static final String TIDEGATE = "tidegate";
    private static final String BOUND = "bound";

    /** What the names of scalers say too little of. */
    private static final Map<String, String> ABOUT = Map.of(
            TIDEGATE,
            "the production engine with the policies of the configuration",
            "static-best",
            "the fewest replicas at a fixed count that keep as much as any, found with hindsight",
            BOUND,
            "fewest replicas that could have served, found with all arrivals known; not implementable");

    private static String about(String scaler) {
        String known = ABOUT.get(scaler);
        return known != null ? known : Autoscalers.names().contains(scaler) ? Autoscalers.description(scaler) : "";
    }

    /**
     * What the commands work with.
     *
     * @param runner makes runs
     * @param scalers names of who may decide
     * @param scenarios names of scenarios
     * @param scenario the scenario of a name; throws an IllegalArgumentException if there is none
     * @param nanoTime for progress
     */
    record Parts(
            Runner runner,
            Supplier<List<String>> scalers,
            Supplier<List<String>> scenarios,
            Function<String, Scenario> scenario,
            LongSupplier nanoTime) {}

    private final Parts parts;

    @Spec
    private @Nullable CommandSpec spec;

    SimCommand() {
        this(new Parts(Simulator::run, Simulator::scalers, Scenarios::names, Scenarios::named, System::nanoTime));
    }

    SimCommand(Parts parts) {
        this.parts = parts;
    }

    private CommandLine commandLine() {
        return Objects.requireNonNull(spec).commandLine();
    }

    private PrintWriter out() {
        return commandLine().getOut();
    }

    private PrintWriter err() {
        return commandLine().getErr();
    }

    private SimProgress progress(String what) {
        return new SimProgress(err(), Boolean.getBoolean("tidegate.terminal.errors"), parts.nanoTime(), what);
    }

    /** Everyone who may be asked for. */
    private Set<String> scalers() {
        Set<String> all = new LinkedHashSet<>(parts.scalers().get());
        all.add(BOUND);
        return all;
    }

    private List<String> known(List<String> names) {
        for (String name : names) {
            require(scalers().contains(name), "--scalers names " + name + ", which is none of " + scalers());
        }
        return names;
    }

    /** One line on the errors for whatever was asked wrongly. */
    private interface Body {
        int run() throws IOException;
    }

    private int guarded(Body body) {
        try {
            return body.run();
        } catch (WrongArgument e) {
            throw new ParameterException(commandLine(), String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            err().println("tidegate: cannot write: " + e);
        } catch (IllegalArgumentException e) {
            err().println("tidegate: " + e.getMessage());
        }
        err().flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** Said before the runs are made, which may take long. */
    private static void requireWritable(String option, @Nullable Path file) {
        if (file != null) {
            Path folder = file.toAbsolutePath().getParent();
            require(!Files.isDirectory(file), option + " " + file + " is a folder: name a file");
            require(
                    folder != null && Files.isDirectory(folder),
                    option + " " + file + " is in a folder that does not exist: make it");
        }
    }

    private static void write(@Nullable Path file, Supplier<String> text) throws IOException {
        if (file != null) {
            Files.writeString(file, text.get());
        }
    }

    /** Where results go besides the terminal. */
    static final class Outputs {

        @Option(names = "--json", paramLabel = "FILE", description = "Write the figures as JSON (docs/sim-json.md).")
        private @Nullable Path json;

        @Option(names = "--html", paramLabel = "FILE", description = "Write a page with tables and charts.")
        private @Nullable Path html;

        void check() {
            requireWritable("--json", json);
            requireWritable("--html", html);
        }

        void write(Supplier<String> asJson, Supplier<String> asHtml) throws IOException {
            SimCommand.write(json, asJson);
            SimCommand.write(html, asHtml);
        }
    }

    /** {@code ./tidegate sim list}. */
    @Command(
            name = "list",
            description = {"Scenarios and scalers.", ""},
            mixinStandardHelpOptions = true)
    static final class ListCommand implements Callable<Integer> {

        @ParentCommand
        private @Nullable SimCommand parent;

        @Override
        public Integer call() {
            SimCommand sim = Objects.requireNonNull(parent);
            PrintWriter out = sim.out();
            List<String> scenarios = sim.parts.scenarios().get();
            int width = 4
                    + Math.max(
                            scenarios.stream().mapToInt(String::length).max().orElse(0),
                            sim.scalers().stream()
                                    .mapToInt(String::length)
                                    .max()
                                    .orElse(0));
            out.println("Scenarios");
            scenarios.forEach(name ->
                    line(out, width, name, sim.parts.scenario().apply(name).about()));
            if (scenarios.isEmpty()) {
                out.println("  none: give a trace with --trace");
            }
            out.println();
            out.println("Scalers");
            sim.scalers().forEach(name -> line(out, width, name, about(name)));
            out.println();
            out.println("Replicas, and how far their models are from what was published (mean and largest error)");
            for (Calibration each : Calibration.all()) {
                out.println("  " + each.model().name() + ": " + each.model().hardware());
                for (Calibration.Curve curve : each.curves()) {
                    out.println(String.format(
                            Locale.ROOT,
                            "    %.1f %% and %.1f %% of %s",
                            100 * curve.meanError(),
                            100 * curve.largestError(),
                            curve.source()));
                }
            }
            out.flush();
            return 0;
        }

        private static void line(PrintWriter out, int width, String name, String about) {
            out.println(("  " + name + " ".repeat(width - name.length()) + about).stripTrailing());
        }
    }

    /** {@code ./tidegate sim run}. */
    @Command(
            name = "run",
            description = {"Makes one run and says what became of each tier.", ""},
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class RunCommand implements Callable<Integer> {

        @ParentCommand
        private @Nullable SimCommand parent;

        @Mixin
        private SimSubject subject = new SimSubject();

        @Option(
                names = {"--scaler", "--scalers", "--policies"},
                paramLabel = "NAME",
                split = ",",
                description = "Who decides the count. Default: tidegate.")
        private List<String> scalers = new ArrayList<>();

        @Option(names = "--admission", paramLabel = "gate|fifo", description = "Who admits. Default: gate.")
        private Admission admission = Admission.GATE;

        @Mixin
        private Outputs files = new Outputs();

        @Option(
                names = "--ledger",
                paramLabel = "FILE",
                description = "Write the decisions of tidegate as a ledger (docs/ledger.md); the file must not exist.")
        private @Nullable Path ledger;

        @Override
        public Integer call() {
            SimCommand sim = Objects.requireNonNull(parent);
            return sim.guarded(() -> run(sim));
        }

        private int run(SimCommand sim) throws IOException {
            Scenario scenario = subject.scenario(sim.parts);
            require(
                    scalers.size() <= 1,
                    "--scalers must name one for a run but names " + scalers
                            + ": use ./tidegate sim compare for several");
            String scaler = scalers.isEmpty() ? TIDEGATE : sim.known(scalers).get(0);
            files.check();
            requireWritable("--ledger", ledger);
            require(
                    ledger == null || scaler.equals(TIDEGATE),
                    "--ledger goes with --scalers tidegate, as nobody else keeps one: leave it out");
            require(ledger == null || !Files.exists(ledger), "--ledger " + ledger + " exists: name a new file");
            Scenario apart = scenario.withConfig(SimSubject.apart(scenario.config(), ledger));
            RunPlan plan = new RunPlan(apart, scaler, admission, subject.seed());
            RunScore score;
            try (SimProgress progress = sim.progress("simulating " + scenario.name())) {
                score = Runs.all(List.of(plan), subject.threads(), sim.parts.runner(), progress)
                        .get(0);
            }
            sim.out().print(RunText.of(score));
            sim.out().flush();
            files.write(() -> JsonReport.of(score), () -> HtmlReport.of(score));
            if (ledger != null && !Files.exists(ledger)) {
                sim.err().println("tidegate: no ledger was written");
                sim.err().flush();
                return CommandLine.ExitCode.SOFTWARE;
            }
            return 0;
        }
    }

    /** {@code ./tidegate sim compare}. */
    @Command(
            name = "compare",
            description = {"Runs several scalers on the same seeds and puts them into a table.", ""},
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class CompareCommand implements Callable<Integer> {

        @ParentCommand
        private @Nullable SimCommand parent;

        @Mixin
        private SimSubject subject = new SimSubject();

        @Option(
                names = {"--scalers", "--policies"},
                paramLabel = "NAME",
                split = ",",
                description = "Who decides the count, separated by commas; the bound is in every table. Default: all.")
        private List<String> scalers = new ArrayList<>();

        @Option(
                names = "--admission",
                paramLabel = "gate|fifo",
                split = ",",
                description = "Who admits: gate, fifo or both, separated by commas. Default: both.")
        private List<Admission> admissions = new ArrayList<>();

        @Option(
                names = "--seeds",
                paramLabel = "N",
                defaultValue = "5",
                description = "Seeds of each row. Default: ${DEFAULT-VALUE}.")
        private int seeds;

        @Mixin
        private Outputs files = new Outputs();

        @Option(
                names = "--width",
                paramLabel = "N",
                description = "Width of the table, 100 to 160. Default: the variable COLUMNS, or 120.")
        private @Nullable Integer width;

        @Override
        public Integer call() {
            SimCommand sim = Objects.requireNonNull(parent);
            return sim.guarded(() -> compare(sim));
        }

        private int compare(SimCommand sim) throws IOException {
            require(seeds >= 1 && seeds <= 10_000, "--seeds must be 1 to 10000 but was " + seeds);
            require(
                    width == null || (width >= TextTable.LEAST_WIDTH && width <= TextTable.MOST_WIDTH),
                    "--width must be 100 to 160 but was " + width);
            Scenario scenario = subject.scenario(sim.parts);
            files.check();
            List<RunPlan> plans = plans(sim, scenario);
            List<RunScore> scores;
            String what = String.format(Locale.ROOT, "%d runs of %s", plans.size(), scenario.name());
            try (SimProgress progress = sim.progress(what)) {
                scores = Runs.all(plans, subject.threads(), sim.parts.runner(), progress);
            }
            Comparison comparison = Comparison.of(scenario.name(), scenario.about(), scores);
            sim.out()
                    .print(TextTable.of(
                            comparison, width == null ? columns() : width, Boolean.getBoolean("tidegate.terminal")));
            sim.out().flush();
            files.write(() -> JsonReport.of(comparison), () -> HtmlReport.of(comparison));
            return 0;
        }

        private List<RunPlan> plans(SimCommand sim, Scenario scenario) {
            Scenario apart = scenario.withConfig(SimSubject.apart(scenario.config(), null));
            List<String> wanted = scalers.isEmpty() ? List.copyOf(sim.scalers()) : sim.known(scalers);
            List<Admission> admitted = admissions.isEmpty()
                    ? List.of(Admission.GATE, Admission.FIFO)
                    : List.copyOf(new LinkedHashSet<>(admissions));
            List<RunPlan> plans = new ArrayList<>();
            for (String scaler : new LinkedHashSet<>(wanted)) {
                if (!scaler.equals(BOUND)) {
                    admitted.forEach(admission -> add(plans, apart, scaler, admission));
                }
            }
            add(plans, apart, BOUND, admitted.get(0));
            return plans;
        }

        private void add(List<RunPlan> plans, Scenario scenario, String scaler, Admission admission) {
            for (int i = 0; i < seeds; i++) {
                plans.add(new RunPlan(scenario, scaler, admission, subject.seed() + i));
            }
        }

        /** Of the terminal, where the shell tells. */
        private static int columns() {
            String columns = System.getenv("COLUMNS");
            return columns != null && columns.matches("[0-9]{1,5}") ? Integer.parseInt(columns) : 120;
        }
    }

    /** {@code ./tidegate sim tune}. */
    @Command(
            name = "tune",
            description = {
                "Searches settings on the first part of a trace and measures the best beside those there were on the rest.",
                ""
            },
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class TuneCommand implements Callable<Integer> {

        @ParentCommand
        private @Nullable SimCommand parent;

        @Mixin
        private SimSubject subject = new SimSubject();

        @Option(
                names = "--budget",
                paramLabel = "N",
                defaultValue = "120",
                description = "Runs of the search. Default: ${DEFAULT-VALUE}.")
        private int budget;

        @Option(
                names = "--target",
                paramLabel = "SHARE",
                defaultValue = "0.99",
                description = "Share of all requests that must attain, 0 to 1. Default: ${DEFAULT-VALUE}.")
        private double target;

        @Option(
                names = "--train",
                paramLabel = "SHARE",
                defaultValue = "0.6",
                description =
                        "Part of the trace to search on, from its beginning, 0.1 to 0.9. Default: ${DEFAULT-VALUE}.")
        private double train;

        @Option(
                names = "--seeds",
                paramLabel = "N",
                defaultValue = "2",
                description = "Most seeds of one configuration. Default: ${DEFAULT-VALUE}.")
        private int seeds;

        @Option(
                names = "--out",
                paramLabel = "FILE",
                description = "Write the configuration to use (YAML), with what was measured at its beginning.")
        private @Nullable Path out;

        @Override
        public Integer call() {
            SimCommand sim = Objects.requireNonNull(parent);
            return sim.guarded(() -> tune(sim));
        }

        private int tune(SimCommand sim) throws IOException {
            require(seeds >= 1 && seeds <= 1000, "--seeds must be 1 to 1000 but was " + seeds);
            require(
                    budget >= 4 * seeds && budget <= 1_000_000,
                    "--budget must be at least 4 runs for each seed, " + 4 * seeds + ", and at most 1000000, but was "
                            + budget);
            require(target > 0 && target <= 1, "--target must be above 0 and at most 1 but was " + target);
            require(train >= 0.1 && train <= 0.9, "--train must be 0.1 to 0.9 but was " + train);
            Scenario scenario = subject.scenario(sim.parts);
            requireWritable("--out", out);
            Tuner tuner = Tuner.builder(scenario)
                    .budget(budget)
                    .target(target)
                    .trainShare(train)
                    .seeds(seeds)
                    .seed(subject.seed())
                    .threads(subject.threads())
                    .runner(sim.parts.runner())
                    .beforeRun(config -> SimSubject.apart(config, null))
                    .build();
            Tuned tuned;
            try (SimProgress progress = sim.progress("tuning " + scenario.name())) {
                tuned = tuner.tune(progress);
            }
            sim.out().print(tuned.text());
            write(out, tuned::yaml);
            if (out != null) {
                sim.out().println("\nWritten to " + out);
            }
            sim.out().flush();
            return 0;
        }
    }
}
