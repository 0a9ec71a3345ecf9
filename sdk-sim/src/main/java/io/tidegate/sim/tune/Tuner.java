/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.tune;

import io.tidegate.config.TidegateConfig;
import io.tidegate.sim.RunPlan;
import io.tidegate.sim.RunPlan.Admission;
import io.tidegate.sim.Runner;
import io.tidegate.sim.Runs;
import io.tidegate.sim.Scenario;
import io.tidegate.sim.Simulator;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.tune.SearchSpace.Choice;
import io.tidegate.sim.tune.SearchSpace.Setting;
import io.tidegate.sim.tune.Tuned.Measured;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.DoubleConsumer;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;

/**
 * Searches settings of a scenario's pool that need the fewest replica-hours and keep a target attainment.
 *
 * <p>The search sees the first part of the trace only. Half of its runs go to configurations drawn at random, by successive halving: all
 * of them run on the first seed, the better half on the second seed as well, and so on. The other half go to steps from the best one: one
 * setting moved to a neighbouring value. The best one is then measured beside the configuration as it was on the rest of the trace, on all
 * seeds; if it is not better there too, the configuration stays.
 *
 * <p>Better is, of two that keep the target, the one with fewer replica-hours; one that keeps it before one that does not; of two that do
 * not, the one with the higher attainment. The same scenario and settings give the same answer, whatever the number of threads.
 *
 * @since 0.1.0
 */
public final class Tuner {

    /** Steps that are tried at once: fixed, so that the answer does not depend on the threads. */
    private static final int STEPS = 4;

    private final Scenario scenario;
    private final UnaryOperator<TidegateConfig> runnable;
    private final int budget;
    private final double target;
    private final double trainShare;
    private final int seeds;
    private final long seed;
    private final int threads;
    private final Runner runner;
    private final SearchSpace space;

    private Tuner(Builder builder) {
        this.scenario = builder.scenario;
        this.runnable = builder.runnable;
        this.budget = builder.budget;
        this.target = builder.target;
        this.trainShare = builder.trainShare;
        this.seeds = builder.seeds;
        this.seed = builder.seed;
        this.threads = builder.threads;
        this.runner = builder.runner;
        this.space = SearchSpace.around(scenario.config());
    }

    /** Returns a builder that holds the defaults. */
    public static Builder builder(Scenario scenario) {
        return new Builder(scenario);
    }

    /** What is searched: paths of settings below the pool, with the values each may take. */
    public Map<String, List<String>> space() {
        Map<String, List<String>> values = new LinkedHashMap<>();
        space.settings().forEach(setting -> values.put(setting.path(), setting.values()));
        return values;
    }

    /** A configuration that was tried. */
    private static final class Trial {
        private final Choice choice;
        private final TidegateConfig config;
        private final int number;
        private final List<RunScore> runs = new ArrayList<>();

        Trial(Choice choice, TidegateConfig config, int number) {
            this.choice = choice;
            this.config = config;
            this.number = number;
        }

        double attainment() {
            return runs.stream()
                    .mapToDouble(run -> run.all().attainment())
                    .average()
                    .orElse(0);
        }

        double replicaHours() {
            return runs.stream().mapToDouble(RunScore::replicaHours).average().orElse(0);
        }
    }

    /** Better first; of equals the one that was tried first. */
    private Comparator<Trial> order() {
        Comparator<Trial> byWorth =
                (a, b) -> compare(a.attainment(), a.replicaHours(), b.attainment(), b.replicaHours());
        return byWorth.thenComparing(trial -> trial.number);
    }

    private int compare(double attainmentA, double hoursA, double attainmentB, double hoursB) {
        boolean keptA = attainmentA >= target;
        boolean keptB = attainmentB >= target;
        if (keptA != keptB) {
            return keptA ? -1 : 1;
        }
        return keptA ? Double.compare(hoursA, hoursB) : Double.compare(attainmentB, attainmentA);
    }

    /** The trials of a search, and what it may still spend. */
    private final class Search {
        private final Map<Choice, Trial> trials = new LinkedHashMap<>();
        private final Random random = new Random(seed);
        private final LongFunction<Trace> trace = sliced(true);
        private final DoubleConsumer progress;
        private int made;

        Search(DoubleConsumer progress) {
            this.progress = progress;
        }

        Trial trial(Choice choice) {
            return trials.computeIfAbsent(choice, each -> new Trial(each, space.config(each), trials.size()));
        }

        /** Runs each trial on seeds until it has so many. */
        void run(List<Trial> wanted, int count) {
            List<RunPlan> plans = new ArrayList<>();
            List<Trial> owners = new ArrayList<>();
            for (Trial trial : wanted) {
                for (int i = trial.runs.size(); i < count; i++) {
                    plans.add(plan(trial.config, trace, seed + i));
                    owners.add(trial);
                }
            }
            int before = made;
            int all = budget + 2 * seeds;
            List<RunScore> scores =
                    Runs.all(plans, threads, runner, share -> progress.accept((before + share * plans.size()) / all));
            for (int i = 0; i < scores.size(); i++) {
                owners.get(i).runs.add(scores.get(i));
            }
            made += plans.size();
        }

        Choice drawn() {
            List<Integer> indexes = new ArrayList<>();
            for (Setting setting : space.settings()) {
                indexes.add(random.nextInt(setting.values().size()));
            }
            return new Choice(indexes);
        }

        /** At random, by successive halving; what is as it was stays in to the end. */
        Trial halve(int most) {
            Trial start = trial(space.start());
            int width = 1;
            while (cost(width + 1) <= most) {
                width++;
            }
            // A small space may have been drawn empty before there are as many.
            for (int i = 0; i < 20 * width && trials.size() < width; i++) {
                trial(drawn());
            }
            List<Trial> left = new ArrayList<>(trials.values());
            for (int rung = 1; rung <= seeds; rung++) {
                run(left, rung);
                left.sort(order());
                int keep = Math.max(1, (left.size() + 1) / 2);
                if (rung < seeds) {
                    left = new ArrayList<>(left.subList(0, keep));
                    if (!left.contains(start)) {
                        left.add(start);
                    }
                }
            }
            return left.get(0);
        }

        /** Runs that halving takes at most which begins with so many. */
        private int cost(int width) {
            int cost = 0;
            int left = width;
            for (int rung = 1; rung <= seeds; rung++) {
                cost += left;
                left = Math.min(left, (left + 1) / 2 + 1);
            }
            return cost;
        }

        /** Steps to neighbours while there are runs left and neighbours that were not tried. */
        Trial climb(Trial from) {
            Trial best = from;
            while (made + seeds <= budget) {
                List<Choice> near = neighbours(best.choice);
                List<Trial> steps = new ArrayList<>();
                int room = Math.min(STEPS, (budget - made) / seeds);
                while (steps.size() < room && !near.isEmpty()) {
                    steps.add(trial(near.remove(random.nextInt(near.size()))));
                }
                if (steps.isEmpty()) {
                    break;
                }
                run(steps, seeds);
                steps.add(best);
                steps.sort(order());
                best = steps.get(0);
            }
            return best;
        }

        private List<Choice> neighbours(Choice choice) {
            List<Choice> near = new ArrayList<>();
            for (int i = 0; i < space.settings().size(); i++) {
                int at = choice.indexes().get(i);
                for (int to : new int[] {at - 1, at + 1}) {
                    if (to >= 0 && to < space.settings().get(i).values().size()) {
                        Choice neighbour = choice.with(i, to);
                        Trial known = trials.get(neighbour);
                        if (known == null || known.runs.size() < seeds) {
                            near.add(neighbour);
                        }
                    }
                }
            }
            return near;
        }
    }

    /**
     * Makes the runs and says what was found.
     *
     * @param progress told the share that has passed, 0..1
     */
    public Tuned tune(DoubleConsumer progress) {
        Search search = new Search(progress);
        search.halve(Math.max(seeds, (budget + 1) / 2));
        Trial start = search.trial(space.start());
        Trial best = search.climb(search.trials.values().stream()
                .filter(trial -> trial.runs.size() == seeds)
                .min(order())
                .orElse(start));

        TidegateConfig found = best.config;
        LongFunction<Trace> rest = sliced(false);
        List<RunPlan> plans = new ArrayList<>();
        for (TidegateConfig each : List.of(scenario.config(), found)) {
            for (int i = 0; i < seeds; i++) {
                plans.add(plan(each, rest, seed + i));
            }
        }
        int before = search.made;
        int all = budget + plans.size();
        List<RunScore> scores = Runs.all(
                best == start ? plans.subList(0, seeds) : plans,
                threads,
                runner,
                share -> progress.accept((before + share * plans.size()) / all));
        progress.accept(1);
        Measured restDefaults = Measured.of(scores.subList(0, seeds));
        Measured restBest = best == start ? restDefaults : Measured.of(scores.subList(seeds, scores.size()));
        boolean better = best != start
                && compare(
                                restBest.attainment().mean(),
                                restBest.replicaHours().mean(),
                                restDefaults.attainment().mean(),
                                restDefaults.replicaHours().mean())
                        < 0;
        Map<String, String> changes = new LinkedHashMap<>();
        space.changes(best.choice).forEach((path, value) -> changes.put(path, space.before(path) + " → " + value));
        return new Tuned(
                scenario.name(),
                target,
                trainShare,
                before + scores.size(),
                search.trials.size(),
                changes,
                Measured.of(start.runs),
                Measured.of(best.runs),
                restDefaults,
                restBest,
                better,
                better ? found : scenario.config());
    }

    private RunPlan plan(TidegateConfig config, LongFunction<Trace> trace, long runSeed) {
        return new RunPlan(
                scenario.withTrace(trace).withConfig(runnable.apply(config)), "tidegate", Admission.GATE, runSeed);
    }

    private LongFunction<Trace> sliced(boolean train) {
        return runSeed -> {
            Trace whole = scenario.trace().apply(runSeed);
            Duration cut = Duration.ofNanos((long) ((double) whole.duration().toNanos() * trainShare));
            return train ? whole.slice(Duration.ZERO, cut) : whole.slice(cut, whole.duration());
        };
    }

    /** Collects settings. Not safe for several threads. */
    public static final class Builder {
        private final Scenario scenario;
        private UnaryOperator<TidegateConfig> runnable = UnaryOperator.identity();
        private int budget = 120;
        private double target = 0.99;
        private double trainShare = 0.6;
        private int seeds = 2;
        private long seed = 1;
        private int threads = Runtime.getRuntime().availableProcessors();
        private Runner runner = Simulator::run;

        private Builder(Scenario scenario) {
            this.scenario = Objects.requireNonNull(scenario, "scenario");
        }

        /** Sets the runs of the search, at least four for each seed; 120 by default. Measuring on the rest takes two more for each seed. */
        public Builder budget(int value) {
            this.budget = value;
            return this;
        }

        /** Sets the attainment of all requests to keep; above 0 and at most 1, 0.99 by default. */
        public Builder target(double value) {
            this.target = value;
            return this;
        }

        /** Sets the part of the trace to search on, from its beginning; 0.1 to 0.9, 0.6 by default. */
        public Builder trainShare(double value) {
            this.trainShare = value;
            return this;
        }

        /** Sets how many seeds a configuration is measured on at most; 1 or more, 2 by default. */
        public Builder seeds(int value) {
            this.seeds = value;
            return this;
        }

        /** Sets the first seed, which is the seed of the search, too; 1 by default. */
        public Builder seed(long value) {
            this.seed = value;
            return this;
        }

        /** Sets how many runs are made at once; the processors by default. */
        public Builder threads(int value) {
            this.threads = value;
            return this;
        }

        /** Sets who makes the runs; {@link Simulator#run} by default. */
        public Builder runner(Runner value) {
            this.runner = Objects.requireNonNull(value, "runner");
            return this;
        }

        /** Sets what is done to a configuration before it is run, such as taking its ledger away; nothing by default. */
        public Builder beforeRun(UnaryOperator<TidegateConfig> value) {
            this.runnable = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Returns the tuner.
         *
         * @throws IllegalArgumentException if a setting is out of its range, or the scenario has not exactly one pool, which is scaled
         */
        public Tuner build() {
            require(seeds >= 1, "seeds must be >= 1 but was " + seeds);
            require(threads >= 1, "threads must be >= 1 but was " + threads);
            require(
                    budget >= 4 * seeds,
                    "budget must be >= 4 runs for each seed (" + 4 * seeds + ") but was " + budget);
            require(target > 0 && target <= 1, "target must be above 0 and at most 1 but was " + target);
            require(trainShare >= 0.1 && trainShare <= 0.9, "trainShare must be 0.1 to 0.9 but was " + trainShare);
            return new Tuner(this);
        }

        private static void require(boolean condition, String message) {
            if (!condition) {
                throw new IllegalArgumentException(message);
            }
        }
    }
}
