/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.tidegate.k8s.inventory.GpuInventory.Total;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GpuInventoryTest {

    private static final GpuKind H100 = new GpuKind("nvidia.com/gpu", "NVIDIA-H100-80GB-HBM3");

    private static GpuInventory of(List<Node> nodes, Pod... pods) {
        return GpuInventory.of(nodes, List.of(pods), List.of());
    }

    @Test
    void totals_ofNodesAndPods_areWhatIsLeft() {
        GpuInventory inventory = of(
                List.of(
                        Nodes.gpus("a", "z1", 8),
                        Nodes.cordoned(Nodes.gpus("b", "z1", 8)),
                        Nodes.node("mig", "z2", Map.of("nvidia.com/mig-3g.40gb", 4, "nvidia.com/gpu", 0)),
                        Nodes.node("cpu", "z2", Map.of())),
                Nodes.pod("ml", "one", "a", "nvidia.com/gpu", 5),
                Nodes.pod("other", "two", "b", "nvidia.com/gpu", 2),
                Nodes.pod("ml", "three", "mig", "nvidia.com/mig-3g.40gb", 1));

        assertThat(inventory.nodes()).extracting(GpuNode::name).containsExactly("a", "b", "mig");
        assertThat(inventory.totals())
                .containsOnly(
                        Map.entry(H100, new Total(16, 7, 9, 3)),
                        Map.entry(
                                new GpuKind("nvidia.com/mig-3g.40gb", "NVIDIA-H100-80GB-HBM3"), new Total(4, 1, 3, 3)));
        assertThat(inventory.nodes().get(0).memoryMebibytes()).isEqualTo(81559);
        assertThat(inventory.nodes().get(2).zone()).isEqualTo("z2");
    }

    @Test
    void freeSets_threeHereAndFiveThere_areTwoOfTwoAndOneOfFour() {
        GpuInventory inventory = of(
                List.of(Nodes.gpus("a", "z1", 8), Nodes.gpus("b", "z1", 8), Nodes.cordoned(Nodes.gpus("c", "z1", 8))),
                Nodes.pod("ml", "one", "a", "nvidia.com/gpu", 5),
                Nodes.pod("ml", "two", "b", "nvidia.com/gpu", 3));

        assertThat(inventory.freeSets("nvidia.com/gpu", 1)).isEqualTo(8);
        assertThat(inventory.freeSets("nvidia.com/gpu", 2)).isEqualTo(1 + 2);
        assertThat(inventory.freeSets("nvidia.com/gpu", 4)).isEqualTo(1);
        assertThat(inventory.freeSets("nvidia.com/gpu", 8)).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> inventory.freeSets("nvidia.com/gpu", 0))
                .withMessage("size must be at least 1 but was 0");
    }

    @Test
    void used_podsThatHaveEnded_areNotCounted() {
        Pod ended = new PodBuilder(Nodes.pod("ml", "job", "a", "nvidia.com/gpu", 8))
                .editStatus()
                .withPhase("Succeeded")
                .endStatus()
                .build();

        assertThat(of(List.of(Nodes.gpus("a", "z1", 8)), ended).totals().get(H100))
                .isEqualTo(new Total(8, 0, 8, 8));
    }

    @Test
    void used_failedDevice_isNeverLessThanNothing() {
        GpuInventory inventory =
                of(List.of(Nodes.gpus("a", "z1", 7)), Nodes.pod("ml", "one", "a", "nvidia.com/gpu", 8));

        assertThat(inventory.totals().get(H100)).isEqualTo(new Total(7, 8, 0, 0));
    }

    @Test
    void requests_initialSteps_countAsTheSchedulerCountsThem() {
        Map<String, Quantity> two = Map.of("nvidia.com/gpu", new Quantity("2"));
        Map<String, Quantity> one = Map.of("nvidia.com/gpu", new Quantity("1"));
        Pod pod = new PodBuilder(Nodes.pod("ml", "p", "a", "nvidia.com/gpu", 1))
                .editSpec()
                .addToInitContainers(
                        new ContainerBuilder()
                                .withName("beside")
                                .withRestartPolicy("Always")
                                .withNewResources()
                                .withLimits(one)
                                .endResources()
                                .build(),
                        new ContainerBuilder()
                                .withName("warm")
                                .withNewResources()
                                .withLimits(two)
                                .endResources()
                                .build())
                .endSpec()
                .build();

        // Beside and warm together, 3, are more than beside and the container, 2.
        assertThat(Reading.requests(pod)).containsExactly(Map.entry("nvidia.com/gpu", 3));
    }

    @Test
    void pending_unschedulable_saysWhyAndWhatTheAutoscalerSays() {
        Pod pod = Nodes.unschedulable(
                Nodes.pod("ml", "waits", null, "nvidia.com/gpu", 4),
                "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
        Event later = event("waits", "NotTriggerScaleUp", "max node group size reached", "2026-11-24T02:05:00Z");
        Event sooner = event("waits", "FailedScheduling", "0/3 nodes", "2026-11-24T02:00:00Z");
        Event another = event("other", "FailedScheduling", "0/3 nodes", "2026-11-24T02:00:00Z");

        GpuInventory inventory =
                GpuInventory.of(List.of(Nodes.gpus("a", "z1", 2)), List.of(pod), List.of(later, sooner, another));

        assertThat(inventory.pending()).singleElement().satisfies(waits -> {
            assertThat(waits.reason()).isEqualTo("Unschedulable");
            assertThat(waits.message()).contains("Insufficient nvidia.com/gpu");
            assertThat(waits.requests()).containsExactly(Map.entry("nvidia.com/gpu", 4));
            assertThat(waits.events())
                    .containsExactly("FailedScheduling: 0/3 nodes", "NotTriggerScaleUp: max node group size reached");
        });
        assertThat(inventory.totals().get(H100).used()).isZero();
    }

    @Test
    void open_nodeNotReady_isNot() {
        Node lost = new NodeBuilder(Nodes.gpus("a", "z1", 8))
                .editStatus()
                .editFirstCondition()
                .withStatus("Unknown")
                .endCondition()
                .endStatus()
                .build();

        assertThat(of(List.of(lost)).totals().get(H100)).isEqualTo(new Total(8, 0, 8, 0));
        assertThat(of(List.of(lost)).freeSets("nvidia.com/gpu", 1)).isZero();
    }

    private static Event event(String pod, String reason, String message, String last) {
        return new EventBuilder()
                .withNewInvolvedObject()
                .withKind("Pod")
                .withNamespace("ml")
                .withName(pod)
                .endInvolvedObject()
                .withReason(reason)
                .withMessage(message)
                .withLastTimestamp(last)
                .build();
    }
}
