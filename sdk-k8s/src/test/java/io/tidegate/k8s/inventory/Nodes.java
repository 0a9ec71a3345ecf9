/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.LinkedHashMap;
import java.util.Map;

/** Nodes with accelerators, and pods that ask for some, as an API server stores them. */
public final class Nodes {

    private Nodes() {}

    public static Node node(String name, String zone, Map<String, Integer> allocatable) {
        Map<String, Quantity> amounts = new LinkedHashMap<>();
        amounts.put("cpu", new Quantity("32"));
        allocatable.forEach((resource, count) -> amounts.put(resource, new Quantity(String.valueOf(count))));
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("kubernetes.io/hostname", name);
        labels.put("topology.kubernetes.io/zone", zone);
        if (!allocatable.isEmpty()) {
            labels.put("nvidia.com/gpu.present", "true");
            labels.put("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3");
            labels.put("nvidia.com/gpu.memory", "81559");
            labels.put("nvidia.com/gpu.count", "8");
        }
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .withAllocatable(amounts)
                .withCapacity(amounts)
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
    }

    public static Node gpus(String name, String zone, int count) {
        return node(name, zone, Map.of("nvidia.com/gpu", count));
    }

    public static Node tainted(Node node, String key, String value, String effect) {
        return new NodeBuilder(node)
                .editSpec()
                .addNewTaint(effect, key, null, value)
                .endSpec()
                .build();
    }

    public static Node cordoned(Node node) {
        return new NodeBuilder(node)
                .editSpec()
                .withUnschedulable(true)
                .endSpec()
                .build();
    }

    /** Null as node: it is pending. */
    public static Pod pod(String namespace, String name, String node, String resource, int count) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .withContainers(new ContainerBuilder()
                        .withName("vllm")
                        .withImage("registry.k8s.io/pause:3.10")
                        .withNewResources()
                        .withLimits(Map.of(resource, new Quantity(String.valueOf(count))))
                        .endResources()
                        .build())
                .endSpec()
                .withNewStatus()
                .withPhase(node == null ? "Pending" : "Running")
                .endStatus();
        return pod.build();
    }

    public static Pod unschedulable(Pod pod, String message) {
        return new PodBuilder(pod)
                .editStatus()
                .addNewCondition()
                .withType("PodScheduled")
                .withStatus("False")
                .withReason("Unschedulable")
                .withMessage(message)
                .endCondition()
                .endStatus()
                .build();
    }
}
