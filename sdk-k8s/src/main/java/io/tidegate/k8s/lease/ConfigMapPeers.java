/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.tidegate.time.TimeSource;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots in a ConfigMap for each gateway, for fleets of up to about 50: each look is one list of all, and each word of a gateway a
 * write to the cluster's store.
 *
 * <p>The ConfigMap of a gateway that ended without {@link #close} is forgotten after ten times the time to live, and then deleted by
 * whoever sees it, unless it has changed.
 *
 * <table>
 * <caption>Verbs needed, in the core group</caption>
 * <tr><th>verb</th><th>resource</th></tr>
 * <tr><td>create, patch, list, delete</td><td>configmaps</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class ConfigMapPeers implements PeerSnapshots {

    static final int MOST_BYTES = 16 << 10;

    private static final String LABEL = "tidegate.io/fleet";
    private static final String ID = "id";
    private static final String RUN = "run";
    private static final String SEQUENCE = "sequence";
    private static final String PAYLOAD = "payload";
    private static final long MOST_PEERS = 500;
    private static final int FORGOTTEN_AFTER_LIVES = 10;
    private static final Pattern FLEET = Pattern.compile("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?");
    private static final PatchContext WRITE = new PatchContext.Builder()
            .withPatchType(PatchType.JSON_MERGE)
            .withFieldManager("tidegate")
            .build();

    private final ObjectCalls calls;
    private final String namespace;
    private final String fleet;
    private final String self;
    private final String run = UUID.randomUUID().toString();
    private final long lifeNanos;
    private final TimeSource time;

    /** Guards the two below; held while this gateway's own is written, so that its numbers arrive in order. */
    private final ReentrantLock publishing = new ReentrantLock();

    private long sequence;
    private boolean closed;

    /** Guards what was heard. */
    private final ReentrantLock hearing = new ReentrantLock();

    private final Map<String, Heard> heard = new HashMap<>();

    private record Heard(String run, long sequence, String payload, long sinceNanos, boolean moved) {}

    private ConfigMapPeers(Builder settings, KubernetesClient client, String namespace, String self) {
        this.calls = new ObjectCalls(client, settings.requestTimeout);
        this.namespace = namespace;
        this.fleet = settings.fleet;
        this.self = self;
        this.lifeNanos = settings.timeToLive.toNanos();
        this.time = Objects.requireNonNull(settings.time);
    }

    /** Starts one with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void publish(String payload) {
        int bytes = payload.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "payload must be of at most " + MOST_BYTES + " bytes but was of " + bytes);
        }
        publishing.lock();
        try {
            if (closed) {
                throw new IllegalStateException("closed: nothing is told any more");
            }
            put(Map.of(ID, self, RUN, run, SEQUENCE, Long.toString(++sequence), PAYLOAD, payload));
        } finally {
            publishing.unlock();
        }
    }

    private void put(Map<String, String> data) {
        ConfigMap mine = named().withData(data).build();
        try {
            calls.client()
                    .configMaps()
                    .inNamespace(namespace)
                    .resource(mine)
                    .patch(WRITE, "{\"data\":" + TargetObject.object(data) + "}");
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
            calls.client().configMaps().inNamespace(namespace).resource(mine).create();
        }
    }

    private ConfigMapBuilder named() {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(
                        "tidegate-peer-" + fleet + "-" + UUID.nameUUIDFromBytes(self.getBytes(StandardCharsets.UTF_8)))
                .addToLabels(LABEL, fleet)
                .endMetadata();
    }

    @Override
    public Peers others() {
        List<ConfigMap> all = calls.client()
                .configMaps()
                .inNamespace(namespace)
                .withLabel(LABEL, fleet)
                .list(new ListOptionsBuilder().withLimit(MOST_PEERS).build())
                .getItems();
        long now = time.nanos();
        List<Peer> fresh = new ArrayList<>();
        List<ConfigMap> forgotten = new ArrayList<>();
        int known = 0;
        hearing.lock();
        try {
            Set<String> there = new HashSet<>();
            for (ConfigMap each : all) {
                Map<String, String> data = each.getData() == null ? Map.of() : each.getData();
                String id = data.get(ID);
                if (id == null || id.equals(self) || !there.add(id)) {
                    continue;
                }
                Heard latest = hear(id, data, now);
                long silent = now - latest.sinceNanos();
                if (silent > FORGOTTEN_AFTER_LIVES * lifeNanos) {
                    forgotten.add(each);
                    continue;
                }
                known++;
                if (latest.moved() && silent <= lifeNanos) {
                    fresh.add(new Peer(id, latest.sequence(), latest.payload(), Duration.ofNanos(silent)));
                }
            }
            heard.keySet().retainAll(there);
        } finally {
            hearing.unlock();
        }
        forgotten.forEach(this::sweep);
        fresh.sort(Comparator.comparing(Peer::id));
        return new Peers(fresh, known);
    }

    private Heard hear(String id, Map<String, String> data, long now) {
        String run = data.getOrDefault(RUN, "");
        long number = number(data.get(SEQUENCE));
        Heard before = heard.get(id);
        if (before != null && before.run().equals(run) && number <= before.sequence()) {
            // The same, or an answer older than one that was heard already.
            return before;
        }
        Heard next = new Heard(run, number, data.getOrDefault(PAYLOAD, ""), now, before != null);
        heard.put(id, next);
        return next;
    }

    private static long number(@Nullable String text) {
        try {
            return text == null ? -1 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private void sweep(ConfigMap forgotten) {
        try {
            calls.client()
                    .configMaps()
                    .inNamespace(namespace)
                    .resource(forgotten)
                    .lockResourceVersion(forgotten.getMetadata().getResourceVersion())
                    .delete();
        } catch (KubernetesClientException e) {
            // It has changed, or another gateway was faster, or it is tried again at the next look.
            return;
        }
    }

    @Override
    public void close() {
        publishing.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (sequence > 0) {
                calls.client()
                        .configMaps()
                        .inNamespace(namespace)
                        .resource(named().build())
                        .delete();
            }
        } catch (KubernetesClientException e) {
            // The others see by its silence that this one is gone.
            return;
        } finally {
            publishing.unlock();
        }
    }

    /**
     * Collects the settings of a {@link ConfigMapPeers}. Not safe for use by several threads.
     *
     * @since 0.1.0
     */
    public static final class Builder {

        private @Nullable KubernetesClient client;
        private @Nullable String namespace;
        private @Nullable String id;
        private @Nullable TimeSource time;
        private String fleet = "tidegate";
        private Duration timeToLive = Duration.ofSeconds(6);
        private Duration requestTimeout = Duration.ofSeconds(2);

        private Builder() {}

        /** The client to use, which the caller keeps and closes; required. */
        public Builder client(KubernetesClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /** Namespace of the ConfigMaps; the client's by default. */
        public Builder namespace(String namespace) {
            this.namespace = Objects.requireNonNull(namespace, "namespace");
            return this;
        }

        /** What this gateway is called, the same after a restart or another, but never that of another; required. */
        public Builder id(String id) {
            if (id.isBlank() || id.length() > 253) {
                throw new IllegalArgumentException("id must be 1 to 253 characters, not blank, but was \"" + id + "\"");
            }
            this.id = id;
            return this;
        }

        /** The monotonic clock, by which others age; required. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /** What the fleet is called, 1 to 40 of [a-z0-9-]; {@code tidegate} by default. */
        public Builder fleet(String fleet) {
            if (!FLEET.matcher(fleet).matches()) {
                throw new IllegalArgumentException(
                        "fleet must be 1 to 40 of [a-z0-9-], beginning and ending with a letter or digit, but was \""
                                + fleet + "\"");
            }
            this.fleet = fleet;
            return this;
        }

        /** How long what was said counts, 1 s to 10 min; 6 s by default. */
        public Builder timeToLive(Duration timeToLive) {
            if (timeToLive.compareTo(Duration.ofSeconds(1)) < 0 || timeToLive.compareTo(Duration.ofMinutes(10)) > 0) {
                throw new IllegalArgumentException("timeToLive must be 1 s to 10 min but was " + timeToLive);
            }
            this.timeToLive = timeToLive;
            return this;
        }

        /** Longest time of one request, 1 ms to 1 min; 2 s by default. */
        public Builder requestTimeout(Duration requestTimeout) {
            this.requestTimeout = ObjectCalls.checked(requestTimeout);
            return this;
        }

        /**
         * The snapshots. Nothing is sent before the first call.
         *
         * @throws IllegalArgumentException if a setting is missing
         */
        public ConfigMapPeers build() {
            if (client == null || id == null || time == null) {
                throw new IllegalArgumentException("client, id and time are required");
            }
            String where = namespace != null ? namespace : client.getNamespace();
            if (where == null) {
                throw new IllegalArgumentException("namespace is required: the client has none of its own");
            }
            return new ConfigMapPeers(this, client, where, id);
        }
    }
}
