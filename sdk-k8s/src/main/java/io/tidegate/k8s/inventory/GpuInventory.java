/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The accelerators of a cluster at one instant: of each node and in all, and who waits for some. Immutable.
 *
 * @param nodes those that have any, by name
 * @param pending pods that wait for some, by namespace and name
 * @since 0.1.0
 */
public record GpuInventory(List<GpuNode> nodes, List<PendingPod> pending) {

    public GpuInventory {
        nodes = List.copyOf(nodes);
        pending = List.copyOf(pending);
    }

    /**
     * How much there is of a kind.
     *
     * @param allocatable what pods may have in all
     * @param used what pods have
     * @param free what is left, on all nodes
     * @param open what is left on nodes that take new pods; a pod may still have to tolerate their taints
     */
    public record Total(int allocatable, int used, int free, int open) {

        private Total plus(GpuNode node, String resource) {
            int left = node.free(resource);
            return new Total(
                    allocatable + node.allocatable().getOrDefault(resource, 0),
                    used + node.used().getOrDefault(resource, 0),
                    free + left,
                    open + (node.open() ? left : 0));
        }
    }

    /**
     * What these objects say. What pods use is counted as the scheduler does: what they ask for, from when they have a node until
     * they have ended.
     *
     * @param nodes all nodes
     * @param pods all pods; those that ask for no accelerator may be left out
     * @param events events of pending pods; may be empty
     */
    public static GpuInventory of(Collection<Node> nodes, Collection<Pod> pods, Collection<Event> events) {
        return Reading.inventory(
                nodes.stream().map(Reading::node).toList(),
                pods.stream()
                        .map(Reading::pod)
                        .flatMap(java.util.Optional::stream)
                        .toList(),
                events);
    }

    /** How much there is of each kind. */
    public Map<GpuKind, Total> totals() {
        Map<GpuKind, Total> totals = new TreeMap<>();
        for (GpuNode node : nodes) {
            for (String resource : node.resources()) {
                totals.merge(
                        node.kind(resource),
                        new Total(0, 0, 0, 0).plus(node, resource),
                        (one, more) -> new Total(
                                one.allocatable() + more.allocatable(),
                                one.used() + more.used(),
                                one.free() + more.free(),
                                one.open() + more.open()));
            }
        }
        return totals;
    }

    /**
     * Sets of so many devices that are free together on one node which takes new pods, as tensor-parallel replicas need them: of 3
     * free here and 5 there, 2 sets of 2 and 1 of 4, though 8 are free.
     *
     * @param resource what is asked for
     * @param size devices of one set; at least 1
     * @param nodes on which nodes
     */
    public int freeSets(String resource, int size, Predicate<? super GpuNode> nodes) {
        if (size < 1) {
            throw new IllegalArgumentException("size must be at least 1 but was " + size);
        }
        return this.nodes.stream()
                .filter(GpuNode::open)
                .filter(nodes)
                .mapToInt(node -> node.free(resource) / size)
                .sum();
    }

    /** Sets of so many that are free together on any node which takes new pods. */
    public int freeSets(String resource, int size) {
        return freeSets(resource, size, node -> true);
    }
}
