/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.tidegate.k8s.inventory.GpuNode.Taint;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What nodes, pods and events say of accelerators. */
final class Reading {

    private static final int MOST_EVENTS = 5;

    private Reading() {}

    /**
     * What is kept of a pod that asks for accelerators.
     *
     * @param node null while it has none
     */
    record GpuPod(
            String namespace,
            String name,
            @Nullable String node,
            Map<String, Integer> requests,
            String reason,
            String message,
            @Nullable Instant created) {}

    static GpuInventory inventory(Collection<GpuNode> nodes, Collection<GpuPod> pods, Collection<Event> events) {
        Map<String, Map<String, Integer>> used = new HashMap<>();
        List<PendingPod> pending = new ArrayList<>();
        for (GpuPod pod : pods) {
            if (pod.node() == null) {
                pending.add(new PendingPod(
                        pod.namespace(),
                        pod.name(),
                        pod.requests(),
                        pod.reason(),
                        pod.message(),
                        pod.created(),
                        said(events, pod)));
            } else {
                Map<String, Integer> onNode = used.computeIfAbsent(pod.node(), ignored -> new HashMap<>());
                pod.requests().forEach((resource, count) -> onNode.merge(resource, count, Integer::sum));
            }
        }
        List<GpuNode> all = new ArrayList<>();
        for (GpuNode node : nodes) {
            GpuNode with = new GpuNode(
                    node.name(),
                    node.labels(),
                    node.taints(),
                    node.cordoned(),
                    node.ready(),
                    node.allocatable(),
                    used.getOrDefault(node.name(), Map.of()));
            if (!with.resources().isEmpty()) {
                all.add(with);
            }
        }
        all.sort(Comparator.comparing(GpuNode::name));
        pending.sort(Comparator.comparing(PendingPod::namespace).thenComparing(PendingPod::name));
        return new GpuInventory(all, pending);
    }

    // ---- nodes ------------------------------------------------------------------------------------------------------

    static GpuNode node(Node node) {
        NodeSpec spec = node.getSpec();
        List<Taint> taints = new ArrayList<>();
        boolean cordoned = false;
        if (spec != null) {
            cordoned = Boolean.TRUE.equals(spec.getUnschedulable());
            if (spec.getTaints() != null) {
                spec.getTaints()
                        .forEach(taint -> taints.add(new Taint(
                                taint.getKey(), taint.getValue() == null ? "" : taint.getValue(), taint.getEffect())));
            }
        }
        Map<String, Integer> allocatable =
                node.getStatus() == null ? Map.of() : gpus(node.getStatus().getAllocatable());
        Map<String, String> labels = node.getMetadata().getLabels();
        return new GpuNode(
                node.getMetadata().getName(),
                labels == null ? Map.of() : labels,
                taints,
                cordoned,
                isReady(node),
                allocatable,
                Map.of());
    }

    private static boolean isReady(Node node) {
        if (node.getStatus() == null || node.getStatus().getConditions() == null) {
            return false;
        }
        for (NodeCondition condition : node.getStatus().getConditions()) {
            if ("Ready".equals(condition.getType())) {
                return "True".equals(condition.getStatus());
            }
        }
        return false;
    }

    // ---- pods -------------------------------------------------------------------------------------------------------

    /** Empty if it asks for none, or has ended. */
    static Optional<GpuPod> pod(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        if (pod.getSpec() == null || "Succeeded".equals(phase) || "Failed".equals(phase)) {
            return Optional.empty();
        }
        Map<String, Integer> requests = requests(pod);
        if (requests.isEmpty()) {
            return Optional.empty();
        }
        String node = pod.getSpec().getNodeName();
        PodCondition scheduled = scheduled(pod);
        return Optional.of(new GpuPod(
                pod.getMetadata().getNamespace() == null
                        ? ""
                        : pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                node == null || node.isEmpty() ? null : node,
                requests,
                scheduled == null || scheduled.getReason() == null ? "" : scheduled.getReason(),
                scheduled == null || scheduled.getMessage() == null ? "" : scheduled.getMessage(),
                instant(pod.getMetadata().getCreationTimestamp())));
    }

    private static @Nullable PodCondition scheduled(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return null;
        }
        return pod.getStatus().getConditions().stream()
                .filter(condition ->
                        "PodScheduled".equals(condition.getType()) && "False".equals(condition.getStatus()))
                .findFirst()
                .orElse(null);
    }

    /**
     * What a pod holds: all its containers together, or what its largest initial step needs if that is more. Initial containers
     * that go on running beside the others count with them, and with the steps that come after.
     */
    static Map<String, Integer> requests(Pod pod) {
        Map<String, Integer> together = new TreeMap<>();
        for (Container container : orNone(pod.getSpec().getContainers())) {
            gpus(container.getResources()).forEach((resource, count) -> together.merge(resource, count, Integer::sum));
        }
        Map<String, Integer> beside = new HashMap<>();
        Map<String, Integer> most = new HashMap<>();
        for (Container initial : orNone(pod.getSpec().getInitContainers())) {
            boolean goesOn = "Always".equals(initial.getRestartPolicy());
            gpus(initial.getResources()).forEach((resource, count) -> {
                if (goesOn) {
                    beside.merge(resource, count, Integer::sum);
                } else {
                    most.merge(resource, count + beside.getOrDefault(resource, 0), Math::max);
                }
            });
        }
        beside.forEach((resource, count) -> together.merge(resource, count, Integer::sum));
        most.forEach((resource, count) -> together.merge(resource, count, Math::max));
        return together;
    }

    private static List<Container> orNone(@Nullable List<Container> containers) {
        return containers == null ? List.of() : containers;
    }

    private static Map<String, Integer> gpus(@Nullable ResourceRequirements resources) {
        if (resources == null) {
            return Map.of();
        }
        // Requests of such resources must be the limits, and are filled in from them.
        Map<String, Integer> limits = gpus(resources.getLimits());
        return limits.isEmpty() ? gpus(resources.getRequests()) : limits;
    }

    private static Map<String, Integer> gpus(@Nullable Map<String, Quantity> amounts) {
        Map<String, Integer> found = new TreeMap<>();
        if (amounts != null) {
            amounts.forEach((resource, amount) -> {
                int count = GpuKind.isGpu(resource) ? whole(amount) : 0;
                if (count > 0) {
                    found.put(resource, count);
                }
            });
        }
        return found;
    }

    private static int whole(Quantity amount) {
        try {
            return amount.getNumericalAmount()
                    .min(BigDecimal.valueOf(Integer.MAX_VALUE))
                    .intValue();
        } catch (ArithmeticException | IllegalArgumentException e) {
            return 0;
        }
    }

    // ---- events -----------------------------------------------------------------------------------------------------

    private static List<String> said(Collection<Event> events, GpuPod pod) {
        List<Event> found = new ArrayList<>();
        for (Event event : events) {
            ObjectReference of = event.getInvolvedObject();
            if (of != null
                    && "Pod".equals(of.getKind())
                    && pod.name().equals(of.getName())
                    && pod.namespace().equals(of.getNamespace())) {
                found.add(event);
            }
        }
        found.sort(Comparator.comparing(Reading::at));
        return found.subList(Math.max(0, found.size() - MOST_EVENTS), found.size()).stream()
                .map(event -> event.getReason() + ": " + event.getMessage())
                .distinct()
                .toList();
    }

    /** When it was said last; those of the newer API have another field for it. */
    private static Instant at(Event event) {
        Instant last = instant(event.getLastTimestamp());
        if (last == null && event.getEventTime() != null) {
            last = instant(event.getEventTime().getTime());
        }
        return last == null ? Instant.EPOCH : last;
    }

    static @Nullable Instant instant(@Nullable String time) {
        if (time == null) {
            return null;
        }
        try {
            return Instant.parse(time);
        } catch (DateTimeParseException e) {
            return null;
        }
    }
}
