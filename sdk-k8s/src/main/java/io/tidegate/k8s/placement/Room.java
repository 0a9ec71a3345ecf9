/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.placement;

import io.tidegate.k8s.inventory.GpuInventory;
import io.tidegate.k8s.inventory.GpuNode;
import io.tidegate.k8s.placement.Placement.Layout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Places replicas one after the other as the plan has it. Not safe for use by several threads. */
final class Room {

    private final Placement plan;
    private final List<GpuNode> nodes;
    private final Map<String, Integer> free = new HashMap<>();
    private final Map<String, Integer> onNode = new HashMap<>();
    private final Map<String, Integer> inZone = new HashMap<>();

    Room(Placement plan, GpuInventory inventory, Map<String, Integer> running) {
        this.plan = plan;
        // Spread counts domains of nodes that the pod may go to; a node outside any zone has none to be spread over.
        // Those
        // without the resource count like others, as the scheduler does not know a domain by what it has.
        this.nodes = inventory.nodes().stream()
                .filter(plan::allows)
                .filter(node ->
                        plan.layout() != Layout.SPREAD_ZONES || !node.zone().isEmpty())
                .toList();
        for (GpuNode node : nodes) {
            int here = running.getOrDefault(node.name(), 0);
            free.put(node.name(), node.free(plan.resource()));
            onNode.put(node.name(), here);
            inZone.merge(node.zone(), here, Integer::sum);
        }
    }

    List<String> next(int wanted) {
        List<String> found = new ArrayList<>();
        while (found.size() < wanted) {
            Optional<GpuNode> node = next();
            if (node.isEmpty()) {
                break;
            }
            GpuNode taken = node.get();
            free.merge(taken.name(), -plan.devices(), Integer::sum);
            onNode.merge(taken.name(), 1, Integer::sum);
            inZone.merge(taken.zone(), 1, Integer::sum);
            found.add(taken.name());
        }
        return found;
    }

    private Optional<GpuNode> next() {
        int leastOnNode =
                onNode.values().stream().mapToInt(Integer::intValue).min().orElse(0);
        int leastInZone =
                inZone.values().stream().mapToInt(Integer::intValue).min().orElse(0);
        return nodes.stream()
                .filter(node -> free(node) >= plan.devices())
                .filter(node -> switch (plan.layout()) {
                    case SPREAD_ZONES -> count(inZone, node.zone()) == leastInZone;
                    case SPREAD_NODES -> count(onNode, node.name()) == leastOnNode;
                    case ANY, PACK -> true;
                })
                .min(order());
    }

    private Comparator<GpuNode> order() {
        Comparator<GpuNode> least = Comparator.comparing(node -> count(onNode, node.name()));
        Comparator<GpuNode> fullest = Comparator.comparing(this::free);
        Comparator<GpuNode> first = plan.layout() == Layout.PACK
                ? Comparator.<GpuNode, Boolean>comparing(node -> count(onNode, node.name()) == 0)
                        .thenComparing(fullest)
                : least;
        return first.thenComparing(GpuNode::name);
    }

    private int free(GpuNode node) {
        return count(free, node.name());
    }

    private static int count(Map<String, Integer> counts, String key) {
        return counts.getOrDefault(key, 0);
    }
}
