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
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Tier;
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
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything of one gateway, made from one configuration: a gate for each pool, the engine that scales them, the ledger, the
 * meters.
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
    private final Engine engine;
    private final List<AutoCloseable> closeables;

    private Tidegate(Map<String, Gate> gates, Engine engine, List<AutoCloseable> closeables) {
        this.gates = Map.copyOf(gates);
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
        Gate gate = gates.get(pool);
        if (gate == null) {
            throw new IllegalArgumentException("no pool \"" + pool + "\" is configured, only " + gates.keySet());
        }
        return gate;
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

        /** A source and how often it is read. */
        private record Polled(SignalSource source, Duration period) {

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
            sources.computeIfAbsent(known(pool), ignored -> new ArrayList<>()).add(new Polled(source, period));
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
            Engine.Builder engineBuilder = Engine.builder().time(clock).ledger(ledger);
            listeners.forEach(engineBuilder::listener);
            if (executor != null) {
                engineBuilder.executor(executor);
            }
            config.pools().forEach((name, pool) -> {
                Gate gate = gate(name, pool, clock);
                gates.put(name, gate);
                if (pool.scaling() != null) {
                    engineBuilder.pool(scaled(name, pool, pool.scaling(), gate, clock, made));
                }
            });
            Engine engine = engineBuilder.build();
            gates.forEach((name, gate) -> gate.onDemand(() -> engine.wake(name)));
            if (registry != null) {
                TidegateMetrics metrics = new TidegateMetrics(gates.values(), engine);
                config.pools()
                        .forEach((name, pool) ->
                                metrics.withPrice(name, pool.replica().pricePerHour()));
                owned(made, metrics).bindTo(registry);
            }
            engine.start();
            // What uses others was made after them, so it is closed before them.
            List<AutoCloseable> closing = new ArrayList<>(made);
            java.util.Collections.reverse(closing);
            return new Tidegate(gates, engine, closing);
        }

        private Gate gate(String name, PoolConfig pool, TimeSource clock) {
            Gate.Builder builder = Gate.builder(name)
                    .time(clock)
                    .maxQueued(pool.maxQueued())
                    .tierOrder(pool.order())
                    .leakDetection(pool.leakDetection())
                    .leakSites(pool.leakSites());
            for (Tier tier : pool.tierList()) {
                builder.tier(tier);
            }
            if (callbacks != null) {
                builder.callbackExecutor(callbacks);
            }
            // A pool that is scaled has no replicas until its backend says so.
            int replicas = pool.scaling() == null ? pool.replica().count() : 0;
            return builder.supply(Supply.fixed(replicas, pool.replica().work())).build();
        }

        private ScaledPool scaled(
                String name,
                PoolConfig pool,
                ScalingConfig scaling,
                Gate gate,
                TimeSource clock,
                List<AutoCloseable> made) {
            ScaledPool.Builder builder = ScaledPool.builder(name)
                    .load(gate::load)
                    .supply(gate::supply)
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
            List<Polled> polled = sources.getOrDefault(name, List.of());
            if (!polled.isEmpty()) {
                SignalBoard board = owned(made, new SignalBoard(clock, signalExecutor(made)));
                polled.forEach(each -> board.add(each.source(), each.period(), each.staleAfter()));
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
