/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigException.Problem;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.AlertListenersConfig;
import io.tidegate.config.TidegateConfig.LedgerConfig;
import io.tidegate.config.TidegateConfig.MemoryConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.sim.Scenario;
import io.tidegate.sim.Scenarios;
import io.tidegate.sim.trace.Shares;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceFiles;
import io.tidegate.sim.trace.TraceFormatException;
import io.tidegate.sim.trace.TraceSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is simulated: options that several commands share. */
final class SimSubject {

    /** An argument that cannot be used; the message names the option and what would be right. */
    static final class WrongArgument extends RuntimeException {

        private static final long serialVersionUID = 1L;

        WrongArgument(String message) {
            super(message);
        }
    }

    @Option(names = "--scenario", paramLabel = "NAME", description = "Scenario to run; ./tidegate sim list names them.")
    private @Nullable String scenario;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description = "Trace of your own in place of a scenario: any that docs/simulator.md lists, also .gz.")
    private @Nullable Path trace;

    @Option(
            names = "--format",
            paramLabel = "F",
            description = "How the trace is to be read, such as azure or csv. Default: what its first line shows.")
    private @Nullable String format;

    @Option(
            names = "--tiers",
            paramLabel = "TIER=SHARE",
            split = ",",
            description = "Shares of the tiers for requests of a trace that name none. Default: the same for each tier;"
                    + " 0.2, 0.5 and 0.3 of the built-in configuration.")
    private Map<String, Double> tiers = new LinkedHashMap<>();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Configuration (YAML) with exactly one pool, which is scaled, in place of the scenario's."
                    + " Default for a trace: built in, see docs/simulator.md.")
    private @Nullable Path config;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "First seed of arrivals, sizes and replicas. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Runs that are made at once. Default: one for each processor.")
    private @Nullable Integer threads;

    long seed() {
        return seed;
    }

    int threads() {
        int count = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
        require(count >= 1 && count <= 1024, "--threads must be 1 to 1024 but was " + count);
        return count;
    }

    static void require(boolean condition, String message) {
        if (!condition) {
            throw new WrongArgument(message);
        }
    }

    /** The scenario that was asked for, with its configuration as it was given. */
    Scenario scenario(SimCommand.Parts parts) {
        require(
                scenario != null || trace != null,
                "--scenario or --trace is missing: say what to simulate; ./tidegate sim list names the scenarios");
        require(scenario == null || trace == null, "--scenario and --trace exclude each other: leave one out");
        require(trace != null || format == null, "--format goes with --trace: leave it out");
        require(trace != null || tiers.isEmpty(), "--tiers goes with --trace: leave it out");
        TidegateConfig own = config == null ? null : read(config);
        if (trace != null) {
            TidegateConfig used = own != null ? own : builtIn();
            return Scenarios.of(String.valueOf(trace.getFileName()), traces(trace, used, own == null), used);
        }
        Scenario named;
        try {
            named = parts.scenario().apply(String.valueOf(scenario));
        } catch (IllegalArgumentException e) {
            throw new WrongArgument("--scenario: " + e.getMessage());
        }
        return own == null ? named : named.withConfig(own);
    }

    static String builtInText() {
        try (InputStream in = SimSubject.class.getResourceAsStream("sim.yaml")) {
            if (in == null) {
                throw new IllegalStateException("sim.yaml is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TidegateConfig builtIn() {
        return ConfigReader.parse("sim.yaml", builtInText());
    }

    private static TidegateConfig read(Path file) {
        TidegateConfig read;
        try {
            read = ConfigReader.read(file);
        } catch (ConfigException e) {
            throw new WrongArgument("--config " + file + ": "
                    + e.problems().stream().map(Problem::toString).collect(Collectors.joining("; ")));
        }
        require(
                read.pools().size() == 1,
                "--config " + file + " must have exactly one pool but has "
                        + read.pools().keySet() + ": keep the one to simulate");
        read.pools()
                .forEach((name, pool) -> require(
                        pool.scaling() != null,
                        "--config " + file + ": pools." + name + " is not scaled; give it scaling.max"));
        return read;
    }

    private LongFunction<Trace> traces(Path file, TidegateConfig used, boolean builtIn) {
        Trace first = read(file, seed);
        Shares ofTiers = shares(used, builtIn);
        Shares tenants = Shares.zipfTenants(Shares.PUBLISHED_TENANTS);
        // Files of rates hold no requests, so each seed draws its own; the others are read once, whatever the seed.
        boolean drawn = first.format().startsWith("servegen")
                || first.format().equals("rates")
                || first.format().equals("ledger");
        Map<Long, Trace> bySeed = new ConcurrentHashMap<>(Map.of(seed, first));
        return runSeed -> {
            Trace of = drawn ? bySeed.computeIfAbsent(runSeed, missing -> read(file, missing)) : first;
            return of.assigned(ofTiers, tenants, runSeed);
        };
    }

    private Trace read(Path file, long ofSeed) {
        TraceSettings settings = TraceSettings.builder().seed(ofSeed).build();
        try {
            return format == null ? TraceFiles.read(file, settings) : TraceFiles.read(file, format, settings);
        } catch (TraceFormatException e) {
            throw new WrongArgument("--trace " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new WrongArgument("--format: " + e.getMessage());
        }
    }

    private Shares shares(TidegateConfig used, boolean builtIn) {
        PoolConfig pool = used.pools().values().iterator().next();
        if (tiers.isEmpty()) {
            return builtIn
                    ? Shares.defaultTiers()
                    : Shares.of(pool.tiers().keySet().stream().collect(Collectors.toMap(tier -> tier, tier -> 1.0)));
        }
        for (String tier : tiers.keySet()) {
            require(
                    pool.tiers().containsKey(tier),
                    "--tiers names " + tier + ", which is none of "
                            + pool.tiers().keySet());
        }
        try {
            return Shares.of(tiers);
        } catch (IllegalArgumentException e) {
            throw new WrongArgument("--tiers: " + e.getMessage());
        }
    }

    /**
     * A configuration without what reaches beyond the simulation: the gateway's own ledger, memory, alerts and backend.
     *
     * @param ledger where the simulated decisions go, or null
     */
    static TidegateConfig apart(TidegateConfig config, @Nullable Path ledger) {
        Map<String, PoolConfig> pools = new LinkedHashMap<>();
        config.pools().forEach((name, pool) -> pools.put(name, withoutBackend(pool)));
        return new TidegateConfig(
                pools,
                config.quotas(),
                new LedgerConfig(Optional.ofNullable(ledger)),
                new MemoryConfig(Optional.empty()),
                new AlertListenersConfig(Map.of()));
    }

    private static PoolConfig withoutBackend(PoolConfig pool) {
        ScalingConfig scaling = pool.scaling();
        if (scaling == null || scaling.backend() == null) {
            return pool;
        }
        return new PoolConfig(
                pool.tiers(),
                pool.maxQueued(),
                pool.maxTenants(),
                pool.shedByRank(),
                pool.tierOrder(),
                pool.weightedAbove(),
                pool.leakDetection(),
                pool.leakSites(),
                pool.tenantRates(),
                pool.quotas(),
                pool.signals(),
                pool.limit(),
                pool.replica(),
                new ScalingConfig(
                        scaling.min(),
                        scaling.max(),
                        scaling.mode(),
                        scaling.period(),
                        scaling.rateWindow(),
                        scaling.latencyWindow(),
                        scaling.policies(),
                        scaling.up(),
                        scaling.down(),
                        scaling.guardrails(),
                        scaling.alerts(),
                        scaling.shadow(),
                        null));
    }
}
