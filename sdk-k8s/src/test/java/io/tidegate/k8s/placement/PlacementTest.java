/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.k8s.inventory.GpuInventory;
import io.tidegate.k8s.inventory.Nodes;
import io.tidegate.k8s.placement.Placement.Layout;
import io.tidegate.k8s.placement.Placement.Toleration;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlacementTest {

    private static final Map<String, String> LABELS = Map.of("app", "vllm");

    /** Reads documents, and sends nothing. */
    private static KubernetesClient reader;

    @BeforeAll
    static void start() {
        reader = new KubernetesClientBuilder()
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }

    @AfterAll
    static void stop() {
        reader.close();
    }

    private static Deployment read(String document) {
        return reader.apps()
                .deployments()
                .load(new ByteArrayInputStream(document.getBytes(StandardCharsets.UTF_8)))
                .item();
    }

    /** A pod as the Deployment's template has it, on a node. */
    private static Pod pod(Placement plan, String name, String node) {
        Deployment deployment = read(plan.template("vllm", LABELS).applied("Deployment", "ml", "vllm"));
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("ml")
                .withName(name)
                .withLabels(LABELS)
                .endMetadata()
                .withSpec(deployment.getSpec().getTemplate().getSpec())
                .editSpec()
                .withNodeName(node)
                .endSpec()
                .withNewStatus()
                .withPhase(node == null ? "Pending" : "Running")
                .endStatus()
                .build();
    }

    @Test
    void template_spreadOverZones_isWhatTheSchedulerIsTold() {
        Placement plan = Placement.gpus(4, Layout.SPREAD_ZONES)
                .onNodesWith("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
                .tolerating(new Toleration("nvidia.com/gpu", "", "NoSchedule"));

        assertThat(plan.template("vllm", LABELS).yaml("Deployment", "ml", "vllm"))
                .isEqualTo("""
                apiVersion: apps/v1
                kind: Deployment
                metadata:
                  name: vllm
                  namespace: ml
                spec:
                  template:
                    spec:
                      nodeSelector:
                        nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3
                      tolerations:
                      - key: nvidia.com/gpu
                        operator: Exists
                        effect: NoSchedule
                      topologySpreadConstraints:
                      - maxSkew: 1
                        topologyKey: topology.kubernetes.io/zone
                        whenUnsatisfiable: DoNotSchedule
                        labelSelector:
                          matchLabels:
                            app: vllm
                        nodeTaintsPolicy: Honor
                      - maxSkew: 1
                        topologyKey: kubernetes.io/hostname
                        whenUnsatisfiable: ScheduleAnyway
                        labelSelector:
                          matchLabels:
                            app: vllm
                        nodeTaintsPolicy: Honor
                      containers:
                      - name: vllm
                        resources:
                          limits:
                            nvidia.com/gpu: 4
                """);
    }

    @Test
    void template_packed_prefersNodesWithOthers() {
        Deployment packed = read(
                Placement.mig("3g.40gb", Layout.PACK).template("vllm", LABELS).applied("Deployment", "ml", "vllm"));

        var spec = packed.getSpec().getTemplate().getSpec();
        assertThat(spec.getAffinity().getPodAffinity().getPreferredDuringSchedulingIgnoredDuringExecution())
                .singleElement()
                .satisfies(term -> {
                    assertThat(term.getWeight()).isEqualTo(100);
                    assertThat(term.getPodAffinityTerm().getTopologyKey()).isEqualTo("kubernetes.io/hostname");
                });
        assertThat(spec.getContainers().get(0).getResources().getLimits()).containsOnlyKeys("nvidia.com/mig-3g.40gb");
        assertThat(spec.getTopologySpreadConstraints()).isEmpty();
    }

    @Test
    void yamlAndJson_ofEachLayout_areTheSame() {
        for (Layout layout : Layout.values()) {
            PodTemplate template = Placement.gpus(2, layout)
                    .onNodesWith("pool", "yes")
                    .onNodesWith("generation", "9")
                    .tolerating(new Toleration("gpu", "true", ""))
                    .template("vllm", LABELS);
            assertThat(read(template.yaml("Deployment", "ml", "vllm")))
                    .isEqualTo(read(template.applied("Deployment", "ml", "vllm")));
        }
    }

    @Test
    void patch_ofPartsOfADevice_takesAwayWhatAnotherPlanLeft() {
        String patch = Placement.mig("1g.10gb", Layout.SPREAD_NODES)
                .onNodesWith("pool", "mig")
                .template("vllm", LABELS)
                .patch();

        assertThat(patch)
                .isEqualTo("{\"spec\":{\"template\":{\"spec\":{\"nodeSelector\":"
                        + "{\"$patch\":\"replace\",\"pool\":\"mig\"},\"tolerations\":null,"
                        + "\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"kubernetes.io/hostname\","
                        + "\"whenUnsatisfiable\":\"DoNotSchedule\",\"labelSelector\":{\"matchLabels\":{\"app\":\"vllm\"}},"
                        + "\"nodeTaintsPolicy\":\"Honor\"},{\"$patch\":\"replace\"}],\"affinity\":null,"
                        + "\"containers\":[{\"name\":\"vllm\",\"resources\":{\"limits\":{\"nvidia.com/gpu\":null,"
                        + "\"nvidia.com/mig-1g.10gb\":1}}}]}}}}");
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    @DisplayName(
            "The plan and the scheduler's rules agree: 400 clusters, each replica where the plan says, and none beyond")
    void room_randomClusters_agreesWithTheScheduler(Layout layout) {
        int placedInAll = 0;
        int waitedInAll = 0;
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            List<Node> nodes = nodes(random);
            Placement plan = new Placement(
                    "nvidia.com/gpu",
                    1 << random.nextInt(4),
                    layout,
                    selector(random, layout),
                    random.nextBoolean() ? List.of(new Toleration("gpu", "", "NoSchedule")) : List.of());
            List<Pod> placed = others(random, nodes);
            GpuInventory inventory = GpuInventory.of(nodes, placed, List.of());
            int wanted = 12;

            List<String> room = plan.room(inventory, Map.of(), wanted);

            for (int i = 0; i < room.size(); i++) {
                Pod next = pod(plan, "r" + i, null);
                assertThat(SchedulerRules.feasible(next, nodes, placed))
                        .as("seed " + seed + ", replica " + i + " of " + plan)
                        .extracting(node -> node.getMetadata().getName())
                        .contains(room.get(i));
                placed.add(pod(plan, "r" + i, room.get(i)));
            }
            placedInAll += room.size();
            if (room.size() < wanted) {
                waitedInAll++;
                assertThat(SchedulerRules.feasible(pod(plan, "beyond", null), nodes, placed))
                        .as("seed " + seed + ", after " + room + " of " + plan)
                        .isEmpty();
            }
        }
        // Both happen, often.
        assertThat(placedInAll).isGreaterThan(200);
        assertThat(waitedInAll).isGreaterThan(20);
    }

    private static Map<String, String> selector(Random random, Layout layout) {
        if (random.nextInt(3) == 0) {
            return Map.of("pool", "a", "nvidia.com/gpu.present", "true");
        }
        boolean spread = layout == Layout.SPREAD_NODES || layout == Layout.SPREAD_ZONES;
        return spread ? Map.of("nvidia.com/gpu.present", "true") : Map.of();
    }

    @Test
    @DisplayName(
            "A node without accelerators would have spread replicas wait: the plan demands that nodes are selected")
    void spread_withoutNodeSelector_isRefusedSinceReplicasWouldWait() {
        List<Node> nodes = List.of(Nodes.gpus("gpu", "z", 8), Nodes.node("cpu", "z", Map.of()));
        Placement plan = Placement.gpus(1, Layout.SPREAD_NODES);
        Placement selecting = plan.onNodesWith("nvidia.com/gpu.present", "true");
        GpuInventory inventory = GpuInventory.of(nodes, List.of(), List.of());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan.room(inventory, Map.of(), 2))
                .withMessageContaining("nvidia.com/gpu.present");
        assertThatIllegalArgumentException().isThrownBy(() -> plan.template("vllm", LABELS));
        assertThat(selecting.room(inventory, Map.of(), 2)).containsExactly("gpu", "gpu");
        Pod second = pod(selecting, "second", null);
        List<Pod> first = List.of(pod(selecting, "first", "gpu"));
        assertThat(SchedulerRules.feasible(second, nodes, first)).hasSize(1);
        second.getSpec().setNodeSelector(Map.of());
        assertThat(SchedulerRules.feasible(second, nodes, first)).isEmpty();
    }

    private static List<Node> nodes(Random random) {
        List<Node> nodes = new ArrayList<>();
        nodes.add(Nodes.node("cpu", "z9", Map.of()));
        int count = 2 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            Node node = Nodes.gpus("n" + i, "z" + random.nextInt(3), new int[] {2, 4, 8}[random.nextInt(3)]);
            if (random.nextInt(3) > 0) {
                node.getMetadata().getLabels().put("pool", random.nextBoolean() ? "a" : "b");
            }
            if (random.nextInt(3) == 0) {
                node = Nodes.tainted(node, "gpu", "true", random.nextInt(3) == 0 ? "PreferNoSchedule" : "NoSchedule");
            }
            if (random.nextInt(6) == 0) {
                node = Nodes.cordoned(node);
            }
            nodes.add(node);
        }
        return nodes;
    }

    private static List<Pod> others(Random random, List<Node> nodes) {
        List<Pod> others = new ArrayList<>();
        for (Node node : nodes) {
            if (random.nextBoolean() && !node.getMetadata().getName().equals("cpu")) {
                others.add(Nodes.pod(
                        "other",
                        "o-" + node.getMetadata().getName(),
                        node.getMetadata().getName(),
                        "nvidia.com/gpu",
                        1));
            }
        }
        return others;
    }

    @Test
    void room_packed_fillsOneNodeAfterTheOther() {
        GpuInventory inventory = GpuInventory.of(
                List.of(Nodes.gpus("a", "z", 8), Nodes.gpus("b", "z", 8), Nodes.gpus("c", "z", 4)),
                List.of(),
                List.of());

        assertThat(Placement.gpus(2, Layout.PACK).room(inventory, Map.of("b", 1), 6))
                .containsExactly("b", "b", "b", "b", "c", "c");
        assertThat(Placement.gpus(2, Layout.SPREAD_NODES)
                        .onNodesWith("nvidia.com/gpu.present", "true")
                        .room(inventory, Map.of(), 6))
                .containsExactly("a", "b", "c", "a", "b", "c");
        assertThat(Placement.gpus(8, Layout.ANY).room(inventory, new HashMap<>(), 6))
                .containsExactly("a", "b");
    }

    @Test
    void placement_wrong_isRejectedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Placement.gpus(0, Layout.ANY))
                .withMessageStartingWith("devices must be 1 to 64");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Placement("nvidia.com/mig-1g.10gb", 2, Layout.ANY, Map.of(), List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Placement.mig("huge", Layout.ANY))
                .withMessage("profile must be like 1g.10gb or 3g.40gb but was \"huge\"");
        assertThatIllegalArgumentException().isThrownBy(() -> new Placement("cpu", 1, Layout.ANY, Map.of(), List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Placement.gpus(1, Layout.ANY).onNodesWith("a b", "c"));
        assertThatIllegalArgumentException().isThrownBy(() -> new Toleration("key", "", "Sometimes"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Placement.gpus(1, Layout.PACK).template("vllm", Map.of()))
                .withMessageStartingWith("podLabels must be at least one");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Placement.gpus(1, Layout.ANY).template("vllm", Map.of()).yaml("Job", "ml", "x"));
    }
}
