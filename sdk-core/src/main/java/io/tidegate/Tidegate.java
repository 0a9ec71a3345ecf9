/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import io.micrometer.core.instrument.MeterRegistry;
import io.tidegate.admission.Gate;
import io.tidegate.alert.AlertListeners;
import io.tidegate.alert.LogAlerts;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.config.ConfigDiff;
import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigException.Problem;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.ConfigWatcher;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.engine.Engine;
import io.tidegate.engine.FileMemory;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.spi.EngineListener;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.instrument.GatedProxy;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.Ledger;
import io.tidegate.limit.LimitController;
import io.tidegate.limit.LimitSettings;
import io.tidegate.log.BoundedLog;
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.policy.spi.Policy;
import io.tidegate.quota.Quotas;
import io.tidegate.signal.SourceStatus;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

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

    private static final Logger LOG = BoundedLog.of(Tidegate.class);

    /** Settings of a pool that may change while requests pass. */
    private static final List<String> RELOADABLE = List.of(".scaling.", ".limit.", ".replica.");

    private final Builder builder;
    private final Map<String, PoolAssembly> pools = new LinkedHashMap<>();
    private final Map<String, Gate> gates = new LinkedHashMap<>();
    private final Map<String, LimitController> limits = new LinkedHashMap<>();
    private final Map<String, Quotas> quotas;
    private final Engine engine;
    private final @Nullable ConfigWatcher watcher;
    /** All that was made here, oldest first; a reload may add to it. */
    private final List<AutoCloseable> closeables;

    /** One reload at a time; never held while gates are asked. */
    private final ReentrantLock reloading = new ReentrantLock();

    private volatile TidegateConfig config;

    /** Guarded by reloading: what a reload makes after the end nobody would close. */
    private boolean closed;

    private Tidegate(Builder builder, TimeSource clock, List<AutoCloseable> made) {
        this.builder = builder;
        this.config = builder.config;
        FileLedger.Builder durable = config.ledger().toLedger().orElse(null);
        Ledger ledger = durable == null ? Ledger.none() : Builder.owned(made, opened(durable.time(clock)));
        this.quotas = quotas(config, clock);
        Engine.Builder engineBuilder = Engine.builder().time(clock).ledger(ledger);
        builder.listeners.forEach(engineBuilder::listener);
        alertListeners(config, made).forEach(engineBuilder::alerts);
        builder.alerts.forEach(engineBuilder::alerts);
        EngineMemory memory = builder.memory != null ? builder.memory : memory(config, made);
        if (memory != null) {
            engineBuilder.memory(memory);
        }
        if (builder.leadership != null) {
            engineBuilder.leadership(builder.leadership);
        }
        if (builder.executor != null) {
            engineBuilder.executor(builder.executor);
        }
        config.pools().forEach((name, pool) -> {
            PoolAssembly assembly =
                    new PoolAssembly(builder, name, pool, config.quotas(), quotas.get(name), clock, made);
            pools.put(name, assembly);
            gates.put(name, assembly.gate());
            limits.put(name, assembly.limit());
            if (pool.scaling() != null) {
                engineBuilder.pool(assembly.scaled(pool, pool.scaling()));
                assembly.keep();
            }
        });
        this.engine = engineBuilder.build();
        gates.forEach((name, gate) -> gate.onDemand(() -> engine.wake(name, Decision.Trigger.QUEUE)));
        this.watcher = builder.watched == null ? null : watcher(builder.watched, clock, made);
        if (builder.registry != null) {
            Builder.owned(made, metrics()).bindTo(builder.registry);
        }
        Builder.owned(made, new LimitTicks(clock, limits)).start();
        engine.start();
        if (watcher != null) {
            watcher.start();
        }
        this.closeables = made;
    }

    /** Where rounds run on an executor, so does what they write: in virtual time it is then written when they say so. */
    private FileLedger opened(FileLedger.Builder durable) {
        return (builder.executor == null ? durable : durable.executor(builder.executor)).open();
    }

    /** Those the settings name, or the log. */
    private static List<AlertListener> alertListeners(TidegateConfig config, List<AutoCloseable> made) {
        if (config.alerts().listeners().isEmpty()) {
            return List.of(new LogAlerts());
        }
        List<AlertListener> listeners = new ArrayList<>();
        config.alerts().listeners().forEach((name, listener) -> {
            try {
                AlertListener found = AlertListeners.create(listener.type(), listener.settings());
                listeners.add(AlertListeners.named(name, Builder.owned(made, found)));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("alerts.listeners." + name + ": " + e.getMessage(), e);
            }
        });
        return listeners;
    }

    private static @Nullable EngineMemory memory(TidegateConfig config, List<AutoCloseable> made) {
        Path folder = config.memory().folder().orElse(null);
        try {
            return folder == null ? null : Builder.owned(made, FileMemory.in(folder));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "memory.folder " + folder + " cannot be made or written: " + e.getMessage(), e);
        }
    }

    private TidegateMetrics metrics() {
        TidegateMetrics metrics = new TidegateMetrics(gates.values(), engine);
        config.pools().forEach((name, pool) -> {
            metrics.withPrice(name, () -> pricePerHour(name));
            Quotas ofPool = quotas.get(name);
            if (ofPool != null) {
                metrics.withQuotas(pool.quotas() == null ? TidegateMetrics.SHARED : name, ofPool);
            }
        });
        limits.forEach(metrics::withLimit);
        pools.forEach((name, pool) -> {
            if (!pool.sources().isEmpty()) {
                metrics.withSources(name, pool::sources);
            }
        });
        if (builder.executor != null) {
            metrics.withExecutor(builder.executor);
        }
        if (watcher != null) {
            metrics.withConfig(watcher);
        }
        return metrics;
    }

    private double pricePerHour(String pool) {
        PoolConfig settings = config.pools().get(pool);
        return settings == null ? Double.NaN : settings.replica().pricePerHour().orElse(Double.NaN);
    }

    private ConfigWatcher watcher(Watched watched, TimeSource clock, List<AutoCloseable> made) {
        ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
            Thread looking = new Thread(task, "tidegate-config");
            looking.setDaemon(true);
            return looking;
        });
        made.add(thread::shutdownNow);
        return Builder.owned(
                made,
                new ConfigWatcher(
                        watched.file(),
                        watched.text(),
                        clock,
                        watched.period(),
                        builder.executor == null ? thread : builder.executor,
                        this::reload));
    }

    /** A file that is looked at for changes. */
    private record Watched(Path file, String text, Duration period) {}

    /** The quotas of each pool that has some; the same object where pools share. */
    private static Map<String, Quotas> quotas(TidegateConfig config, TimeSource clock) {
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

    /**
     * Starts from a YAML file, with backends from the class path, and looks for changes of the file every 10 s: see {@link
     * Builder#watch}.
     *
     * @throws ConfigException naming everything that is wrong with the file
     */
    public static Tidegate start(Path config, MeterRegistry registry) {
        return builder(config).meters(registry).watch(Duration.ofSeconds(10)).start();
    }

    /**
     * Starts the settings that cannot be written in a file, for one that is.
     *
     * @throws ConfigException naming everything that is wrong with the file
     */
    public static Builder builder(Path file) {
        String text = ConfigReader.text(file);
        Builder made = new Builder(ConfigReader.parse(file.toString(), text));
        made.file = file;
        made.text = text;
        return made;
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

    /**
     * How each source of signals of a pool does, in the order in which they were added; empty if it has none.
     *
     * @throws IllegalArgumentException if there is no pool of that name
     */
    public List<SourceStatus> sources(String pool) {
        return ofPool(pools, pool).sources();
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

    /** The configuration that runs. */
    public TidegateConfig config() {
        return config;
    }

    /** Who looks for changes of the file, if somebody does. */
    public Optional<ConfigWatcher> watcher() {
        return Optional.ofNullable(watcher);
    }

    /**
     * Goes on with another configuration, while requests pass. All of {@code scaling}, {@code limit} and {@code replica} of each pool
     * may differ; whether a pool is scaled, which pools and tiers there are, quotas and the ledger may not. Checked and made as a whole
     * before anything changes; each pool changes between two of its rounds, and keeps what it knows. Whatever was given in Java stays.
     *
     * @return paths of the settings that changed; empty if none did
     * @throws ConfigException naming every setting that cannot change while running; nothing has changed then
     * @throws IllegalArgumentException if a policy or backend cannot be made; nothing has changed then
     * @throws IllegalStateException if a guardrail does not do what it is there for; nothing has changed then
     * @throws IllegalStateException if this is closed
     */
    public List<String> reload(TidegateConfig next) {
        reloading.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this is closed, and settings change only while it runs");
            }
            List<String> changed = ConfigDiff.paths(config, next);
            List<Problem> fixed = changed.stream()
                    .filter(path -> !isReloadable(path))
                    .map(path -> new Problem(
                            path, "cannot change while running: put back what it was, or restart the gateway"))
                    .toList();
            if (!fixed.isEmpty()) {
                throw new ConfigException("the new configuration", fixed);
            }
            swaps(next).forEach(Runnable::run);
            config = next;
            if (!changed.isEmpty()) {
                LOG.info("settings changed: {}", changed);
            }
            return changed;
        } finally {
            reloading.unlock();
        }
    }

    /** What puts these settings into force; all that may fail has been done. */
    private List<Runnable> swaps(TidegateConfig next) {
        List<Runnable> swaps = new ArrayList<>();
        try {
            next.pools().forEach((name, pool) -> {
                if (!pool.equals(config.pools().get(name))) {
                    PoolAssembly assembly = Objects.requireNonNull(pools.get(name));
                    LimitSettings limit = pool.limit().toSettings();
                    ScaledPool scaled = pool.scaling() == null ? null : assembly.scaled(pool, pool.scaling());
                    swaps.add(() -> {
                        assembly.limit().configure(limit);
                        if (scaled == null) {
                            assembly.fix(pool.replica());
                        } else {
                            engine.reconfigure(scaled);
                            assembly.keep();
                        }
                    });
                }
            });
        } catch (RuntimeException | Error e) {
            pools.values().forEach(PoolAssembly::discard);
            throw e;
        }
        return swaps;
    }

    private boolean isReloadable(String path) {
        return pools.keySet().stream()
                .anyMatch(pool -> RELOADABLE.stream().anyMatch(each -> path.startsWith("pools." + pool + each)));
    }

    /** {@link #reload(TidegateConfig)} from the file this was started from, at once. */
    public List<String> reload() {
        Path file = builder.file;
        if (file == null) {
            throw new IllegalStateException("not started from a file: hand in the configuration");
        }
        return reload(ConfigReader.read(file));
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
        reloading.lock();
        try {
            closed = true;
        } finally {
            reloading.unlock();
        }
        // Who writes is stopped first, so that another may lead at once, then who admits, then what both use.
        engine.close();
        if (builder.leadership != null) {
            closed(builder.leadership);
        }
        gates.values().forEach(Gate::close);
        // What uses others was made after them, so it is closed before them.
        List<AutoCloseable> closing = new ArrayList<>(closeables);
        closeables.clear();
        Collections.reverse(closing);
        for (AutoCloseable closeable : closing) {
            closed(closeable);
        }
    }

    private static void closed(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            LOG.warn("closing {} failed", closeable, e);
        }
    }

    /** Collects what cannot be written in a file. Not safe for use by several threads. */
    public static final class Builder {

        private static final Duration LEAST_STALE = Duration.ofSeconds(45);

        private final TidegateConfig config;
        final Map<String, ScalerBackend> backends = new LinkedHashMap<>();
        final Map<String, List<Policy>> policies = new LinkedHashMap<>();
        final Map<String, List<Guardrail>> guardrails = new LinkedHashMap<>();
        final Map<String, List<Polled>> sources = new LinkedHashMap<>();
        private final List<EngineListener> listeners = new ArrayList<>();
        private final List<AlertListener> alerts = new ArrayList<>();
        private @Nullable TimeSource time;
        private @Nullable MeterRegistry registry;

        @Nullable
        Executor executor;

        @Nullable
        Executor callbacks;

        @Nullable
        Long seed;

        private @Nullable EngineMemory memory;
        private @Nullable Leadership leadership;
        private @Nullable Path file;
        private @Nullable String text;
        private @Nullable Watched watched;

        /** What makes a source, and how often that is read. */
        record Polled(
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

        /** Adds a guardrail to a pool: see {@link io.tidegate.guardrail.Guardrails.Builder#guardrail}. */
        public Builder guardrail(String pool, Guardrail guardrail) {
            guardrails
                    .computeIfAbsent(known(pool), ignored -> new ArrayList<>())
                    .add(guardrail);
            return this;
        }

        /** Where what must survive a restart is kept, in place of the configured folder. The caller closes it. */
        public Builder memory(EngineMemory memory) {
            this.memory = Objects.requireNonNull(memory, "memory");
            return this;
        }

        /**
         * Who of several gateways that serve the same pools acts; this one by default. It is closed with the rest, as soon as nothing is
         * written any more and while requests in flight still end.
         */
        public Builder leadership(Leadership leadership) {
            this.leadership = Objects.requireNonNull(leadership, "leadership");
            return this;
        }

        /** Adds a policy to a pool, beside those that its settings name. */
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

        /** Tells a listener of alerts, beside those that the settings name. The caller closes it. */
        public Builder alerts(AlertListener listener) {
            alerts.add(Objects.requireNonNull(listener, "listener"));
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

        /**
         * Seed of what gates draw, for tests and simulation that must come out the same: see {@link Gate.Builder#seed}. By default how
         * tenants are dealt into shards and ranks is random, so that nobody can choose a name that suits them.
         */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** Runs the engine's rounds and calls instead of its own threads, for tests: see {@link Engine.Builder#executor}. */
        public Builder executor(Executor executor) {
            this.executor = executor;
            return this;
        }

        /**
         * Looks for changes of the file from time to time and applies what may change: {@link Tidegate#reload(TidegateConfig)}. A wrong
         * file changes nothing; {@code tidegate.config.stale} is 1 then.
         *
         * @param period time between looks; positive. A change is applied when two looks in a row found the same
         * @throws IllegalStateException if this was not made from a file
         */
        public Builder watch(Duration period) {
            if (file == null || text == null) {
                throw new IllegalStateException("only a file can be watched: Tidegate.builder(Path)");
            }
            watched = new Watched(file, text, period);
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
         * @throws IllegalStateException if a guardrail or quota that the settings demand is not asked, or lets pass what it exists to
         *     reject; nothing is left running then
         */
        public Tidegate start() {
            List<AutoCloseable> made = new CopyOnWriteArrayList<>();
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
            return new Tidegate(this, clock, made);
        }

        private String known(String pool) {
            if (!config.pools().containsKey(pool)) {
                throw new IllegalArgumentException("no pool \"" + pool + "\" is configured, only "
                        + config.pools().keySet());
            }
            return pool;
        }

        static <T extends AutoCloseable> T owned(List<AutoCloseable> made, T closeable) {
            made.add(closeable);
            return closeable;
        }
    }
}
