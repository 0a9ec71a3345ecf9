/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineListener;
import io.tidegate.ledger.Ledger;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Scales pools: on a period, and at once when {@link #wake} is called.
 *
 * <p>Rounds of all pools run on one thread of the engine; calls to backends run on others, with a time-out, so that a slow
 * backend delays neither rounds nor requests. A failing plugin, backend, ledger or listener is counted, logged once per change
 * of state, and leaves the last safe state.
 *
 * <p>Safe for use by many threads. {@link #close()} stops deciding; it does not change what backends run.
 *
 * @since 0.1.0
 */
public final class Engine implements AutoCloseable {

    private final TimeSource time;
    private final Executor rounds;
    private final List<ExecutorService> owned;
    private final List<EngineListener> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, PoolLoop> loops = new LinkedHashMap<>();
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile boolean closed;

    private Engine(Builder builder) {
        this.time = Objects.requireNonNull(builder.time);
        Executor calls;
        if (builder.executor == null) {
            ExecutorService one = Executors.newSingleThreadExecutor(daemons("tidegate-engine"));
            ExecutorService many = Executors.newCachedThreadPool(daemons("tidegate-backend"));
            owned = List.of(one, many);
            rounds = one;
            calls = many;
        } else {
            owned = List.of();
            rounds = builder.executor;
            calls = builder.executor;
        }
        listeners.addAll(builder.listeners);
        for (ScaledPool pool : builder.pools) {
            PoolLoop loop = new PoolLoop(pool, time, rounds, calls, builder.ledger, listeners);
            if (loops.put(pool.name(), loop) != null) {
                throw new IllegalArgumentException("two pools are named \"" + pool.name() + "\"");
            }
        }
    }

    /** Starts the settings of an engine. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins to decide; harmless when called twice. */
    public void start() {
        if (started.compareAndSet(false, true)) {
            for (PoolLoop loop : loops.values()) {
                repeat(loop.period(), loop::request);
                if (loop.period().compareTo(loop.statusPeriod()) > 0) {
                    // Admission must hear of replicas between two decisions, and no decision may rest on an old status.
                    repeat(loop.statusPeriod(), loop::look);
                }
            }
        }
    }

    private void repeat(Duration period, Runnable task) {
        if (!closed) {
            time.schedule(period.toNanos(), () -> repeat(period, task));
            task.run();
        }
    }

    /**
     * Asks for a round of this pool at once, such as when a request finds no replica; ignored for unknown pools and before the
     * start. Who asks again within 50 ms is answered by one more round at their end, so that a queue that comes and goes with
     * each request does not keep the engine busy.
     */
    public void wake(String pool) {
        PoolLoop loop = loops.get(pool);
        if (loop != null && started.get() && !closed) {
            loop.wake();
        }
    }

    /** The pools it scales. */
    public Set<String> pools() {
        return Set.copyOf(loops.keySet());
    }

    /**
     * What it knows of a pool.
     *
     * @throws IllegalArgumentException if it does not scale a pool of that name
     */
    public PoolState state(String pool) {
        PoolLoop loop = loops.get(pool);
        if (loop == null) {
            throw new IllegalArgumentException("no pool \"" + pool + "\", only " + loops.keySet());
        }
        return loop.state();
    }

    /** Attaches a listener. */
    public void addListener(EngineListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
    }

    /** Detaches a listener; harmless if it is not attached. */
    public void removeListener(EngineListener listener) {
        listeners.remove(listener);
    }

    /** Stops deciding. Calls under way are interrupted. Backends and the ledger are closed by whoever made them. */
    @Override
    public void close() {
        closed = true;
        loops.values().forEach(PoolLoop::close);
        owned.forEach(ExecutorService::shutdownNow);
    }

    private static ThreadFactory daemons(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Collects the settings of an {@link Engine}. Not safe for use by several threads. */
    public static final class Builder {

        private final List<ScaledPool> pools = new ArrayList<>();
        private final List<EngineListener> listeners = new ArrayList<>();
        private @Nullable TimeSource time;
        private @Nullable Executor executor;
        private Ledger ledger = Ledger.none();

        private Builder() {}

        /** Adds a pool. Names must differ. */
        public Builder pool(ScaledPool pool) {
            pools.add(Objects.requireNonNull(pool, "pool"));
            return this;
        }

        /** The clock. Required. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /** Where decisions and scale events are written; nowhere by default. */
        public Builder ledger(Ledger ledger) {
            this.ledger = Objects.requireNonNull(ledger, "ledger");
            return this;
        }

        /** Attaches a listener from the first round on. */
        public Builder listener(EngineListener listener) {
            listeners.add(Objects.requireNonNull(listener, "listener"));
            return this;
        }

        /**
         * Runs rounds and backend calls instead of threads of the engine's own. It must run tasks one at a time: {@code
         * Runnable::run} with a {@link io.tidegate.time.ManualTime} makes every round a plain call, for tests and simulation.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** The engine, not yet started. */
        public Engine build() {
            if (time == null) {
                throw new IllegalArgumentException("time is required: SystemTime.start(), or ManualTime in a test");
            }
            return new Engine(this);
        }
    }
}
