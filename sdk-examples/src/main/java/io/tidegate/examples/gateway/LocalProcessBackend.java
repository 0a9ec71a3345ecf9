/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.pool.Work;
import io.tidegate.routing.Endpoint;
import io.tidegate.routing.ReplicaBalancer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs replicas as processes on this machine, and says which of them may be sent requests.
 *
 * <p>Like an orchestrator it keeps the number it was asked for: a process that dies is replaced. Replicas are removed gently:
 * the one with the fewest requests gets no more, and is stopped when its last has ended or its grace is over.
 *
 * <p>One thread reconciles, every 20 ms of real time; it alone starts, stops and changes the state of replicas, so those need no
 * lock.
 */
final class LocalProcessBackend implements ScalerBackend {

    private static final Logger LOG = LoggerFactory.getLogger(LocalProcessBackend.class);
    private static final Duration PERIOD = Duration.ofMillis(20);
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(30);

    private final IntFunction<ChildProcess> launcher;
    private final ReplicaBalancer balancer;
    private final Work size;
    private final List<Replica> replicas = new CopyOnWriteArrayList<>();
    private final List<Draining> draining = new ArrayList<>();
    private final OkHttpClient probes = new OkHttpClient.Builder()
            .callTimeout(Duration.ofMillis(500))
            .retryOnConnectionFailure(false)
            .build();
    private final ScheduledExecutorService reconciler;
    private volatile int desired;
    private int started;

    /** A replica that is being removed, and when it is stopped at the latest. */
    private record Draining(Replica replica, long untilNanos) {}

    /**
     * Starts the first replicas.
     *
     * @param balancer is told which replicas may be sent requests, and tells how many each has
     * @param size what a replica holds
     * @param launcher starts the process of the replica of that number, counted from 1
     */
    LocalProcessBackend(int initial, ReplicaBalancer balancer, Work size, IntFunction<ChildProcess> launcher) {
        this.launcher = launcher;
        this.balancer = balancer;
        this.size = size;
        this.desired = initial;
        this.reconciler = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "local-processes");
            thread.setDaemon(true);
            return thread;
        });
        reconciler.execute(this::reconcileAndRepeat);
    }

    @Override
    public ReplicaStatus status(String pool) {
        int ready = 0;
        int running = 0;
        for (Replica replica : replicas) {
            running++;
            if (replica.state() == Replica.State.READY) {
                ready++;
            }
        }
        return new ReplicaStatus(desired, running, ready);
    }

    @Override
    public void scale(ScaleRequest request) {
        if (request.from() != desired) {
            throw new IllegalStateException("the decision was made on " + request.from()
                    + " replicas, but there are to be " + desired + " by now");
        }
        desired = request.to();
    }

    /** Base addresses of the replicas that are ready. */
    Collection<URI> readyUris() {
        return replicas.stream()
                .filter(replica -> replica.state() == Replica.State.READY)
                .flatMap(replica -> replica.uri().stream())
                .toList();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what it throws is logged here, and it has no result
    private void reconcileAndRepeat() {
        try {
            reconcile();
        } catch (RuntimeException e) {
            LOG.error("reconciling replicas failed; trying again", e);
        }
        if (!reconciler.isShutdown()) {
            reconciler.schedule(this::reconcileAndRepeat, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void reconcile() {
        replicas.removeIf(LocalProcessBackend::gone);
        for (Replica replica : replicas) {
            if (replica.state() == Replica.State.STARTING && answers(replica)) {
                replica.state(Replica.State.READY);
                LOG.info("{}", replica);
            }
        }
        int kept = (int) replicas.stream()
                .filter(replica -> replica.state() != Replica.State.DRAINING)
                .count();
        for (int missing = desired - kept; missing > 0; missing--) {
            started++;
            replicas.add(new Replica(started, launcher.apply(started)));
        }
        Map<String, Integer> inFlight = inFlight();
        // Those that were told to go a turn ago: by now no request is on its way to them that is not counted.
        draining.removeIf(entry -> {
            if (inFlight.getOrDefault(entry.replica().id(), 0) > 0 && entry.untilNanos() - System.nanoTime() > 0) {
                return false;
            }
            entry.replica().process().requestStop();
            return true;
        });
        for (int surplus = kept - desired; surplus > 0; surplus--) {
            victim(inFlight).ifPresent(replica -> {
                replica.state(Replica.State.DRAINING);
                draining.add(new Draining(replica, System.nanoTime() + DRAIN_GRACE.toNanos()));
                LOG.info("{}", replica);
            });
        }
        balancer.update(replicas.stream()
                .filter(replica -> replica.state() == Replica.State.READY)
                .flatMap(replica -> replica.uri().stream().map(uri -> Endpoint.of(replica.id(), uri, size)))
                .toList());
    }

    private Map<String, Integer> inFlight() {
        Map<String, Integer> inFlight = new HashMap<>();
        balancer.loads().forEach(load -> inFlight.put(load.id(), load.inFlight().slots()));
        return inFlight;
    }

    private static boolean gone(Replica replica) {
        boolean dead = !replica.process().alive();
        if (dead && replica.state() != Replica.State.DRAINING) {
            LOG.warn("{} died with status {}", replica, replica.process().exitStatus());
        }
        return dead;
    }

    /** One that does not serve yet, the newest first; else the one with the least work to lose. */
    private Optional<Replica> victim(Map<String, Integer> inFlight) {
        return replicas.stream()
                .filter(replica -> replica.state() != Replica.State.DRAINING)
                .min(Comparator.comparing((Replica replica) -> replica.state() == Replica.State.READY)
                        .thenComparingInt(replica -> inFlight.getOrDefault(replica.id(), 0))
                        .thenComparing(Comparator.comparingInt(Replica::number).reversed()));
    }

    private boolean answers(Replica replica) {
        Optional<URI> uri = replica.uri();
        if (uri.isEmpty()) {
            return false;
        }
        Request probe = new Request.Builder().url(uri.get() + "/health").build();
        try (Response response = probes.newCall(probe).execute()) {
            return response.isSuccessful();
        } catch (IOException e) {
            return false;
        }
    }

    /** Stops all replicas and waits for them. */
    @Override
    public void close() {
        reconciler.shutdownNow();
        try {
            // No replica may be started behind our back.
            if (!reconciler.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("the reconciler did not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        replicas.forEach(replica -> replica.process().requestStop());
        replicas.forEach(replica -> replica.process().close());
        probes.dispatcher().executorService().shutdown();
        probes.connectionPool().evictAll();
    }
}
