/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.alert.spi.AlertListener;
import io.tidegate.engine.spi.EngineListener;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.LedgerStatus;
import io.tidegate.log.BoundedLog;
import io.tidegate.plugin.PluginStatus;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Scales pools: on a period, and at once when {@link #wake} is called.
 *
 * <p>Rounds of all pools run on one thread of the engine; calls to backends, and to policies that are not of this library, run on
 * others, with a time-out, so that a slow one delays neither rounds nor requests. Guardrails and listeners run on the engine's
 * thread, and must answer from memory. A failing plugin, backend, ledger or listener is counted, logged once per change
 * of state, and leaves the last safe state.
 *
 * <p>Safe for use by many threads. {@link #close()} stops deciding; it does not change what backends run.
 *
 * @since 0.1.0
 */
public final class Engine implements AutoCloseable {

    private static final Logger LOG = BoundedLog.of(Engine.class);

    /** Longest wait for the memory at the end, in real time. */
    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final TimeSource time;
    private final Executor rounds;
    private final List<ExecutorService> owned;
    private final List<EngineListener> listeners = new CopyOnWriteArrayList<>();
    private final AlertDeliveries deliveries;
    private final Map<String, PoolLoop> loops = new LinkedHashMap<>();
    private final Map<String, List<Beat>> beats = new ConcurrentHashMap<>();
    private final AtomicBoolean started = new AtomicBoolean();
    private final Ledger ledger;
    private volatile boolean closed;

    private Engine(Builder builder) {
        this.ledger = builder.ledger;
        this.time = Objects.requireNonNull(builder.time);
        Executor calls;
        if (builder.executor == null) {
            ExecutorService one = Executors.newSingleThreadExecutor(daemons("tidegate-engine"));
            rounds = one;
            if (builder.calls == null) {
                ExecutorService many = Executors.newCachedThreadPool(daemons("tidegate-backend"));
                owned = List.of(one, many);
                calls = many;
            } else {
                owned = List.of(one);
                calls = builder.calls;
            }
        } else {
            owned = List.of();
            rounds = builder.executor;
            calls = builder.calls == null ? builder.executor : builder.calls;
        }
        listeners.addAll(builder.listeners);
        deliveries = new AlertDeliveries(builder.alerts, time, calls);
        for (ScaledPool pool : builder.pools) {
            PoolLoop loop = new PoolLoop(
                    pool,
                    time,
                    rounds,
                    calls,
                    builder.ledger,
                    builder.memory,
                    builder.leadership,
                    listeners,
                    deliveries);
            if (loops.put(pool.name(), loop) != null) {
                throw new IllegalArgumentException("two pools are named \"" + pool.name() + "\"");
            }
        }
        builder.leadership.onChange(() -> loops.keySet().forEach(pool -> wake(pool, Trigger.OTHER)));
    }

    /** Starts the settings of an engine. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins to decide; harmless when called twice. */
    public void start() {
        if (started.compareAndSet(false, true)) {
            for (Map.Entry<String, PoolLoop> each : loops.entrySet()) {
                PoolLoop loop = each.getValue();
                loop.start();
                List<Beat> both = List.of(
                        new Beat(loop::period, loop::request),
                        // Admission must hear of replicas between two decisions, and no decision may rest on an old
                        // status.
                        new Beat(loop::statusPeriod, loop::lookBetweenRounds));
                beats.put(each.getKey(), both);
                both.forEach(Beat::beat);
            }
        }
    }

    /**
     * Something done over and over, one after the other: a process that stood still goes on with one, and does not make up for those
     * it missed.
     */
    private final class Beat {

        private final Supplier<Duration> period;
        private final Runnable task;
        private final ReentrantLock lock = new ReentrantLock();
        private Duration used = Duration.ZERO;
        private TimeSource.@Nullable Task next;

        Beat(Supplier<Duration> period, Runnable task) {
            this.period = period;
            this.task = task;
        }

        void beat() {
            if (!closed) {
                schedule();
                task.run();
            }
        }

        /** Goes on with the period there is now: the one before may be long. */
        void changed() {
            boolean other;
            lock.lock();
            try {
                other = !used.equals(period.get());
            } finally {
                lock.unlock();
            }
            if (other && !closed) {
                schedule();
            }
        }

        private void schedule() {
            lock.lock();
            try {
                if (next != null) {
                    next.cancel();
                }
                used = period.get();
                next = time.schedule(used.toNanos(), this::beat);
            } finally {
                lock.unlock();
            }
        }
    }

    /** As {@link #wake(String, Trigger)}, for no stated reason. */
    public void wake(String pool) {
        wake(pool, Trigger.OTHER);
    }

    /**
     * Asks for a round of this pool at once, such as when a request finds no replica; ignored for unknown pools and before the
     * start. Who asks again within the pool's {@code eventGap} is answered by one more round at its end.
     *
     * @param trigger what happened; decisions of that round bear it
     */
    public void wake(String pool, Trigger trigger) {
        PoolLoop loop = loops.get(pool);
        if (loop != null && started.get() && !closed) {
            loop.wake(trigger);
        }
    }

    /**
     * Pins or pauses a pool from now on; in place of what was said before.
     *
     * @throws IllegalArgumentException if it does not scale a pool of that name
     */
    public void override(String pool, ManualOverride override) {
        known(pool).override(Objects.requireNonNull(override, "override"));
    }

    /**
     * Ends what {@link #override} began; harmless if nothing was said.
     *
     * @throws IllegalArgumentException if it does not scale a pool of that name
     */
    public void resume(String pool) {
        known(pool).override(null);
    }

    /**
     * Goes on with other settings of a pool, between two rounds and as a whole. What is known stays: its history, what was learned, an
     * override, open scale events. A shadow of the same name goes on, another begins anew. The backend before is not closed; a call
     * under way to it is no longer waited for, and until the other is heard of nothing is decided.
     *
     * @throws IllegalArgumentException if it does not scale a pool of that name
     */
    public void reconfigure(ScaledPool pool) {
        known(pool.name())
                .reconfigure(
                        pool, () -> beats.getOrDefault(pool.name(), List.of()).forEach(Beat::changed));
    }

    /**
     * A replica wrote its first token, as a gateway sees it; for the account of the scale event that brought it. Later calls for the same
     * replica change nothing and cost a look into a map. From any thread; unknown pools are ignored.
     *
     * @param replica its name, as the backend's births give it where they do
     */
    public void firstToken(String pool, String replica) {
        PoolLoop loop = loops.get(pool);
        if (loop != null) {
            loop.firstToken(replica);
        }
    }

    /** The clock it goes by. */
    public TimeSource time() {
        return time;
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
        return known(pool).state();
    }

    /**
     * How each plugin does that is called for a pool: its backend, and policies that are not of this library.
     *
     * @throws IllegalArgumentException if it does not scale a pool of that name
     */
    public List<PluginStatus> plugins(String pool) {
        return known(pool).plugins();
    }

    private PoolLoop known(String pool) {
        PoolLoop loop = loops.get(pool);
        if (loop == null) {
            throw new IllegalArgumentException("no pool \"" + pool + "\", only " + loops.keySet());
        }
        return loop;
    }

    /** How the ledger does; {@link LedgerStatus#UNKNOWN} if it does not say, or fails to. */
    public LedgerStatus ledgerStatus() {
        try {
            return ledger.status();
        } catch (RuntimeException e) {
            return LedgerStatus.UNKNOWN;
        }
    }

    /** Names of those who are told of alerts. */
    public Set<String> alertListeners() {
        return deliveries.names();
    }

    /** How each of those does who are told of alerts, in the order in which they were given. */
    public List<PluginStatus> alertListenerStatuses() {
        return deliveries.statuses();
    }

    /** Alerts that listeners of this name failed to take, or did not within 2 s, since the start. */
    public long alertsFailed(String listener) {
        return deliveries.failed(listener);
    }

    /** Alerts that listeners of this name were never told, because more than 256 waited for them, or the engine was closed. */
    public long alertsDropped(String listener) {
        return deliveries.dropped(listener);
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
        if (closed) {
            return;
        }
        closed = true;
        CompletableFuture<?>[] written = loops.values().stream()
                .map(loop -> loop.close(!owned.isEmpty()))
                .toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(written).get(CLOSE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("what must survive a restart was not written down in time", e);
        }
        deliveries.close();
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
        private final List<AlertListener> alerts = new ArrayList<>();
        private @Nullable TimeSource time;
        private @Nullable Executor executor;
        private @Nullable Executor calls;
        private Ledger ledger = Ledger.none();
        private @Nullable EngineMemory memory;
        private Leadership leadership = Leadership.alone();

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

        /** Where what must survive a restart is kept; nowhere by default. The caller closes it. */
        public Builder memory(EngineMemory memory) {
            this.memory = Objects.requireNonNull(memory, "memory");
            return this;
        }

        /**
         * Who of several gateways acts; this one alone by default. The others go on looking, so that admission knows of replicas, and take
         * over with the memory and the backend's word. The caller closes it, after the engine.
         */
        public Builder leadership(Leadership leadership) {
            this.leadership = Objects.requireNonNull(leadership, "leadership");
            return this;
        }

        /** Attaches a listener from the first round on. */
        public Builder listener(EngineListener listener) {
            listeners.add(Objects.requireNonNull(listener, "listener"));
            return this;
        }

        /** Tells a listener of alerts, on threads of {@link #calls}; nobody is told by default. The caller closes it. */
        public Builder alerts(AlertListener listener) {
            alerts.add(Objects.requireNonNull(listener, "listener"));
            return this;
        }

        /**
         * Runs rounds, and calls to backends and plugins, instead of threads of the engine's own. It must run tasks one at a time: {@code
         * Runnable::run} with a {@link io.tidegate.time.ManualTime} makes every round a plain call, for tests and simulation.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * Runs calls to backends, memories, alert listeners and policies that are not of this library, in place of threads of the engine's
         * own or of {@link #executor}. Give it a thread for each call that may hang at once: two for each such plugin, one for each alert
         * listener.
         */
        public Builder calls(Executor calls) {
            this.calls = Objects.requireNonNull(calls, "calls");
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
