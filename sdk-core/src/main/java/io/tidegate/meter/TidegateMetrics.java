/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.tidegate.admission.Gate;
import io.tidegate.config.ConfigWatcher;
import io.tidegate.engine.Engine;
import io.tidegate.limit.LimitController;
import io.tidegate.log.BoundedLog;
import io.tidegate.quota.Quotas;
import io.tidegate.signal.SourceStatus;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Registers the meters of gates and of the engine: {@code new TidegateMetrics(gates, engine).bindTo(registry)}.
 *
 * <p>Requests pay nothing for them, and neither requests, rounds nor the clock ever enter the registry: counts are read when the
 * registry asks for them; times, which a registry must be told one by one, are handed on once a second by a thread of their own, {@code
 * tidegate-meters}, and by {@link #publish()}. While a registry hangs they are gathered, in bounded memory. A value handed on is within
 * 3.2 % or 16 µs of the true one, and of more than 100,000 values a second in one timer a part of them is handed on that has
 * their distribution.
 *
 * <p>Tags come from closed sets; tenants are never one. {@link #close()} detaches from the gates and the engine and removes the
 * meters. What a registry throws does not reach requests. For one registry; make another for another.
 *
 * @since 0.1.0
 */
public final class TidegateMetrics implements MeterBinder, AutoCloseable {

    private static final Logger LOG = BoundedLog.of(TidegateMetrics.class);

    /** Longest wait for a registry to let go of meters, in real time. */
    private static final Duration REMOVE = Duration.ofSeconds(2);

    /** The tag {@code pool} of quotas that pools share: for each of them the same, they would be counted several times. */
    public static final String SHARED = "*";

    private final List<Gate> gates;
    private final List<Engine> engines;
    private final Map<String, DoubleSupplier> prices = new LinkedHashMap<>();
    private @Nullable ConfigWatcher config;
    private final Map<String, LimitController> limits = new LinkedHashMap<>();
    private final Map<String, Quotas> quotas = new LinkedHashMap<>();
    private static final long PERIOD_NANOS = 1_000_000_000;

    private final LongAdder failures = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Map<String, Supplier<List<SourceStatus>>> sources = new LinkedHashMap<>();
    private final List<Publishing> publishing = new CopyOnWriteArrayList<>();
    /** One at a time: two would hand on the same values. */
    private final ReentrantLock handing = new ReentrantLock();

    private @Nullable Executor executor;
    private final List<Runnable> undo = new ArrayList<>();

    /** Meters of gates alone. */
    public TidegateMetrics(Collection<Gate> gates) {
        this.gates = List.copyOf(gates);
        this.engines = List.of();
    }

    /** Meters of gates and of the engine that scales their pools. */
    public TidegateMetrics(Collection<Gate> gates, Engine engine) {
        this.gates = List.copyOf(gates);
        this.engines = List.of(engine);
    }

    /** Adds the price of a replica of a pool, for {@link Meters#COST_RATE}; empty adds nothing. Call before binding. */
    public TidegateMetrics withPrice(String pool, OptionalDouble pricePerHour) {
        pricePerHour.ifPresent(price -> prices.put(pool, () -> price));
        return this;
    }

    /** Adds the price of a replica of a pool, asked whenever it is shown; NaN while it is not known. Call before binding. */
    public TidegateMetrics withPrice(String pool, DoubleSupplier pricePerHour) {
        prices.put(pool, pricePerHour);
        return this;
    }

    /** Adds whether the configuration file is what runs. Call before binding. */
    public TidegateMetrics withConfig(ConfigWatcher watcher) {
        config = watcher;
        return this;
    }

    /** Adds what the limit of a pool shows. Call before binding. */
    public TidegateMetrics withLimit(String pool, LimitController limit) {
        limits.put(pool, limit);
        return this;
    }

    /**
     * Adds what quotas show. Call before binding.
     *
     * @param pool the pool whose they are, or {@link #SHARED}
     */
    public TidegateMetrics withQuotas(String pool, Quotas of) {
        quotas.put(pool, of);
        return this;
    }

    /** Adds how the sources of a pool do; all of them must have been added to their board. Call before binding. */
    public TidegateMetrics withSources(String pool, Supplier<List<SourceStatus>> of) {
        sources.put(pool, of);
        return this;
    }

    /**
     * Hands times on by this executor and not by a thread of its own, {@code Runnable::run} in tests. Call before binding.
     *
     * @param executor runs one task at a time, which may block as a registry does
     */
    public TidegateMetrics withExecutor(Executor executor) {
        this.executor = executor;
        return this;
    }

    /**
     * Registers the meters and begins to count.
     *
     * @throws IllegalStateException if it is bound already: each request would be counted twice
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        if (!undo.isEmpty()) {
            throw new IllegalStateException("already bound to a registry; close it first, or make another for another");
        }
        Executor thread = executor != null ? executor : ownThread();
        Registration registration = new Registration(registry);
        // First, so that nothing is left behind where a registry refuses a meter halfway.
        undo.add(() -> remove(registration, registry, thread));
        for (Gate gate : gates) {
            GateMeters meters = new GateMeters(gate, registration);
            publishing.add(meters);
            Ticking ticking = new Ticking(gate.time(), meters, thread);
            undo.add(ticking::stop);
            ticking.start();
        }
        limits.forEach((pool, limit) -> LimitMeters.register(pool, limit, registration));
        ConfigWatcher watched = config;
        if (watched != null) {
            registration.gauge(Meters.CONFIG_STALE, () -> watched.problem().isPresent() ? 1 : 0);
            registration.counter(Meters.CONFIG_RELOADS, watched, it -> it.applied(), "applied");
            registration.counter(Meters.CONFIG_RELOADS, watched, it -> it.refused(), "refused");
        }
        quotas.forEach((pool, of) -> QuotaMeters.register(pool, of, registration));
        sources.forEach((pool, of) -> PluginMeters.sources(pool, of, registration));
        registration.counter(Meters.LOG_DROPPED, dropped, ignored -> BoundedLog.dropped());
        for (Engine engine : engines) {
            registration.counter(Meters.METERS_DROPPED, dropped, LongAdder::doubleValue);
            EngineMeters meters = new EngineMeters(engine, registration, prices, dropped);
            publishing.add(meters);
            engine.addListener(meters);
            undo.add(() -> engine.removeListener(meters));
            Ticking ticking = new Ticking(engine.time(), meters, thread);
            undo.add(ticking::stop);
            ticking.start();
        }
    }

    /** Made when there is something to hand on, and gone when there has been nothing for long. */
    private Executor ownThread() {
        ThreadPoolExecutor own =
                new ThreadPoolExecutor(1, 1, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "tidegate-meters");
                    thread.setDaemon(true);
                    return thread;
                });
        own.allowCoreThreadTimeOut(true);
        undo.add(own::shutdownNow);
        return own;
    }

    /** By the registry's own thread, for which nobody waits long. */
    private static void remove(Registration registration, MeterRegistry registry, Executor thread) {
        CompletableFuture<Void> removed = new CompletableFuture<>();
        try {
            thread.execute(() -> {
                try {
                    registration.meters().forEach((Meter meter) -> registry.remove(meter));
                    removed.complete(null);
                } catch (RuntimeException | Error e) {
                    removed.completeExceptionally(e);
                }
            });
            removed.get(REMOVE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
            LOG.warn("a meter registry did not let go of all meters", e);
        }
    }

    /** Times that a registry threw while it was handed times. */
    public long failures() {
        return failures.sum();
    }

    /**
     * Hands on all times counted until now, without waiting for the next second: before a push, or in a test. Waits for the registry as
     * long as that takes.
     */
    public void publish() {
        publishing.forEach(this::publish);
    }

    private void publish(Publishing meters) {
        handing.lock();
        try {
            meters.publish();
        } finally {
            handing.unlock();
        }
    }

    /** Waits for a registry that hangs no longer than 2 s; the thread that is in it is interrupted then. */
    @Override
    public void close() {
        // Last things first, but the thread that removes the meters must be there for it.
        List<Runnable> all = new ArrayList<>(undo);
        undo.clear();
        Collections.reverse(all);
        all.forEach(Runnable::run);
        publishing.clear();
    }

    /** Hands on the values of one gate or engine, once a second. */
    private final class Ticking implements Runnable {

        private final TimeSource time;
        private final Publishing meters;
        private final Executor thread;
        private final AtomicBoolean underWay = new AtomicBoolean();
        private volatile boolean stopped;
        private volatile boolean failing;
        private volatile TimeSource.@Nullable Task next;

        Ticking(TimeSource time, Publishing meters, Executor thread) {
            this.time = time;
            this.meters = meters;
            this.thread = thread;
        }

        void start() {
            if (!stopped) {
                next = time.schedule(PERIOD_NANOS, this);
            }
        }

        /** On the clock's thread, which must never wait for a registry. */
        @Override
        public void run() {
            try {
                // What is not handed on now is with the next.
                if (underWay.compareAndSet(false, true)) {
                    thread.execute(this::handOn);
                }
            } catch (RuntimeException | Error e) {
                underWay.set(false);
                failed(e);
            } finally {
                start();
            }
        }

        private void handOn() {
            try {
                publish(meters);
                failing = false;
            } catch (Throwable e) {
                failed(e);
            } finally {
                underWay.set(false);
            }
        }

        private void failed(Throwable e) {
            failures.increment();
            if (!failing) {
                failing = true;
                LOG.error("a meter registry failed; times it was not told are lost, requests are not affected", e);
            }
        }

        void stop() {
            stopped = true;
            TimeSource.Task task = next;
            if (task != null) {
                task.cancel();
            }
        }
    }
}
