/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.tidegate.k8s.inventory.Reading.GpuPod;
import io.tidegate.k8s.watch.KubernetesFeed;
import io.tidegate.k8s.watch.ListWatch;
import io.tidegate.k8s.watch.WatchHealth;
import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;

/**
 * The accelerators of a cluster, followed by two watches whatever its size: one of nodes, one of pods.
 *
 * <p>Of each node and each pod that asks for accelerators only what counts here is kept; other pods are read and forgotten. Needs a
 * ClusterRole with {@code {apiGroups: [""], resources: [nodes, pods], verbs: [list, watch]}}, and {@code {apiGroups: [""], resources:
 * [events], verbs: [list]}} for {@link #withEvents}. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class GpuInventoryWatch implements AutoCloseable {

    private static final Logger LOG = BoundedLog.of(GpuInventoryWatch.class);
    private static final long MOST_EVENTS = 500;

    private final KubernetesClient client;
    private final Duration callTimeout;
    private final ListWatch<GpuNode> nodes;
    private final ListWatch<GpuPod> pods;

    private GpuInventoryWatch(TimeSource time, KubernetesClient client, Duration callTimeout) {
        this.client = Objects.requireNonNull(client, "client");
        this.callTimeout = callTimeout;
        this.nodes = ListWatch.builder(
                        "nodes",
                        time,
                        new KubernetesFeed<Node, GpuNode>(client, each -> each.nodes(), Reading::node, callTimeout))
                .relistEvery(Duration.ofMinutes(30))
                .build();
        this.pods = ListWatch.builder(
                        "pods with accelerators",
                        time,
                        new KubernetesFeed<Pod, GpuPod>(
                                client,
                                each -> each.pods()
                                        .inAnyNamespace()
                                        .withoutField("status.phase", "Succeeded")
                                        .withoutField("status.phase", "Failed"),
                                pod -> Reading.pod(pod).orElse(null),
                                callTimeout))
                .relistEvery(Duration.ofMinutes(30))
                .build();
    }

    /**
     * A watch of all nodes; nothing is read before it is started.
     *
     * @param time the clock by which it waits
     * @param client reaches the API server; the caller closes it
     * @param callTimeout longest time for one list or for opening a watch, in real time, 1 ms to 1 min; 30 s suits large clusters
     */
    public static GpuInventoryWatch of(TimeSource time, KubernetesClient client, Duration callTimeout) {
        return new GpuInventoryWatch(time, client, callTimeout);
    }

    /** Begins to read; harmless when called twice. Returns at once. */
    public void start() {
        nodes.start();
        pods.start();
    }

    /** Calls this after each change of a node or of a pod with accelerators. */
    public void onChange(Runnable listener) {
        nodes.onChange(listener);
        pods.onChange(listener);
    }

    /** What is known; empty until both nodes and pods were read: one without the other would look free or full. */
    public Optional<GpuInventory> inventory() {
        return inventory(List.of());
    }

    /** As {@link #inventory()}, with what events say of pending pods; reads them if there are any, and does without if it cannot. */
    public Optional<GpuInventory> withEvents() {
        Optional<GpuInventory> plain = inventory();
        if (plain.isEmpty() || plain.get().pending().isEmpty()) {
            return plain;
        }
        try {
            return inventory(events());
        } catch (KubernetesClientException e) {
            LOG.warn(
                    "events cannot be read, so why pods are pending is known by their conditions only: {}; if it is 403, add"
                            + " {apiGroups: [\"\"], resources: [events], verbs: [list]} to the ClusterRole",
                    e.getMessage());
            return plain;
        }
    }

    private List<Event> events() {
        return client.newClient(
                        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                                .withRequestRetryBackoffLimit(0)
                                .withRequestTimeout((int) callTimeout.toMillis())
                                .build())
                .adapt(KubernetesClient.class)
                .v1()
                .events()
                .inAnyNamespace()
                .withField("involvedObject.kind", "Pod")
                .list(new ListOptionsBuilder().withLimit(MOST_EVENTS).build())
                .getItems();
    }

    private Optional<GpuInventory> inventory(List<Event> events) {
        if (!nodes.health().known() || !pods.health().known()) {
            return Optional.empty();
        }
        return Optional.of(
                Reading.inventory(nodes.items().values(), pods.items().values(), events));
    }

    /** How well nodes are known. */
    public WatchHealth nodes() {
        return nodes.health();
    }

    /** How well pods are known. */
    public WatchHealth pods() {
        return pods.health();
    }

    /** Stops reading. Harmless when called twice. */
    @Override
    public void close() {
        nodes.close();
        pods.close();
    }
}
