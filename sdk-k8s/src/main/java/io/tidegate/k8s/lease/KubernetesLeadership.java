/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.k8s.lease.EpochClaim.Surpassed;
import io.tidegate.log.BoundedLog;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * All that several gateways on Kubernetes need to act as one: a {@link LeaseLeadership}, {@link EpochClaim}s on what it scales, and a {@link
 * KubernetesMemory} there.
 *
 * <p>It leads from when the lease is held <em>and</em> each target that can be claimed bears its epoch: what an older leader has prepared is
 * refused by then. A target that is not there, or may not be written, holds nobody up; a backend refuses to write over a higher epoch all
 * the same. A claim whose answer is lost is tried again after {@link LeaseTiming#retryPeriod}.
 *
 * <p>Verbs needed: those of {@link LeaseLeadership}; get and patch of each target, by name. Safe for many threads.
 *
 * @since 0.1.0
 */
public final class KubernetesLeadership implements Leadership {

    private static final Logger LOG = BoundedLog.of(KubernetesLeadership.class);

    /** What stands between holding the lease and leading. */
    interface Claim {
        EpochClaim.Outcome claim(long epoch);
    }

    private final Leadership lease;
    private final LongConsumer surpass;
    private final Map<String, Claim> claims;
    private final Executor thread;
    private final TimeSource time;
    private final Duration retry;
    private final Optional<EngineMemory> memory;
    private final Runnable atEnd;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean claiming = new AtomicBoolean();
    /** The last epoch that all targets bear which can. */
    private volatile long claimed = -1;

    KubernetesLeadership(
            Leadership lease,
            LongConsumer surpass,
            Map<String, Claim> claims,
            Executor thread,
            TimeSource time,
            Duration retry,
            Optional<EngineMemory> memory,
            Runnable atEnd) {
        this.lease = lease;
        this.surpass = surpass;
        this.claims = new LinkedHashMap<>(claims);
        this.thread = thread;
        this.time = time;
        this.retry = retry;
        this.memory = memory;
        this.atEnd = atEnd;
        lease.onChange(this::leaseChanged);
        leaseChanged();
    }

    /** Starts one with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Term term() {
        Term held = lease.term();
        return held.leads() && held.epoch() != claimed ? new Term(false, held.epoch(), held.leader()) : held;
    }

    @Override
    public void onChange(Runnable changed) {
        listeners.add(Objects.requireNonNull(changed, "changed"));
    }

    /** The decision record on the targets; empty if there are no targets. */
    @Override
    public Optional<EngineMemory> memory() {
        return memory;
    }

    private void leaseChanged() {
        Term held = lease.term();
        if (held.leads() && held.epoch() != claimed) {
            claimSoon();
        } else {
            tell();
        }
    }

    private void claimSoon() {
        if (closed.get() || !claiming.compareAndSet(false, true)) {
            return;
        }
        try {
            thread.execute(() -> {
                boolean again;
                try {
                    again = !claimAll();
                } finally {
                    claiming.set(false);
                }
                Term held = lease.term();
                if (again) {
                    time.schedule(retry.toNanos(), this::leaseChanged);
                } else if (held.leads() && held.epoch() != claimed) {
                    // Another term began meanwhile.
                    claimSoon();
                }
            });
        } catch (RejectedExecutionException e) {
            claiming.set(false);
        }
    }

    /** Whether there is nothing to be tried again. */
    private boolean claimAll() {
        Term held = lease.term();
        if (!held.leads()) {
            return true;
        }
        boolean all = true;
        for (Map.Entry<String, Claim> each : claims.entrySet()) {
            try {
                if (each.getValue().claim(held.epoch()) instanceof Surpassed by) {
                    LOG.info("{} bears epoch {}, so a term above it is begun", each.getKey(), by.epoch());
                    surpass.accept(by.epoch());
                    return true;
                }
            } catch (IllegalStateException e) {
                LOG.warn("{}", e.getMessage());
            } catch (KubernetesClientException e) {
                boolean denied = e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
                        || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
                LOG.warn("{} could not be claimed{}: {}", each.getKey(), denied ? "" : " yet", e.getMessage());
                all = all && denied;
            }
        }
        if (all) {
            claimed = held.epoch();
            tell();
        }
        return all;
    }

    private void tell() {
        for (Runnable each : listeners) {
            try {
                each.run();
            } catch (RuntimeException | Error e) {
                LOG.error("what was to hear of a change of leader failed", e);
            }
        }
    }

    /** Stops leading, gives the lease back, and closes the client if it is its own. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            lease.close();
            atEnd.run();
        }
    }

    /**
     * Collects the settings of a {@link KubernetesLeadership}. Not safe for use by several threads.
     *
     * @since 0.1.0
     */
    public static final class Builder {

        private final Map<String, TargetObject> targets = new LinkedHashMap<>();
        private final LeaseLeadership.Builder lease = LeaseLeadership.builder();
        private @Nullable KubernetesClient client;
        private @Nullable Config config;
        private LeaseTiming timing = LeaseTiming.DEFAULT;

        private Builder() {}

        /** The client to use, which the caller keeps and closes. This, or {@link #config}, is required. */
        public Builder client(KubernetesClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /** How a client of its own reaches the API server. */
        public Builder config(Config config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** As {@link LeaseLeadership.Builder#namespace}. */
        public Builder namespace(String namespace) {
            lease.namespace(namespace);
            return this;
        }

        /** As {@link LeaseLeadership.Builder#name}. */
        public Builder name(String name) {
            lease.name(name);
            return this;
        }

        /** As {@link LeaseLeadership.Builder#identity}. */
        public Builder identity(String identity) {
            lease.identity(identity);
            return this;
        }

        /** As {@link LeaseLeadership.Builder#timing}. */
        public Builder timing(LeaseTiming timing) {
            this.timing = Objects.requireNonNull(timing, "timing");
            lease.timing(timing);
            return this;
        }

        /** What is scaled for a pool: it is claimed by each new leader, and bears the decision record. */
        public Builder target(String pool, TargetObject target) {
            if (targets.putIfAbsent(pool, Objects.requireNonNull(target, "target")) != null) {
                throw new IllegalArgumentException("two targets are named for pool \"" + pool + "\"");
            }
            return this;
        }

        /**
         * Takes part from now on.
         *
         * @throws IllegalArgumentException if there is no way to the API server, or two, or neither that nor this names a namespace
         */
        public KubernetesLeadership build() {
            KubernetesClient given = client;
            Config own = config;
            if ((given == null) == (own == null)) {
                throw new IllegalArgumentException("one of client and config is required: how to reach the API server");
            }
            KubernetesClient connection = given != null
                    ? given
                    : new KubernetesClientBuilder()
                            .withConfig(own)
                            .withHttpClientFactory(new JdkHttpClientFactory())
                            .build();
            try {
                return build(connection, given == null);
            } catch (IllegalArgumentException e) {
                if (given == null) {
                    connection.close();
                }
                throw e;
            }
        }

        private KubernetesLeadership build(KubernetesClient connection, boolean owned) {
            SystemTime time = SystemTime.start();
            ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
                Thread made = new Thread(task, "tidegate-claim");
                made.setDaemon(true);
                return made;
            });
            List<Runnable> ends = new ArrayList<>();
            ends.add(thread::shutdownNow);
            ends.add(time::close);
            if (owned) {
                ends.add(connection::close);
            }
            LeaseLeadership leading = lease.client(connection).time(time).build();
            Map<String, Claim> claims = new LinkedHashMap<>();
            targets.forEach((pool, target) -> claims.put(
                    target.toString(),
                    EpochClaim.on(connection, target, leading.identity(), timing.requestTimeout())::claim));
            Optional<EngineMemory> memory = Optional.empty();
            if (!targets.isEmpty()) {
                KubernetesMemory.Builder record = KubernetesMemory.builder()
                        .client(connection)
                        .leadership(leading)
                        .requestTimeout(timing.requestTimeout());
                targets.forEach(record::pool);
                memory = Optional.of(record.build());
            }
            return new KubernetesLeadership(
                    leading,
                    leading::surpass,
                    claims,
                    thread,
                    time,
                    timing.retryPeriod(),
                    memory,
                    () -> ends.forEach(Runnable::run));
        }
    }
}
