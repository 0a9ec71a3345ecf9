/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.k8s.drain.ScaleDown.Drained;
import io.tidegate.k8s.drain.ScaleDown.Draining;
import io.tidegate.ledger.Refusal;
import io.tidegate.log.BoundedLog;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A backend that lets replicas finish before it has another backend make the number smaller.
 *
 * <p>A request for fewer is accepted when who goes is chosen, sent nothing more and marked. The status then says what was asked for,
 * and counts those who go as running but not ready. When they have finished, or the grace is over, the other backend is asked. If it
 * refuses, all is as before and the status says so; the engine then decides anew. A request that comes meanwhile, for more or for
 * fewer, first takes back what was prepared. Requests for more go through at once.
 *
 * <p>For one pool. Safe for use by many threads, in calls as {@link ScalerBackend} describes them.
 *
 * @since 0.1.0
 */
public final class DrainingBackend implements ScalerBackend {

    private static final Logger LOG = BoundedLog.of(DrainingBackend.class);

    private final ScalerBackend backend;
    private final ScaleDown down;
    private final Duration grace;
    private final Executor executor;
    private final @Nullable ExecutorService owned;

    /** Guards below. No other code is called under it. */
    private final Object lock = new Object();

    private @Nullable Pending pending;
    private boolean closed;

    /** One that waits; by identity, as the same may be asked for twice. */
    private static final class Pending {

        /** As it goes to the other backend. */
        private final ScaleRequest request;

        private final Draining draining;

        Pending(ScaleRequest request, Draining draining) {
            this.request = request;
            this.draining = draining;
        }
    }

    /**
     * One in front of another backend.
     *
     * @param backend writes the number; closed with this
     * @param down prepares for it
     * @param grace how long replicas may take to finish, 0 to 1 hour
     */
    public DrainingBackend(ScalerBackend backend, ScaleDown down, Duration grace) {
        this(backend, down, grace, null);
    }

    /** One that asks the other backend on this executor once replicas have finished, for tests. */
    DrainingBackend(ScalerBackend backend, ScaleDown down, Duration grace, @Nullable Executor executor) {
        this.backend = Objects.requireNonNull(backend, "backend");
        this.down = Objects.requireNonNull(down, "down");
        if (grace.isNegative() || grace.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("grace must be 0 to 1 hour but was " + grace);
        }
        this.grace = grace;
        this.owned = executor == null ? thread() : null;
        this.executor = executor == null ? Objects.requireNonNull(owned) : executor;
    }

    private static ExecutorService thread() {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "tidegate-drain");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public ReplicaStatus status(String pool) throws Exception {
        ReplicaStatus found = backend.status(pool);
        Pending waiting = pending();
        if (waiting == null || found.desired() != waiting.request.from()) {
            return found;
        }
        int going = waiting.request.from() - waiting.request.to();
        return new ReplicaStatus(
                waiting.request.to(), found.running(), Math.max(0, found.ready() - going), found.births());
    }

    @Override
    @SuppressWarnings(
            "FutureReturnValueIgnored") // the stage that goes on has no result of its own, and contains what fails
    public void scale(ScaleRequest request) throws Exception {
        int from = takeBack(request.from());
        if (request.to() == from) {
            return;
        }
        ScaleRequest real = from == request.from()
                ? request
                : new ScaleRequest(
                        request.pool(),
                        from,
                        request.to(),
                        request.decisionId(),
                        request.reason(),
                        request.key(),
                        request.epoch());
        if (request.to() > from) {
            backend.scale(real);
            return;
        }
        Draining draining = begin(from - request.to());
        Pending mine = new Pending(real, draining);
        boolean kept;
        synchronized (lock) {
            kept = !closed;
            if (kept) {
                pending = mine;
            }
        }
        if (!kept) {
            draining.cancel();
            throw new IllegalStateException("this is closed");
        }
        draining.done().whenCompleteAsync((drained, failure) -> drained(mine, drained), executor);
    }

    private Draining begin(int count) {
        try {
            return down.begin(count, grace);
        } catch (KubernetesClientException e) {
            throw new BackendException(Refusal.UNAVAILABLE, "who is to go cannot be marked: " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            throw new BackendException(Refusal.CONFLICT, String.valueOf(e.getMessage()), e);
        }
    }

    /** What the number is, if it was said to be this. */
    private int takeBack(int said) {
        Pending before;
        synchronized (lock) {
            before = pending;
            pending = null;
        }
        if (before == null) {
            return said;
        }
        before.draining.cancel();
        return said == before.request.to() ? before.request.from() : said;
    }

    private void drained(Pending mine, @Nullable Drained drained) {
        synchronized (lock) {
            if (drained == null || pending != mine) {
                return;
            }
        }
        if (!drained.empty()) {
            LOG.warn(
                    "the grace of {} s is over and {} still have work, which may be cut when they go",
                    grace.toSeconds(),
                    drained.left());
        }
        try {
            backend.scale(mine.request);
            mine.draining.gone();
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            LOG.warn(
                    "{} replicas have finished, but the number could not be made smaller",
                    drained.victims().size(),
                    e);
            mine.draining.cancel();
        }
        synchronized (lock) {
            if (pending == mine) {
                pending = null;
            }
        }
    }

    private @Nullable Pending pending() {
        synchronized (lock) {
            return pending;
        }
    }

    /** Takes back what was prepared, and closes the other backend. Harmless when called twice. */
    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
        }
        takeBack(0);
        if (owned != null) {
            owned.shutdownNow();
        }
        backend.close();
    }
}
