/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.Duration;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.PodMetrics;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.PodMetricsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Pods and their samples for tests, and a metrics-server played on an API server in memory. */
final class Pods {

    static final Instant START = Instant.parse("2026-11-24T02:00:00Z");
    static final java.time.Duration WINDOW = java.time.Duration.ofSeconds(15);

    private static final ResourceDefinitionContext METRICS = new ResourceDefinitionContext.Builder()
            .withGroup("metrics.k8s.io")
            .withVersion("v1beta1")
            .withKind("PodMetrics")
            .withPlural("pods")
            .withNamespaced(true)
            .build();

    private Pods() {}

    /** A running pod of one container that asked for 2 cores and 4 GiB, ready since 10 s after its start. */
    static Pod ready(String name) {
        return pod(name, "Running", "True", START.plusSeconds(10));
    }

    static Pod pod(String name, String phase, String ready, Instant changed) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(MockCluster.NAMESPACE)
                .withName(name)
                .withLabels(Map.of("app", "vllm"))
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("server")
                .withNewResources()
                .withRequests(amounts("2", "4Gi"))
                .endResources()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .withStartTime(START.toString())
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .withLastTransitionTime(changed.toString())
                .endCondition()
                .endStatus()
                .build();
    }

    static Map<String, Quantity> amounts(String cpu, String memory) {
        Map<String, Quantity> amounts = new LinkedHashMap<>();
        amounts.put("cpu", quantity(cpu));
        amounts.put("memory", quantity(memory));
        return amounts;
    }

    /** Also of text that is no quantity. */
    private static Quantity quantity(String amount) {
        try {
            return new Quantity(amount);
        } catch (IllegalArgumentException e) {
            return new Quantity(amount, "");
        }
    }

    /** A sample of one container. */
    static PodMetrics sample(String pod, Instant at, String cpu, String memory) {
        return new PodMetricsBuilder()
                .withNewMetadata()
                .withNamespace(MockCluster.NAMESPACE)
                .withName(pod)
                .withLabels(Map.of("app", "vllm"))
                .endMetadata()
                .withTimestamp(at.toString())
                .withWindow(new Duration(WINDOW))
                .addNewContainer()
                .withName("server")
                .withUsage(amounts(cpu, memory))
                .endContainer()
                .build();
    }

    /** Plays metrics-server: what it says of a pod from now on. */
    static void publish(KubernetesClient admin, PodMetrics sample) {
        withdraw(admin, sample.getMetadata().getName());
        GenericKubernetesResource published = new GenericKubernetesResource();
        published.setApiVersion("metrics.k8s.io/v1beta1");
        published.setKind("PodMetrics");
        published.setMetadata(sample.getMetadata());
        published.setAdditionalProperty("timestamp", sample.getTimestamp());
        published.setAdditionalProperty("window", WINDOW.toSeconds() + "s");
        published.setAdditionalProperty(
                "containers",
                sample.getContainers().stream()
                        .map(each -> Map.of(
                                "name",
                                each.getName(),
                                "usage",
                                Map.of(
                                        "cpu", each.getUsage().get("cpu").toString(),
                                        "memory", each.getUsage().get("memory").toString())))
                        .toList());
        admin.genericKubernetesResources(METRICS)
                .inNamespace(MockCluster.NAMESPACE)
                .resource(published)
                .create();
    }

    /** Plays metrics-server: it has nothing of a pod any more. */
    static void withdraw(KubernetesClient admin, String... pods) {
        for (String pod : pods) {
            admin.genericKubernetesResources(METRICS)
                    .inNamespace(MockCluster.NAMESPACE)
                    .withName(pod)
                    .delete();
        }
    }
}
