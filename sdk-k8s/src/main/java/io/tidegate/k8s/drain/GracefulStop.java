/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import io.tidegate.admission.Gate;
import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Stops a gateway that is told to, as by {@code SIGTERM}, in the order that cuts least: it says that it is not ready; it stops leading,
 * who writes first; it goes on admitting until those who send it requests have noticed; it admits nobody more; it lets what is in flight
 * finish for the grace; it cancels the rest.
 *
 * <pre>{@code
 * GracefulStop stop = GracefulStop.builder(time)
 *         .notReady(() -> ready.set(false))
 *         .stopLeading(() -> { engine.close(); leadership.close(); })
 *         .gates(tidegate.gates())
 *         .grace(Duration.ofSeconds(40))
 *         .cancelRest(streams::cancelAll)
 *         .build();
 * Runtime.getRuntime().addShutdownHook(new Thread(() -> stop.stop().join()));
 * }</pre>
 *
 * <p>A step that fails is logged, and the next is done; one that does not come to its end within 2 s is left behind. {@code
 * terminationGracePeriodSeconds} of the pod must be longer than {@link Builder#announcement}, {@link Builder#grace} and 4 s together.
 * Stopping twice is stopping once.
 *
 * @since 0.1.0
 */
public final class GracefulStop {

    private static final Logger LOG = BoundedLog.of(GracefulStop.class);
    private static final long STEP_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long LOOK_NANOS = Duration.ofMillis(20).toNanos();

    private final TimeSource time;
    private final Runnable notReady;
    private final Runnable stopLeading;
    private final List<Gate> gates;
    private final Duration announcement;
    private final Duration grace;
    private final Runnable cancelRest;
    private final @Nullable Executor executor;
    private final AtomicReference<@Nullable CompletableFuture<Stopped>> stopping = new AtomicReference<>();

    private GracefulStop(Builder builder) {
        this.time = builder.time;
        this.notReady = builder.notReady;
        this.stopLeading = builder.stopLeading;
        this.gates = List.copyOf(builder.gates);
        this.announcement = builder.announcement;
        this.grace = builder.grace;
        this.cancelRest = builder.cancelRest;
        this.executor = builder.executor;
    }

    /**
     * Starts one with the defaults.
     *
     * @param time the clock of all waits
     */
    public static Builder builder(TimeSource time) {
        return new Builder(time);
    }

    /**
     * How it went.
     *
     * @param cancelled permits that were held when the grace was over
     * @param left permits that are held still, though what holds them was cancelled
     */
    public record Stopped(int cancelled, int left) {}

    /**
     * Stops; called again it answers the same.
     *
     * @return completed when nothing is in flight any more, or 2 s after the rest was cancelled
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the last stage completes the answer and has no result of its own
    public CompletableFuture<Stopped> stop() {
        CompletableFuture<Stopped> made = new CompletableFuture<>();
        CompletableFuture<Stopped> found = stopping.compareAndExchange(null, made);
        if (found != null) {
            return found.copy();
        }
        ExecutorService owned = executor == null ? thread() : null;
        Executor runs = executor == null ? Objects.requireNonNull(owned) : executor;
        step("notReady", notReady, runs)
                .thenCompose(ignored -> step("stopLeading", stopLeading, runs))
                .thenCompose(ignored -> after(announcement))
                .thenCompose(ignored -> drained())
                .thenCompose(held -> held == 0
                        ? CompletableFuture.completedFuture(new Stopped(0, 0))
                        : step("cancelRest", cancelRest, runs).thenCompose(ignored -> empty(held)))
                .whenComplete((stopped, failure) -> {
                    if (owned != null) {
                        owned.shutdown();
                    }
                    if (failure != null) {
                        made.completeExceptionally(failure);
                    } else {
                        made.complete(stopped);
                    }
                });
        return made.copy();
    }

    private static ExecutorService thread() {
        return Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "tidegate-stop");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Done when the step is, when it fails, and in any case after 2 s. */
    private CompletableFuture<Void> step(String name, Runnable step, Executor runs) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        TimeSource.Task late = time.schedule(STEP_NANOS, () -> {
            if (done.complete(null)) {
                LOG.warn("{} has not come to its end within 2 s and is left behind", name);
            }
        });
        runs.execute(() -> {
            try {
                step.run();
            } catch (RuntimeException | Error e) {
                LOG.warn("{} failed", name, e);
            }
            late.cancel();
            done.complete(null);
        });
        return done;
    }

    private CompletableFuture<Void> after(Duration wait) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        if (wait.isZero()) {
            over.complete(null);
        } else {
            time.schedule(wait.toNanos(), () -> over.complete(null));
        }
        return over;
    }

    /** Permits that are held when all gates are empty or the grace is over. */
    private CompletableFuture<Integer> drained() {
        CompletableFuture<Integer> all = CompletableFuture.completedFuture(0);
        for (Gate gate : gates) {
            all = all.thenCombine(gate.drain(grace), (sum, drained) -> sum + drained.inFlight());
        }
        return all;
    }

    private CompletableFuture<Stopped> empty(int held) {
        CompletableFuture<Stopped> settled = new CompletableFuture<>();
        look(held, time.nanos() + STEP_NANOS, settled);
        return settled;
    }

    private void look(int held, long endNanos, CompletableFuture<Stopped> settled) {
        int left = gates.stream().mapToInt(gate -> gate.inFlight().slots()).sum();
        if (left == 0 || time.nanos() - endNanos >= 0) {
            settled.complete(new Stopped(held, left));
        } else {
            time.schedule(LOOK_NANOS, () -> look(held, endNanos, settled));
        }
    }

    /** Collects the settings of a {@link GracefulStop}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Duration LONGEST = Duration.ofHours(1);

        private final TimeSource time;
        private Runnable notReady = () -> {};
        private Runnable stopLeading = () -> {};
        private final List<Gate> gates = new ArrayList<>();
        private Duration announcement = Duration.ofSeconds(5);
        private Duration grace = Duration.ofSeconds(20);
        private Runnable cancelRest = () -> {};
        private @Nullable Executor executor;

        private Builder(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
        }

        /** Has the readiness probe say no. Does nothing by default. */
        public Builder notReady(Runnable notReady) {
            this.notReady = Objects.requireNonNull(notReady, "notReady");
            return this;
        }

        /** Closes who writes, and then gives leadership back. Does nothing by default. */
        public Builder stopLeading(Runnable stopLeading) {
            this.stopLeading = Objects.requireNonNull(stopLeading, "stopLeading");
            return this;
        }

        /** Gates that are to be emptied. */
        public Builder gates(Collection<Gate> gates) {
            this.gates.addAll(gates);
            return this;
        }

        /**
         * How long it goes on admitting once it says that it is not ready, 0 to 1 hour; 5 s by default. As long as those who send it
         * requests take to notice; zero where a {@code preStop} hook has waited already.
         */
        public Builder announcement(Duration announcement) {
            this.announcement = within("announcement", announcement);
            return this;
        }

        /** How long what is in flight, or waits, may take to finish, 0 to 1 hour; 20 s by default. */
        public Builder grace(Duration grace) {
            this.grace = within("grace", grace);
            return this;
        }

        /** Cancels what is in flight still, so that its permits are closed. Does nothing by default. */
        public Builder cancelRest(Runnable cancelRest) {
            this.cancelRest = Objects.requireNonNull(cancelRest, "cancelRest");
            return this;
        }

        /** Runs the steps that are the caller's, in place of threads of its own. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        private static Duration within(String setting, Duration value) {
            if (value.isNegative() || value.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(setting + " must be 0 to 1 hour but was " + value);
            }
            return value;
        }

        /** The stop; nothing happens before it is called. */
        public GracefulStop build() {
            return new GracefulStop(this);
        }
    }
}
