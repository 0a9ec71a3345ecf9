/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * A node with accelerators at one instant. Immutable.
 *
 * @param name its name
 * @param labels all its labels
 * @param taints its taints
 * @param cordoned whether it takes no new pods
 * @param ready whether its kubelet says that it is well
 * @param allocatable by resource, what pods may have in all
 * @param used by resource, what pods on it have asked for; may exceed what is allocatable when a device has failed
 * @since 0.1.0
 */
public record GpuNode(
        String name,
        Map<String, String> labels,
        List<Taint> taints,
        boolean cordoned,
        boolean ready,
        Map<String, Integer> allocatable,
        Map<String, Integer> used) {

    private static final String PRODUCT = "nvidia.com/gpu.product";
    private static final String MEMORY = "nvidia.com/gpu.memory";
    private static final String ZONE = "topology.kubernetes.io/zone";

    public GpuNode {
        Objects.requireNonNull(name, "name");
        labels = Map.copyOf(labels);
        taints = List.copyOf(taints);
        allocatable = Map.copyOf(allocatable);
        used = Map.copyOf(used);
    }

    /**
     * A reason why a node takes only pods that tolerate it.
     *
     * @param key its key
     * @param value its value; empty if it has none
     * @param effect {@code NoSchedule}, {@code PreferNoSchedule} or {@code NoExecute}
     */
    public record Taint(String key, String value, String effect) {

        /** Whether it keeps pods away, and is not only a wish. */
        public boolean repels() {
            return !"PreferNoSchedule".equals(effect);
        }
    }

    /** The product, such as {@code NVIDIA-H100-80GB-HBM3}; empty if the node's labels do not say. */
    public String product() {
        return labels.getOrDefault(PRODUCT, "");
    }

    /** Memory of one device in MiB; 0 if the node's labels do not say. */
    public long memoryMebibytes() {
        try {
            return Math.max(0, Long.parseLong(labels.getOrDefault(MEMORY, "0")));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Its zone; empty if its labels do not say. */
    public String zone() {
        return labels.getOrDefault(ZONE, "");
    }

    /** Resources it has or had, in order. */
    public Set<String> resources() {
        Set<String> all = new TreeSet<>(allocatable.keySet());
        all.addAll(used.keySet());
        return all;
    }

    /** What is left of a resource, whether or not anybody may have it; 0 or more. */
    public int free(String resource) {
        return Math.max(0, allocatable.getOrDefault(resource, 0) - used.getOrDefault(resource, 0));
    }

    /** Whether it takes new pods, as far as that does not depend on the pod. */
    public boolean open() {
        return ready && !cordoned;
    }

    /** What kind a resource is of here. */
    public GpuKind kind(String resource) {
        return new GpuKind(resource, product());
    }
}
