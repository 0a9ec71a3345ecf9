/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.watch.Feed;
import io.tidegate.k8s.watch.KubernetesFeed;
import io.tidegate.k8s.watch.ListWatch;
import io.tidegate.k8s.watch.WatchHealth;
import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The replicas behind a Service, as its EndpointSlices show them, followed by one watch.
 *
 * <pre>{@code
 * EndpointDiscovery discovery = EndpointDiscovery.builder(time, client, "ml", "vllm").port("http").build();
 * Rotation rotation = Rotation.of(balancer, replica -> Work.slots(64));
 * discovery.onChange(rotation);
 * discovery.start();
 * }</pre>
 *
 * <p><b>Guarantees.</b> A replica that is removed, is draining or is not ready is out of the snapshot's {@link
 * EndpointSnapshot#ready()} with the first event that says so. While the API server cannot be reached the last snapshot stands, for as
 * long as it takes: replicas that fail meanwhile are for the balancer to notice. Before the first list nothing is known, and nobody
 * is told anything.
 *
 * <p>Needs {@code {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}} in a Role of the Service's
 * namespace. Safe for use by many threads; {@link #snapshot()} is one volatile read.
 *
 * @since 0.1.0
 */
public final class EndpointDiscovery implements AutoCloseable {

    private static final Logger LOG = BoundedLog.of(EndpointDiscovery.class);

    private static final String SERVICE_NAME = "kubernetes.io/service-name";

    private final String service;
    private final Slices slices;
    private final ListWatch<EndpointSlice> list;
    private final List<Consumer<? super EndpointSnapshot>> listeners = new CopyOnWriteArrayList<>();

    /** Written by the list's listener only, which is called by one thread at a time. */
    private volatile EndpointSnapshot snapshot = EndpointSnapshot.UNKNOWN;

    private boolean unreadable;

    private EndpointDiscovery(Builder builder) {
        this.service = builder.namespace + "/" + builder.service;
        this.slices = new Slices(builder.scheme, builder.addressType, builder.port);
        Feed<EndpointSlice> feed = builder.feed != null ? builder.feed : feed(builder);
        ListWatch.Builder<EndpointSlice> watch = ListWatch.builder("endpoints of " + service, builder.time, feed)
                .silentAfter(builder.silentAfter)
                .relistEvery(builder.relistEvery);
        if (builder.executor != null) {
            watch.executor(builder.executor);
        }
        if (builder.seed != null) {
            watch.seed(builder.seed);
        }
        this.list = watch.build();
        list.onChange(this::changed);
    }

    private static Feed<EndpointSlice> feed(Builder builder) {
        return new KubernetesFeed<>(
                Objects.requireNonNull(builder.client),
                client -> client.discovery()
                        .v1()
                        .endpointSlices()
                        .inNamespace(builder.namespace)
                        .withLabel(SERVICE_NAME, builder.service),
                slice -> slice,
                builder.callTimeout);
    }

    /**
     * Starts a discovery with the defaults.
     *
     * @param time the clock by which it waits
     * @param client reaches the API server; the caller closes it
     * @param namespace the Service's
     * @param service its name
     */
    public static Builder builder(TimeSource time, KubernetesClient client, String namespace, String service) {
        return new Builder(time, Objects.requireNonNull(client, "client"), null, namespace, service);
    }

    /** One that reads something else than an API server, for tests in virtual time. */
    static Builder builder(TimeSource time, Feed<EndpointSlice> feed, String namespace, String service) {
        return new Builder(time, null, feed, namespace, service);
    }

    /** Begins to read; harmless when called twice. Returns at once. */
    public void start() {
        list.start();
    }

    /** The replicas as they are known; {@link EndpointSnapshot#UNKNOWN} before the first list. */
    public EndpointSnapshot snapshot() {
        return snapshot;
    }

    /** How well they are known. */
    public WatchHealth health() {
        return list.health();
    }

    /**
     * Tells of each change, and of what is known already if anything is. One call at a time for changes; the first may come while
     * another is made. Listeners must not block: they are called where the watch is read.
     */
    public void onChange(Consumer<? super EndpointSnapshot> listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
        EndpointSnapshot known = snapshot;
        if (known.known()) {
            tell(listener, known);
        }
    }

    private void changed() {
        Map<String, EndpointSlice> found = list.items();
        List<ReplicaEndpoint> replicas = slices.replicas(found.values());
        boolean none = replicas.isEmpty()
                && found.values().stream()
                        .anyMatch(slice -> slice.getEndpoints() != null
                                && !slice.getEndpoints().isEmpty());
        if (none && !unreadable) {
            LOG.warn(
                    "service {} has endpoints, but none of address type {} with port {}: set port to one that the Service has",
                    service,
                    slices.addressType(),
                    slices.port() == null ? "(the only one)" : slices.port());
        }
        unreadable = none;
        EndpointSnapshot before = snapshot;
        if (before.known() && before.replicas().equals(replicas)) {
            return;
        }
        EndpointSnapshot after = new EndpointSnapshot(before.number() + 1, replicas);
        snapshot = after;
        listeners.forEach(listener -> tell(listener, after));
    }

    private void tell(Consumer<? super EndpointSnapshot> listener, EndpointSnapshot known) {
        try {
            listener.accept(known);
        } catch (RuntimeException | Error e) {
            LOG.warn("a listener of the endpoints of {} failed", service, e);
        }
    }

    /** Stops reading; the last snapshot stands. Harmless when called twice. */
    @Override
    public void close() {
        list.close();
    }

    @Override
    public String toString() {
        return "EndpointDiscovery[" + service + ", " + snapshot.replicas().size() + " replicas]";
    }

    /** Collects the settings of an {@link EndpointDiscovery}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

        private final TimeSource time;
        private final @Nullable KubernetesClient client;
        private final @Nullable Feed<EndpointSlice> feed;
        private final String namespace;
        private final String service;
        private String scheme = "http";
        private String addressType = "IPv4";
        private @Nullable String port;
        private Duration callTimeout = Duration.ofSeconds(10);
        private Duration silentAfter = Duration.ofMinutes(3);
        private Duration relistEvery = Duration.ofMinutes(15);
        private @Nullable Executor executor;
        private @Nullable Long seed;

        private Builder(
                TimeSource time,
                @Nullable KubernetesClient client,
                @Nullable Feed<EndpointSlice> feed,
                String namespace,
                String service) {
            this.time = Objects.requireNonNull(time, "time");
            this.client = client;
            this.feed = feed;
            this.namespace = name("namespace", namespace);
            this.service = name("service", service);
        }

        private static String name(String setting, String value) {
            if (!NAME.matcher(value).matches()) {
                throw new IllegalArgumentException(setting
                        + " must be 1 to 63 of [a-z0-9-], beginning and ending with a letter or digit, but was \""
                        + value
                        + "\"");
            }
            return value;
        }

        /** Name or number of the port that requests go to; by default the Service's only one. */
        public Builder port(String port) {
            this.port = Objects.requireNonNull(port, "port");
            return this;
        }

        /** {@code http}, the default, or {@code https}. */
        public Builder scheme(String scheme) {
            if (!Set.of("http", "https").contains(scheme)) {
                throw new IllegalArgumentException("scheme must be http or https but was \"" + scheme + "\"");
            }
            this.scheme = scheme;
            return this;
        }

        /** Which addresses are taken: {@code IPv4}, the default, {@code IPv6} or {@code FQDN}. */
        public Builder addressType(String addressType) {
            if (!Set.of("IPv4", "IPv6", "FQDN").contains(addressType)) {
                throw new IllegalArgumentException(
                        "addressType must be IPv4, IPv6 or FQDN but was \"" + addressType + "\"");
            }
            this.addressType = addressType;
            return this;
        }

        /** Longest time for one list or for opening the watch, in real time, 1 ms to 1 min; 10 s by default. */
        public Builder callTimeout(Duration callTimeout) {
            this.callTimeout = Objects.requireNonNull(callTimeout, "callTimeout");
            return this;
        }

        /** See {@link ListWatch.Builder#silentAfter}. */
        public Builder silentAfter(Duration silence) {
            this.silentAfter = Objects.requireNonNull(silence, "silence");
            return this;
        }

        /** See {@link ListWatch.Builder#relistEvery}. */
        public Builder relistEvery(Duration period) {
            this.relistEvery = Objects.requireNonNull(period, "period");
            return this;
        }

        /** See {@link ListWatch.Builder#executor}. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** See {@link ListWatch.Builder#seed}. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** The discovery; nothing is read before it is started. */
        public EndpointDiscovery build() {
            return new EndpointDiscovery(this);
        }
    }
}
