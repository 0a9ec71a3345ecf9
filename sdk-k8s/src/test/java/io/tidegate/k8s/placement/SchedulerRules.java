/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.placement;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The scheduler's filters as its documentation has them, as far as plans use them: unschedulable, node selector, taints, extended
 * resources, spread that must be kept. Written against pod templates and nodes, and knows nothing of plans.
 */
final class SchedulerRules {

    private SchedulerRules() {}

    /** Nodes that pass all filters for this pod. */
    static List<Node> feasible(Pod pod, List<Node> nodes, Collection<Pod> placed) {
        return nodes.stream()
                .filter(node -> eligible(pod.getSpec(), node))
                .filter(node -> fits(pod, node, placed))
                .filter(node -> spread(pod, node, nodes, placed))
                .toList();
    }

    private static boolean eligible(PodSpec spec, Node node) {
        return !Boolean.TRUE.equals(node.getSpec().getUnschedulable())
                && (spec.getNodeSelector() == null
                        || node.getMetadata()
                                .getLabels()
                                .entrySet()
                                .containsAll(spec.getNodeSelector().entrySet()))
                && tolerated(spec, node);
    }

    private static boolean tolerated(PodSpec spec, Node node) {
        return node.getSpec().getTaints().stream()
                .filter(taint -> !taint.getEffect().equals("PreferNoSchedule"))
                .allMatch(taint -> spec.getTolerations().stream().anyMatch(each -> tolerates(each, taint)));
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        boolean effect = toleration.getEffect() == null
                || toleration.getEffect().isEmpty()
                || toleration.getEffect().equals(taint.getEffect());
        boolean value = "Exists".equals(toleration.getOperator())
                || (toleration.getValue() == null ? "" : toleration.getValue())
                        .equals(taint.getValue() == null ? "" : taint.getValue());
        return effect && toleration.getKey().equals(taint.getKey()) && value;
    }

    private static boolean fits(Pod pod, Node node, Collection<Pod> placed) {
        Map<String, Integer> asked = asked(pod);
        for (Map.Entry<String, Integer> each : asked.entrySet()) {
            Quantity has = node.getStatus().getAllocatable().get(each.getKey());
            int used = placed.stream()
                    .filter(other ->
                            node.getMetadata().getName().equals(other.getSpec().getNodeName()))
                    .mapToInt(other -> asked(other).getOrDefault(each.getKey(), 0))
                    .sum();
            if ((has == null ? 0 : Integer.parseInt(has.getAmount())) - used < each.getValue()) {
                return false;
            }
        }
        return true;
    }

    private static Map<String, Integer> asked(Pod pod) {
        Map<String, Integer> asked = new HashMap<>();
        pod.getSpec()
                .getContainers()
                .forEach(container -> container
                        .getResources()
                        .getLimits()
                        .forEach((resource, amount) ->
                                asked.merge(resource, Integer.parseInt(amount.getAmount()), Integer::sum)));
        return asked;
    }

    private static boolean spread(Pod pod, Node node, List<Node> nodes, Collection<Pod> placed) {
        for (TopologySpreadConstraint constraint : pod.getSpec().getTopologySpreadConstraints()) {
            if (constraint.getWhenUnsatisfiable().equals("DoNotSchedule")
                    && !keeps(constraint, pod, node, nodes, placed)) {
                return false;
            }
        }
        return true;
    }

    private static boolean keeps(
            TopologySpreadConstraint constraint, Pod pod, Node node, List<Node> nodes, Collection<Pod> placed) {
        String key = constraint.getTopologyKey();
        Map<String, Integer> domains = new HashMap<>();
        Map<String, String> domainOf = new HashMap<>();
        for (Node each : nodes) {
            String domain = each.getMetadata().getLabels().get(key);
            boolean counts = domain != null
                    && (pod.getSpec().getNodeSelector() == null
                            || each.getMetadata()
                                    .getLabels()
                                    .entrySet()
                                    .containsAll(pod.getSpec().getNodeSelector().entrySet()))
                    && (!"Honor".equals(constraint.getNodeTaintsPolicy()) || toleratedOrCordoned(pod.getSpec(), each));
            if (counts) {
                domains.merge(domain, 0, Integer::sum);
                domainOf.put(each.getMetadata().getName(), domain);
            }
        }
        for (Pod other : placed) {
            String domain = domainOf.get(other.getSpec().getNodeName());
            if (domain != null
                    && other.getMetadata().getLabels() != null
                    && other.getMetadata()
                            .getLabels()
                            .entrySet()
                            .containsAll(constraint
                                    .getLabelSelector()
                                    .getMatchLabels()
                                    .entrySet())) {
                domains.merge(domain, 1, Integer::sum);
            }
        }
        String domain = node.getMetadata().getLabels().get(key);
        if (domain == null) {
            return false;
        }
        int least = domains.values().stream().mapToInt(Integer::intValue).min().orElse(0);
        return domains.getOrDefault(domain, 0) + 1 - least <= constraint.getMaxSkew();
    }

    /** A cordoned node bears a taint of its own, which a controller adds. */
    private static boolean toleratedOrCordoned(PodSpec spec, Node node) {
        return tolerated(spec, node) && !Boolean.TRUE.equals(node.getSpec().getUnschedulable());
    }
}
