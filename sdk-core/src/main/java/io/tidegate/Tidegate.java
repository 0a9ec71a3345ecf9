/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import io.micrometer.core.instrument.MeterRegistry;
import io.tidegate.admission.Gate;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.QuotasConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.config.TidegateConfig.StepConfig;
import io.tidegate.engine.Engine;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.EngineListener;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Step;
import io.tidegate.instrument.GatedProxy;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.Ledger;
import io.tidegate.limit.LimitController;
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Tier;
import io.tidegate.quota.Quotas;
import io.tidegate.signal.SignalBoard;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.supply.Supply;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything of one gateway, made from one configuration: a gate, a limit and quotas for each pool, the engine that scales
 * them, the ledger, the meters.
 *
 * <pre>{@code
 * try (Tidegate tidegate = Tidegate.start(Path.of("tidegate.yaml"), registry)) {
 *     Gate chat = tidegate.gate("chat");
 *     …
 * }
 * }</pre>
 *
 * <p>Safe for use by many threads. {@link #close()} stops admitting and deciding, and closes what was made here; it does not
 * change how many replicas run.
 *
 * @since 0.1.0
 */
public final class Tidegate implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Tidegate.class);

    private final Map<String, Gate> gates;
    private final Map<String, LimitController> limits;
    private final Map<String, Quotas> quotas;
    private final Engine engine;
    private final List<AutoCloseable> closeables;

    private Tidegate(
            Map<String, Gate> gates,
            Map<String, LimitController> limits,
            Map<String, Quotas> quotas,
            Engine engine,
            List<AutoCloseable> closeables) {
        this.gates = Map.copyOf(gates);
        this.limits = Map.copyOf(limits);
        this.quotas = Map.copyOf(quotas);
        this.engine = engine;
        this.closeables = List.copyOf(closeables);
    }

    /**
     * Starts from a YAML file, with backends from the class path.
     *
     * @throws io.tidegate.config.ConfigException naming everything that is wrong with the file
     */
    public static Tidegate start(Path config, MeterRegistry registry) {
        return builder(ConfigReader.read(config)).meters(registry).start();
    }

    /** Starts the settings that cannot be written in a file: clock, meter registry, backends and policies given in Java. */
    public static Builder builder(TidegateConfig config) {
        return new Builder(config);
    }

    /**
     * The gate of a pool. Keep it: it does not change.
     *
     * @throws IllegalArgumentException if there is no pool of that name
     */
    public Gate gate(String pool) {
        return ofPool(gates, pool);
    }

    /**
     * The limit of a pool, between whoever knows its replicas and its gate. It is brought up to date once a second. Tell it what engines
     * reject, and what they say of themselves unless a source does: {@link Builder#signals(String, BiFunction, Duration)}.
     *
     * @throws IllegalArgumentException if there is no pool of that name
     */
    public LimitController limit(String pool) {
        return ofPool(limits, pool);
    }

    /**
     * The quotas of a pool, which may be those of other pools as well; empty if none are configured.
     *
     * @throws IllegalArgumentException if there is no pool of that name
     */
    public Optional<Quotas> quotas(String pool) {
        ofPool(gates, pool);
        return Optional.ofNullable(quotas.get(pool));
    }

    private <T> T ofPool(Map<String, T> all, String pool) {
        T found = all.get(pool);
        if (found == null) {
            throw new IllegalArgumentException("no pool \"" + pool + "\" is configured, only " + gates.keySet());
        }
        return found;
    }

    /** All gates. */
    public Collection<Gate> gates() {
        return gates.values();
    }

    /** The engine; it scales the pools that have {@code scaling} settings. */
    public Engine engine() {
        return engine;
    }

    /**
     * Puts the {@link io.tidegate.instrument.Gated} methods of an interface behind their gates.
     *
     * @see GatedProxy#of
     */
    public <T> T instrument(Class<T> type, T target) {
        return GatedProxy.of(type, target, gates.values());
    }

    /** Stops admitting and deciding, and closes what was made here. Harmless when called twice. */
    @Override
    public void close() {
        // Who writes is stopped first, then who admits, then what both use.
        engine.close();
        gates.values().forEach(Gate::close);
        for (AutoCloseable closeable : closeables) {
            try {
                closeable.close();
            } catch (Exception e) {
                LOG.warn("closing {} failed", closeable, e);
            }
        }
    }

    /** Collects what cannot be written in a file. Not safe for use by several threads. */
    public static final class Builder {

        private static final Duration LEAST_STALE = Duration.ofSeconds(45);

        private final TidegateConfig config;
        private final Map<String, ScalerBackend> backends = new LinkedHashMap<>();
        private final Map<String, List<Policy>> policies = new LinkedHashMap<>();
        private final Map<String, List<Polled>> sources = new LinkedHashMap<>();
        private final List<EngineListener> listeners = new ArrayList<>();
        private @Nullable TimeSource time;
        private @Nullable MeterRegistry registry;
        private @Nullable Executor executor;
        private @Nullable Executor callbacks;

        /** What makes a source, and how often that is read. */
        private record Polled(
                BiFunction<? super TimeSource, ? super LimitController, ? extends SignalSource> source,
                Duration period) {

            Duration staleAfter() {
                Duration thrice = period.multipliedBy(3);
                return thrice.compareTo(LEAST_STALE) > 0 ? thrice : LEAST_STALE;
            }
        }

        private Builder(TidegateConfig config) {
            this.config = Objects.requireNonNull(config, "config");
        }

        /** The backend of a pool, in place of the configured one. The caller closes it. */
        public Builder backend(String pool, ScalerBackend backend) {
            backends.put(known(pool), backend);
            return this;
        }

        /** Adds a policy to a pool, beside the backlog policy. */
        public Builder policy(String pool, Policy policy) {
            policies.computeIfAbsent(known(pool), ignored -> new ArrayList<>()).add(policy);
            return this;
        }

        /**
         * Adds a source of signals to a pool. It is closed with the rest.
         *
         * @param period time between reads; positive. A value is stale after three of them, or after 45 s if that is longer
         */
        public Builder signals(String pool, SignalSource source, Duration period) {
            Objects.requireNonNull(source, "source");
            return signals(pool, (clock, limit) -> source, period);
        }

        /**
         * Adds a source of signals that is made at the start, from the clock and the limit of its pool: one that also tells the limit
         * what the engines say, which {@code limit.mode: tokens} and {@code engine} need, each second or so.
         *
         * <pre>{@code
         * .signals("chat", (time, limit) -> EngineMetricsSource.builder(time, urls)
         *         .onRead(EngineReadings.to(limit::readings))
         *         .build(), Duration.ofSeconds(1))
         * }</pre>
         *
         * @param source makes the source; called once
         * @param period time between reads; positive. At most half of {@code limit.staleAfter} for one that tells the limit
         */
        public Builder signals(
                String pool,
                BiFunction<? super TimeSource, ? super LimitController, ? extends SignalSource> source,
                Duration period) {
            sources.computeIfAbsent(known(pool), ignored -> new ArrayList<>())
                    .add(new Polled(Objects.requireNonNull(source, "source"), period));
            return this;
        }

        /** Attaches a listener to the engine. */
        public Builder listener(EngineListener listener) {
            listeners.add(Objects.requireNonNull(listener, "listener"));
            return this;
        }

        /** Where meters are registered; nowhere by default. They are removed on close. */
        public Builder meters(MeterRegistry registry) {
            this.registry = registry;
            return this;
        }

        /** The clock; real time by default. The caller closes it. */
        public Builder time(TimeSource time) {
            this.time = time;
            return this;
        }

        /** Runs the engine's rounds and calls instead of its own threads, for tests: see {@link Engine.Builder#executor}. */
        public Builder executor(Executor executor) {
            this.executor = executor;
            return this;
        }

        /** Where callbacks of requests that waited run: see {@link Gate.Builder#callbackExecutor}. */
        public Builder callbackExecutor(Executor callbacks) {
            this.callbacks = callbacks;
            return this;
        }

        /**
         * Makes and starts everything.
         *
         * @throws IllegalArgumentException if a pool that is scaled has no backend, or its backend cannot be made; nothing is
         *     left running then
         */
        public Tidegate start() {
            List<AutoCloseable> made = new ArrayList<>();
            try {
                return start(made);
            } catch (RuntimeException | Error e) {
                for (AutoCloseable each : made) {
                    try {
                        each.close();
                    } catch (Exception closing) {
                        e.addSuppressed(closing);
                    }
                }
                throw e;
            }
        }

        private Tidegate start(List<AutoCloseable> made) {
            TimeSource clock = time != null ? time : owned(made, SystemTime.start());
            Ledger ledger = config.ledger().file().isPresent()
                    ? owned(made, FileLedger.open(config.ledger().file().get()))
                    : Ledger.none();
            Map<String, Gate> gates = new LinkedHashMap<>();
            Map<String, LimitController> limits = new LinkedHashMap<>();
            Map<String, Quotas> quotas = quotas(clock);
            Engine.Builder engineBuilder = Engine.builder().time(clock).ledger(ledger);
            listeners.forEach(engineBuilder::listener);
            if (executor != null) {
                engineBuilder.executor(executor);
            }
            config.pools().forEach((name, pool) -> {
                Gate gate = gate(name, pool, quotas.get(name), clock);
                gates.put(name, gate);
                LimitController limit = limit(pool, gate, clock);
                limits.put(name, limit);
                @Nullable SignalBoard board = board(name, limit, clock, made);
                if (pool.scaling() != null) {
                    engineBuilder.pool(scaled(name, pool, pool.scaling(), gate, limit, board, made));
                }
            });
            Engine engine = engineBuilder.build();
            gates.forEach((name, gate) -> gate.onDemand(() -> engine.wake(name)));
            if (registry != null) {
                TidegateMetrics metrics = new TidegateMetrics(gates.values(), engine);
                config.pools().forEach((name, pool) -> {
                    metrics.withPrice(name, pool.replica().pricePerHour());
                    Quotas ofPool = quotas.get(name);
                    if (ofPool != null) {
                        metrics.withQuotas(pool.quotas() == null ? TidegateMetrics.SHARED : name, ofPool);
                    }
                });
                limits.forEach(metrics::withLimit);
                owned(made, metrics).bindTo(registry);
            }
            owned(made, new LimitTicks(clock, limits)).start();
            engine.start();
            // What uses others was made after them, so it is closed before them.
            List<AutoCloseable> closing = new ArrayList<>(made);
            java.util.Collections.reverse(closing);
            return new Tidegate(gates, limits, quotas, engine, closing);
        }

        /** The quotas of each pool that has some; the same object where pools share. */
        private Map<String, Quotas> quotas(TimeSource clock) {
            Map<String, Quotas> all = new LinkedHashMap<>();
            Quotas shared = config.quotas() == null ? null : config.quotas().toQuotas(clock);
            config.pools().forEach((name, pool) -> {
                Quotas quotas = pool.quotas() == null ? shared : pool.quotas().toQuotas(clock);
                if (quotas != null) {
                    all.put(name, quotas);
                }
            });
            return all;
        }

        private Gate gate(String name, PoolConfig pool, @Nullable Quotas quotas, TimeSource clock) {
            Gate.Builder builder = Gate.builder(name)
                    .time(clock)
                    .maxQueued(pool.maxQueued())
                    .maxTenants(pool.maxTenants())
                    .shedByRank(pool.shedByRank())
                    .tierOrder(pool.order())
                    .leakDetection(pool.leakDetection())
                    .leakSites(pool.leakSites());
            for (Tier tier : pool.tierList()) {
                builder.tier(tier);
                pool.tenantRates()
                        .getOrDefault(tier.name(), Map.of())
                        .forEach((tenant, rate) -> builder.tokensPerSecond(tier, tenant, rate));
            }
            QuotasConfig settings = pool.quotas() == null ? config.quotas() : pool.quotas();
            if (quotas != null && settings != null) {
                builder.quotas(quotas).quotasReserveMaximum(settings.reserveMaximum());
            }
            if (callbacks != null) {
                builder.callbackExecutor(callbacks);
            }
            // A pool that is scaled has no replicas until its backend says so; the others get theirs by way of the
            // limit.
            return builder.supply(Supply.fixed(0, pool.replica().work())).build();
        }

        /** One for each pool, whatever its mode: each may be told of rejections, and new replicas start slowly in each. */
        private static LimitController limit(PoolConfig pool, Gate gate, TimeSource clock) {
            LimitController limit = LimitController.builder(clock, gate::supply, gate::inFlight)
                    .settings(pool.limit().toSettings())
                    .build();
            if (pool.scaling() == null) {
                limit.accept(Supply.fixed(pool.replica().count(), pool.replica().work()));
            }
            return limit;
        }

        /** Reads the sources of a pool, also of one that is not scaled: its limit may hang on them. */
        private @Nullable SignalBoard board(
                String name, LimitController limit, TimeSource clock, List<AutoCloseable> made) {
            List<Polled> polled = sources.getOrDefault(name, List.of());
            if (polled.isEmpty()) {
                return null;
            }
            SignalBoard board = owned(made, new SignalBoard(clock, signalExecutor(made)));
            polled.forEach(each -> board.add(each.source().apply(clock, limit), each.period(), each.staleAfter()));
            return board;
        }

        private ScaledPool scaled(
                String name,
                PoolConfig pool,
                ScalingConfig scaling,
                Gate gate,
                LimitController limit,
                @Nullable SignalBoard board,
                List<AutoCloseable> made) {
            ScaledPool.Builder builder = ScaledPool.builder(name)
                    .load(gate::load)
                    .supply(limit)
                    .backend(backend(name, scaling, made))
                    .replicaWork(pool.replica().work())
                    .timeToReady(pool.replica().timeToReady())
                    .bounds(scaling.min(), scaling.max())
                    .period(scaling.period())
                    .rateWindow(scaling.rateWindow())
                    .stabilizationWindow(scaling.stabilizationWindow())
                    .stepUp(step(Step.Direction.UP, scaling.up()))
                    .stepDown(step(Step.Direction.DOWN, scaling.down()))
                    .policy(BacklogPolicy.builder()
                            .targetUtilization(scaling.targetUtilization())
                            .drainWindow(scaling.drainWindow())
                            .build());
            policies.getOrDefault(name, List.of()).forEach(builder::policy);
            if (board != null) {
                builder.signals(board::signals);
            }
            return builder.build();
        }

        private Executor signalExecutor(List<AutoCloseable> made) {
            if (executor != null) {
                return executor;
            }
            ExecutorService threads = Executors.newCachedThreadPool(task -> {
                Thread thread = new Thread(task, "tidegate-signals");
                thread.setDaemon(true);
                return thread;
            });
            made.add(threads::shutdownNow);
            return threads;
        }

        private ScalerBackend backend(String name, ScalingConfig scaling, List<AutoCloseable> made) {
            ScalerBackend given = backends.get(name);
            if (given != null) {
                return given;
            }
            if (scaling.backend() == null) {
                throw new IllegalArgumentException("pools." + name
                        + ".scaling.backend is required: name a type, or give a backend to the builder");
            }
            return owned(
                    made,
                    ScalerBackends.create(
                            scaling.backend().type(), scaling.backend().settings()));
        }

        private static Step step(Step.Direction direction, StepConfig step) {
            return new Step(direction, step.replicas(), step.share(), step.period());
        }

        private String known(String pool) {
            if (!config.pools().containsKey(pool)) {
                throw new IllegalArgumentException("no pool \"" + pool + "\" is configured, only "
                        + config.pools().keySet());
            }
            return pool;
        }

        private static <T extends AutoCloseable> T owned(List<AutoCloseable> made, T closeable) {
            made.add(closeable);
            return closeable;
        }
    }
}
