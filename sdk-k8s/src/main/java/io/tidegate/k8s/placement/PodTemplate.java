/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.placement;

import io.tidegate.k8s.inventory.GpuKind;
import io.tidegate.k8s.placement.Placement.Layout;
import io.tidegate.k8s.placement.Placement.Toleration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A plan in the words of a pod template: what is written there so that the scheduler does what the plan says. Immutable.
 *
 * <p>Only what the plan decides is in it. {@link #applied} is a document for server-side apply, by which fields that a later plan no
 * longer has are removed again; {@link #patch} is a strategic merge patch, which removes what another plan may have left.
 *
 * @since 0.1.0
 */
public final class PodTemplate {

    private final Placement plan;
    private final String container;
    private final Map<String, String> podLabels;

    PodTemplate(Placement plan, String container, Map<String, String> podLabels) {
        this.plan = plan;
        this.container = Objects.requireNonNull(container, "container");
        if (podLabels.isEmpty() && plan.layout() != Layout.ANY) {
            throw new IllegalArgumentException(
                    "podLabels must be at least one: by them replicas know each other for layout " + plan.layout());
        }
        this.podLabels = new TreeMap<>(podLabels);
    }

    /** The plan's part of {@code spec.template.spec}, of maps, lists, texts and numbers. */
    public Map<String, Object> podSpec() {
        Map<String, Object> spec = new LinkedHashMap<>();
        if (!plan.nodeSelector().isEmpty()) {
            spec.put("nodeSelector", new TreeMap<>(plan.nodeSelector()));
        }
        if (!plan.tolerations().isEmpty()) {
            spec.put(
                    "tolerations",
                    plan.tolerations().stream().map(PodTemplate::toleration).toList());
        }
        if (plan.layout() == Layout.SPREAD_ZONES) {
            // Over nodes only by preference: a zone whose nodes are unequal would else keep replicas waiting.
            spec.put(
                    "topologySpreadConstraints",
                    List.of(spread(Placement.ZONE, "DoNotSchedule"), spread(Placement.HOST, "ScheduleAnyway")));
        } else if (plan.layout() == Layout.SPREAD_NODES) {
            spec.put("topologySpreadConstraints", List.of(spread(Placement.HOST, "DoNotSchedule")));
        } else if (plan.layout() == Layout.PACK) {
            spec.put("affinity", Map.of("podAffinity", packing()));
        }
        spec.put("containers", List.of(container(Map.of(plan.resource(), plan.devices()))));
        return spec;
    }

    private Map<String, Object> container(Map<String, Object> limits) {
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("name", container);
        // Requests are filled in from limits, and must be the same for such resources.
        made.put("resources", Map.of("limits", new TreeMap<>(limits)));
        return made;
    }

    private static Map<String, Object> toleration(Toleration toleration) {
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("key", toleration.key());
        made.put("operator", toleration.value().isEmpty() ? "Exists" : "Equal");
        if (!toleration.value().isEmpty()) {
            made.put("value", toleration.value());
        }
        if (!toleration.effect().isEmpty()) {
            made.put("effect", toleration.effect());
        }
        return made;
    }

    private Map<String, Object> spread(String topologyKey, String otherwise) {
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("maxSkew", 1);
        made.put("topologyKey", topologyKey);
        made.put("whenUnsatisfiable", otherwise);
        made.put("labelSelector", Map.of("matchLabels", podLabels));
        // Nodes that replicas may not go to anyway are not counted as empty.
        made.put("nodeTaintsPolicy", "Honor");
        return made;
    }

    private Map<String, Object> packing() {
        Map<String, Object> term = new LinkedHashMap<>();
        term.put("topologyKey", Placement.HOST);
        term.put("labelSelector", Map.of("matchLabels", podLabels));
        Map<String, Object> weighted = new LinkedHashMap<>();
        weighted.put("weight", 100);
        weighted.put("podAffinityTerm", term);
        return Map.of("preferredDuringSchedulingIgnoredDuringExecution", List.of(weighted));
    }

    /** A strategic merge patch for a workload, as JSON. What another plan may have left there is removed. */
    public String patch() {
        Map<String, Object> spec = new LinkedHashMap<>();
        for (String field : List.of("nodeSelector", "tolerations", "topologySpreadConstraints", "affinity")) {
            spec.put(field, null);
        }
        Map<String, Object> wanted = podSpec();
        wanted.forEach((field, value) -> {
            if (value instanceof Map<?, ?> map) {
                Map<String, Object> replaced = new LinkedHashMap<>();
                replaced.put("$patch", "replace");
                map.forEach((key, each) -> replaced.put(String.valueOf(key), each));
                spec.put(field, replaced);
            } else if (field.equals("topologySpreadConstraints")) {
                // This list is merged by key where others are replaced.
                List<Object> replaced = new ArrayList<>((List<?>) value);
                replaced.add(Map.of("$patch", "replace"));
                spec.put(field, replaced);
            } else {
                spec.put(field, value);
            }
        });
        spec.put("containers", List.of(container(exclusive())));
        return Documents.json(Map.of("spec", Map.of("template", Map.of("spec", spec))));
    }

    /** What the plan asks for, and that no whole device is asked for beside a part of one. */
    private Map<String, Object> exclusive() {
        Map<String, Object> limits = new TreeMap<>();
        if (!plan.resource().equals(GpuKind.GPU)) {
            limits.put(GpuKind.GPU, null);
        }
        limits.put(plan.resource(), plan.devices());
        return limits;
    }

    /**
     * A document for server-side apply to a Deployment or StatefulSet, as JSON, which is YAML as well.
     *
     * @param kind {@code Deployment} or {@code StatefulSet}
     * @param namespace the workload's
     * @param name its name
     */
    public String applied(String kind, String namespace, String name) {
        return Documents.json(workload(kind, namespace, name));
    }

    /** The same document for people. */
    public String yaml(String kind, String namespace, String name) {
        return Documents.yaml(workload(kind, namespace, name));
    }

    private Map<String, Object> workload(String kind, String namespace, String name) {
        if (!List.of("Deployment", "StatefulSet").contains(kind)) {
            throw new IllegalArgumentException("kind must be Deployment or StatefulSet but was \"" + kind + "\"");
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("name", Objects.requireNonNull(name, "name"));
        metadata.put("namespace", Objects.requireNonNull(namespace, "namespace"));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("apiVersion", "apps/v1");
        document.put("kind", kind);
        document.put("metadata", metadata);
        document.put("spec", Map.of("template", Map.of("spec", podSpec())));
        return document;
    }
}
