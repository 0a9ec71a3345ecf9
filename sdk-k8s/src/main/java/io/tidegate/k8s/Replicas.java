/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.tidegate.engine.spi.Birth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Counts the replicas of an object, by its own status where that says so, else by its scale and its pods. */
final class Replicas {

    private static final long PAGE = 500;

    private final Api api;
    private final @Nullable PodBirths births;

    Replicas(Api api, @Nullable PodBirths births) {
        this.api = api;
        this.births = births;
    }

    /**
     * How many there are.
     *
     * @param desired what its spec says
     */
    record Counts(int desired, int running, int ready, List<Birth> births) {}

    Counts count(ScaleTarget target, GenericKubernetesResource found, long deadlineNanos) {
        return target.kind().counts() ? byStatus(target, found, deadlineNanos) : byScale(target, deadlineNanos);
    }

    /** What its spec says; the API server fills in 1 where nothing was asked for, so it is never absent. */
    static int desired(ScaleTarget target, GenericKubernetesResource found) {
        Integer desired = ObjectFacts.number(found, "spec", "replicas");
        if (desired == null) {
            throw KubernetesScaleException.unusable(Access.GET_OBJECT, target, "has no spec.replicas");
        }
        return desired;
    }

    private Counts byStatus(ScaleTarget target, GenericKubernetesResource found, long deadlineNanos) {
        // One read for all three, so that they are of one instant. The API server makes the scale subresource from this
        // very object: the scale's spec.replicas and status.replicas are the object's.
        int desired = desired(target, found);
        // status.observedGeneration may lag behind what was just written. The pods counted do exist even then, which is
        // what is asked; ready is still too low on the way up and running too high on the way down, so nothing is
        // believed done too early. status.updatedReplicas does not matter: in a rollout, pods of the old template
        // serve.
        int running = orZero(ObjectFacts.number(found, "status", "replicas"));
        int ready = orZero(ObjectFacts.number(found, "status", "readyReplicas"));
        List<Birth> born = births == null
                ? List.of()
                : births.read(target, selector(target, found), desired > ready, () -> api.within(deadlineNanos));
        return new Counts(desired, running, ready, born);
    }

    private Counts byScale(ScaleTarget target, long deadlineNanos) {
        Scale scale = api.scale(deadlineNanos, target);
        int desired = orZero(scale.getSpec().getReplicas());
        int running = scale.getStatus() == null ? 0 : orZero(scale.getStatus().getReplicas());
        String selector = scale.getStatus() == null ? null : scale.getStatus().getSelector();
        if (selector == null || selector.isEmpty()) {
            throw KubernetesScaleException.unusable(
                    Access.GET_SCALE, target, "has no status.selector, so its ready pods cannot be counted");
        }
        int ready = 0;
        List<Pod> live = new ArrayList<>();
        String next = null;
        do {
            String from = next;
            PodList page = Api.call(
                    Access.LIST_PODS,
                    target,
                    () -> api.within(deadlineNanos)
                            .pods()
                            .inNamespace(target.namespace())
                            .withLabelSelector(selector)
                            .list(new ListOptionsBuilder()
                                    .withLimit(PAGE)
                                    .withContinue(from)
                                    .build()));
            for (Pod pod : page.getItems()) {
                if (PodReadiness.live(pod)) {
                    live.add(pod);
                    ready += PodReadiness.serves(pod) ? 1 : 0;
                }
            }
            next = page.getMetadata() == null ? null : page.getMetadata().getContinue();
        } while (next != null && !next.isEmpty());
        return new Counts(desired, running, ready, births == null ? List.of() : PodBirths.births(live));
    }

    /** The selector of its pods as a request takes it; null if it selects nothing. */
    private static @Nullable String selector(ScaleTarget target, GenericKubernetesResource found) {
        if (target.kind().kind().equals(ScalableKind.LEADER_WORKER_SET.kind())) {
            return ObjectFacts.text(found.getAdditionalProperties(), "status", "hpaPodSelector");
        }
        List<String> terms = new ArrayList<>();
        if (ObjectFacts.value(found.getAdditionalProperties(), "spec", "selector", "matchLabels")
                instanceof Map<?, ?> labels) {
            new TreeMap<>(labels).forEach((label, value) -> terms.add(label + "=" + value));
        }
        for (Object each : ObjectFacts.list(found.getAdditionalProperties(), "spec", "selector", "matchExpressions")) {
            String key = ObjectFacts.text(each, "key");
            String values = String.join(
                    ",",
                    ObjectFacts.list(each, "values").stream()
                            .map(String::valueOf)
                            .toList());
            switch (String.valueOf(ObjectFacts.text(each, "operator"))) {
                case "In" -> terms.add(key + " in (" + values + ")");
                case "NotIn" -> terms.add(key + " notin (" + values + ")");
                case "Exists" -> terms.add(String.valueOf(key));
                case "DoesNotExist" -> terms.add("!" + key);
                default -> {
                    // Without this term others' pods would be counted as its own.
                    return null;
                }
            }
        }
        return terms.isEmpty() ? null : String.join(",", terms);
    }

    /** For counts that the API leaves out when they are 0. */
    static int orZero(@Nullable Integer count) {
        return count == null ? 0 : count;
    }
}
