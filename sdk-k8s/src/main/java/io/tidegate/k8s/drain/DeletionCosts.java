/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.tidegate.time.TimeSource;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells Kubernetes which pods are to go first when a ReplicaSet is made smaller, by {@code controller.kubernetes.io/pod-deletion-cost}.
 *
 * <p>Written only when somebody is about to go and only to those who go: one write for each, none for one that is marked already,
 * and no more than {@link Builder#mostPerMinute} in any minute, since each is a write to etcd that all who watch pods are told of.
 * Who does not go after all is unmarked. A ReplicaSet goes by costs only among pods that are alike in being ready, and counts none as
 * 0; a StatefulSet does not go by them at all: there the last goes first.
 *
 * <p>With {@link Builder#servingLabel} the same write changes a label by which the Service selects its pods, so that other gateways
 * too send it nothing more, as soon as they see the EndpointSlice.
 *
 * <p>Needs {@code {apiGroups: [""], resources: [pods], verbs: [patch]}} in the namespace. Safe for use by many threads; calls block.
 *
 * @since 0.1.0
 */
public final class DeletionCosts {

    /** The annotation. */
    public static final String ANNOTATION = "controller.kubernetes.io/pod-deletion-cost";

    /** Cost of the first to go; of the next one more, and so on. Far below the 0 that counts where nothing is set. */
    public static final int FIRST = -1_000_000;

    private static final PatchContext WRITE = new PatchContext.Builder()
            .withPatchType(PatchType.JSON_MERGE)
            .withFieldManager("tidegate")
            .build();
    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

    private final TimeSource time;
    private final KubernetesClient client;
    private final String namespace;
    private final int mostPerMinute;
    private final @Nullable String label;
    private final String serving;
    private final String leaving;

    /** Guards both below. The API server is not called under it. */
    private final Object lock = new Object();

    private final Map<String, Integer> marked = new HashMap<>();
    private final ArrayDeque<Long> writes = new ArrayDeque<>();

    private DeletionCosts(Builder builder) {
        this.time = builder.time;
        this.client = builder.client
                .newClient(new RequestConfigBuilder(
                                builder.client.getConfiguration().getRequestConfig())
                        .withRequestRetryBackoffLimit(0)
                        .withRequestTimeout((int) builder.callTimeout.toMillis())
                        .build())
                .adapt(KubernetesClient.class);
        this.namespace = builder.namespace;
        this.mostPerMinute = builder.mostPerMinute;
        this.label = builder.label;
        this.serving = builder.serving;
        this.leaving = builder.leaving;
    }

    /**
     * Starts one with the defaults.
     *
     * @param time the clock by which writes are counted
     * @param client reaches the API server; the caller closes it
     * @param namespace the pods'
     */
    public static Builder builder(TimeSource time, KubernetesClient client, String namespace) {
        return new Builder(time, client, namespace);
    }

    /**
     * What became of it.
     *
     * @param marked pods that bear their cost now
     * @param gone pods that are not there any more
     * @param refused pods that were not written to, as too many were this minute
     */
    public record Marking(List<String> marked, List<String> gone, List<String> refused) {

        public Marking {
            marked = List.copyOf(marked);
            gone = List.copyOf(gone);
            refused = List.copyOf(refused);
        }
    }

    /**
     * Has these pods go before all others, the first of them first.
     *
     * @throws KubernetesClientException if one could not be written; those before it are marked
     */
    public Marking mark(List<String> pods) {
        List<String> done = new ArrayList<>();
        List<String> gone = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        int cost = FIRST;
        for (String pod : pods) {
            if (isMarked(pod, cost)) {
                done.add(pod);
            } else if (!mayWrite()) {
                refused.add(pod);
            } else if (write(pod, "\"" + cost + "\"", leaving)) {
                synchronized (lock) {
                    marked.put(pod, cost);
                }
                done.add(pod);
            } else {
                gone.add(pod);
            }
            cost++;
        }
        return new Marking(done, gone, refused);
    }

    /**
     * Takes the marks off these pods, if they have one from here. Not held back by {@link Builder#mostPerMinute}, as each such write
     * follows one that was counted; but it counts.
     *
     * @throws KubernetesClientException if one could not be written; it counts as marked still
     */
    public void unmark(Collection<String> pods) {
        for (String pod : pods) {
            boolean has;
            synchronized (lock) {
                has = marked.containsKey(pod);
                if (has) {
                    writes.add(time.nanos());
                }
            }
            if (has) {
                write(pod, "null", serving);
                synchronized (lock) {
                    marked.remove(pod);
                }
            }
        }
    }

    /** Forgets pods that are gone. */
    public void forget(Collection<String> pods) {
        synchronized (lock) {
            pods.forEach(marked::remove);
        }
    }

    /** Pods that were marked and neither unmarked nor forgotten. */
    public List<String> marked() {
        synchronized (lock) {
            return marked.keySet().stream().sorted().toList();
        }
    }

    private boolean isMarked(String pod, int cost) {
        synchronized (lock) {
            Integer known = marked.get(pod);
            // Which of several that go is the first does not matter once all of them are below the rest.
            return known != null && known <= cost;
        }
    }

    private boolean mayWrite() {
        long now = time.nanos();
        synchronized (lock) {
            while (!writes.isEmpty() && now - writes.peekFirst() >= MINUTE_NANOS) {
                writes.removeFirst();
            }
            if (writes.size() >= mostPerMinute) {
                return false;
            }
            writes.add(now);
            return true;
        }
    }

    /** False if there is no such pod. */
    private boolean write(String pod, String cost, String labelled) {
        String labels = label == null ? "" : ",\"labels\":{\"" + label + "\":\"" + labelled + "\"}";
        Pod named = new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(pod)
                .endMetadata()
                .build();
        try {
            client.pods()
                    .inNamespace(namespace)
                    .resource(named)
                    .patch(
                            WRITE,
                            "{\"metadata\":{\"annotations\":{\"" + ANNOTATION + "\":" + cost + "}" + labels + "}}");
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /** Collects the settings of {@link DeletionCosts}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Pattern KEY = Pattern.compile(
                "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");
        private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

        private final TimeSource time;
        private final KubernetesClient client;
        private final String namespace;
        private int mostPerMinute = 30;
        private Duration callTimeout = Duration.ofSeconds(2);
        private @Nullable String label;
        private String serving = "";
        private String leaving = "";

        private Builder(TimeSource time, KubernetesClient client, String namespace) {
            this.time = Objects.requireNonNull(time, "time");
            this.client = Objects.requireNonNull(client, "client");
            this.namespace = Objects.requireNonNull(namespace, "namespace");
        }

        /** Most writes in any minute, 1 to 600; 30 by default. Pods beyond it are not marked, and should not go yet. */
        public Builder mostPerMinute(int writes) {
            if (writes < 1 || writes > 600) {
                throw new IllegalArgumentException("mostPerMinute must be 1 to 600 but was " + writes);
            }
            this.mostPerMinute = writes;
            return this;
        }

        /** Longest time for one write, 1 ms to 1 min; 2 s by default. */
        public Builder callTimeout(Duration callTimeout) {
            if (callTimeout.compareTo(Duration.ofMillis(1)) < 0 || callTimeout.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new IllegalArgumentException("callTimeout must be 1 ms to 1 min but was " + callTimeout);
            }
            this.callTimeout = callTimeout;
            return this;
        }

        /**
         * A label by which the pool's Service selects its pods and its Deployment does not, so that who is about to go is taken out of
         * the Service for all. None by default.
         *
         * @param key such as {@code tidegate.io/serving}
         * @param serving its value in the pod template and in the Service's selector
         * @param leaving its value on pods that are about to go
         */
        public Builder servingLabel(String key, String serving, String leaving) {
            if (!KEY.matcher(key).matches()) {
                throw new IllegalArgumentException("servingLabel must be the key of a label but was \"" + key + "\"");
            }
            if (!VALUE.matcher(serving).matches() || !VALUE.matcher(leaving).matches() || serving.equals(leaving)) {
                throw new IllegalArgumentException(
                        "values of servingLabel must be two different values of labels but were \"" + serving
                                + "\" and \"" + leaving + "\"");
            }
            this.label = key;
            this.serving = serving;
            this.leaving = leaving;
            return this;
        }

        /** The costs; nothing is written before somebody is marked. */
        public DeletionCosts build() {
            return new DeletionCosts(this);
        }
    }
}
