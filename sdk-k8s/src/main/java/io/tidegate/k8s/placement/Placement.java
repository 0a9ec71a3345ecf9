/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.placement;

import io.tidegate.k8s.inventory.GpuInventory;
import io.tidegate.k8s.inventory.GpuKind;
import io.tidegate.k8s.inventory.GpuNode;
import io.tidegate.k8s.inventory.GpuNode.Taint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Where the replicas of a pool are to run and what each needs. Immutable.
 *
 * <p>Each replica is one pod on one node: the devices of a tensor-parallel set are together. {@link #template} renders it into a pod
 * template; {@link #room} says, by the scheduler's own rules, where more replicas would find room.
 *
 * @param resource what each replica asks for: {@code nvidia.com/gpu}, or {@code nvidia.com/mig-…} for a part of a device
 * @param devices how many of it, the tensor-parallel size; at least 1, and exactly 1 of parts of a device, which cannot work together
 * @param layout spread or packed
 * @param nodeSelector labels that a node must have
 * @param tolerations taints that a node may have
 * @since 0.1.0
 */
public record Placement(
        String resource, int devices, Layout layout, Map<String, String> nodeSelector, List<Toleration> tolerations) {

    /** Label of a node's zone. */
    public static final String ZONE = "topology.kubernetes.io/zone";

    /** Label of a node's name. */
    public static final String HOST = "kubernetes.io/hostname";

    private static final Pattern PROFILE = Pattern.compile("[1-9]g\\.[1-9][0-9]*gb(\\.me)?(\\.all)?");
    private static final Pattern LABEL_KEY =
            Pattern.compile("([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");
    private static final Pattern LABEL_VALUE = Pattern.compile("([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?");

    public Placement {
        Objects.requireNonNull(resource, "resource");
        Objects.requireNonNull(layout, "layout");
        if (!GpuKind.isGpu(resource) || !LABEL_KEY.matcher(resource).matches()) {
            throw new IllegalArgumentException("resource must be " + GpuKind.GPU + " or begin with "
                    + GpuKind.MIG_PREFIX + " but was \"" + resource + "\"");
        }
        boolean mig = resource.startsWith(GpuKind.MIG_PREFIX);
        if (devices < 1 || devices > 64 || (mig && devices != 1)) {
            throw new IllegalArgumentException(
                    "devices must be 1 to 64, and 1 of parts of a device, but was " + devices + " of " + resource);
        }
        nodeSelector.forEach((key, value) -> {
            if (!LABEL_KEY.matcher(key).matches() || !LABEL_VALUE.matcher(value).matches()) {
                throw new IllegalArgumentException(
                        "nodeSelector must be of labels but has \"" + key + "\": \"" + value + "\"");
            }
        });
        nodeSelector = Map.copyOf(nodeSelector);
        tolerations = List.copyOf(tolerations);
    }

    /** How replicas lie to each other. */
    public enum Layout {
        /** As the scheduler likes. */
        ANY,
        /** As evenly over zones as can be, and within them over nodes; a replica that would be two ahead waits. */
        SPREAD_ZONES,
        /** As evenly over nodes as can be; a replica that would be two ahead waits. */
        SPREAD_NODES,
        /** By preference where others are, so that nodes are either full or empty; none waits for that. */
        PACK
    }

    /**
     * A taint that a node may have.
     *
     * @param key its key
     * @param value its value; empty for any
     * @param effect its effect; empty for any
     */
    public record Toleration(String key, String value, String effect) {

        public Toleration {
            if (!LABEL_KEY.matcher(key).matches() || !LABEL_VALUE.matcher(value).matches()) {
                throw new IllegalArgumentException("a toleration must be of a key and a value of labels but was \""
                        + key + "\", \"" + value + "\"");
            }
            if (!List.of("", "NoSchedule", "PreferNoSchedule", "NoExecute").contains(effect)) {
                throw new IllegalArgumentException(
                        "effect must be NoSchedule, PreferNoSchedule, NoExecute or empty but was \"" + effect + "\"");
            }
        }

        boolean tolerates(Taint taint) {
            return key.equals(taint.key())
                    && (value.isEmpty() || value.equals(taint.value()))
                    && (effect.isEmpty() || effect.equals(taint.effect()));
        }
    }

    /** Replicas of so many whole devices. */
    public static Placement gpus(int devices, Layout layout) {
        return new Placement(GpuKind.GPU, devices, layout, Map.of(), List.of());
    }

    /**
     * Replicas of a part of a device.
     *
     * @param profile such as {@code 3g.40gb}
     */
    public static Placement mig(String profile, Layout layout) {
        if (!PROFILE.matcher(profile).matches()) {
            throw new IllegalArgumentException("profile must be like 1g.10gb or 3g.40gb but was \"" + profile + "\"");
        }
        return new Placement(GpuKind.MIG_PREFIX + profile, 1, layout, Map.of(), List.of());
    }

    /** The same, on nodes that have this label as well. */
    public Placement onNodesWith(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(nodeSelector);
        more.put(key, value);
        return new Placement(resource, devices, layout, more, tolerations);
    }

    /** The same, also on nodes with this taint. */
    public Placement tolerating(Toleration toleration) {
        List<Toleration> more = new ArrayList<>(tolerations);
        more.add(toleration);
        return new Placement(resource, devices, layout, nodeSelector, more);
    }

    /** Whether a replica may run there if there is room: the node takes new pods, has the labels, and no taint that repels it. */
    public boolean allows(GpuNode node) {
        return node.open()
                && node.labels().entrySet().containsAll(nodeSelector.entrySet())
                && node.taints().stream()
                        .filter(Taint::repels)
                        .allMatch(taint -> tolerations.stream().anyMatch(each -> each.tolerates(taint)));
    }

    /**
     * Nodes that would take the next replicas, one after the other.
     *
     * @param inventory what is free
     * @param running how many replicas of the pool run on each node, by its name
     * @param wanted how many more; 0 or more
     * @return a node for each that finds room, in order; fewer than wanted where there is no room, or where the layout has the next
     *     wait
     * @throws IllegalArgumentException if replicas are to be spread and no label says over which nodes
     */
    public List<String> room(GpuInventory inventory, Map<String, Integer> running, int wanted) {
        checkSpread();
        return new Room(this, inventory, running).next(wanted);
    }

    /**
     * Renders it into the pod template of a workload.
     *
     * @param container which container gets the devices
     * @param podLabels labels that the pool's pods have and no others
     * @throws IllegalArgumentException if replicas are to be spread and no label says over which nodes
     */
    public PodTemplate template(String container, Map<String, String> podLabels) {
        checkSpread();
        return new PodTemplate(this, container, podLabels);
    }

    /** The scheduler spreads over all nodes that a pod selects, and does not ask whether they have what it needs. */
    private void checkSpread() {
        if ((layout == Layout.SPREAD_ZONES || layout == Layout.SPREAD_NODES) && nodeSelector.isEmpty()) {
            throw new IllegalArgumentException("nodeSelector must select nodes with accelerators for layout " + layout
                    + ", such as nvidia.com/gpu.present: \"true\": those without any would count as empty, and replicas would"
                    + " wait for them");
        }
    }
}
