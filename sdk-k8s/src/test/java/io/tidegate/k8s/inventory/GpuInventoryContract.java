/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.MockCluster;
import io.tidegate.time.SystemTime;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What holds on every API server on which a test may make nodes; pods are bound to them by their node's name. */
abstract class GpuInventoryContract {

    private final SystemTime time = SystemTime.start();
    private final String suffix = UUID.randomUUID().toString().substring(0, 8);
    private final String node = "tidegate-gpu-" + suffix;
    private GpuInventoryWatch watch;

    /** A client that may do anything. */
    abstract KubernetesClient admin();

    /** A namespace that exists, in which pods may be made. */
    abstract String namespace();

    @BeforeEach
    final void start() {
        // Tainted, so that nothing else is put there.
        Node made = Nodes.tainted(Nodes.gpus(node, "z1", 8), "tidegate.io/test", "only", "NoSchedule");
        admin().resource(made).create();
        // A real API server takes no status with the object.
        admin().nodes().withName(node).editStatus(found -> {
            found.setStatus(made.getStatus());
            return found;
        });
        watch = GpuInventoryWatch.of(time, admin(), MockCluster.PATIENCE);
        watch.start();
    }

    @AfterEach
    final void stop() {
        watch.close();
        time.close();
        admin().pods().inNamespace(namespace()).withGracePeriod(0).delete();
        admin().nodes().withName(node).delete();
    }

    private Optional<GpuNode> seen() {
        return watch.inventory()
                .flatMap(all -> all.nodes().stream()
                        .filter(each -> each.name().equals(node))
                        .findFirst());
    }

    @Test
    @DisplayName("G12: nodes and pods are followed by two watches, whatever their number")
    void inventory_podsComeAndGo_isWhatTheyUse() {
        await().atMost(MockCluster.PATIENCE)
                .untilAsserted(() -> assertThat(seen()).hasValueSatisfying(found -> {
                    assertThat(found.allocatable()).containsEntry("nvidia.com/gpu", 8);
                    assertThat(found.taints()).contains(new GpuNode.Taint("tidegate.io/test", "only", "NoSchedule"));
                }));
        for (int i = 0; i < 3; i++) {
            create(Nodes.pod(namespace(), "bound-" + i + "-" + suffix, node, "nvidia.com/gpu", 2));
        }
        await().atMost(MockCluster.PATIENCE)
                .until(() -> seen().map(found -> found.free("nvidia.com/gpu")).orElse(0) == 2);
        admin().pods()
                .inNamespace(namespace())
                .withName("bound-0-" + suffix)
                .withGracePeriod(0)
                .delete();
        await().atMost(MockCluster.PATIENCE)
                .until(() -> seen().map(found -> found.free("nvidia.com/gpu")).orElse(0) == 4);

        assertThat(watch.nodes().watches() + watch.pods().watches()).isEqualTo(2);
        assertThat(watch.nodes().lists() + watch.pods().lists()).isEqualTo(2);
    }

    @Test
    void withEvents_podThatFitsNowhere_isPending() {
        create(Nodes.pod(namespace(), "waits-" + suffix, null, "nvidia.com/gpu", 64));

        await().atMost(MockCluster.PATIENCE)
                .untilAsserted(() -> assertThat(watch.withEvents())
                        .hasValueSatisfying(all -> assertThat(all.pending())
                                .anySatisfy(waits -> assertThat(waits.name()).isEqualTo("waits-" + suffix))));
    }

    private void create(Pod pod) {
        admin().resource(pod).create();
    }
}
