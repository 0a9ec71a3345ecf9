/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tidegate.k8s.MockCluster;
import io.tidegate.k8s.OwnNamespace;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The contract on a real API server; skipped where nodes may not be made: {@code ./mvnw -Pcluster -pl sdk-k8s -am test}. */
@Tag("cluster")
class ClusterGpuInventoryTest extends GpuInventoryContract {

    private static OwnNamespace cluster;

    @BeforeAll
    static void createNamespace() {
        cluster = new OwnNamespace();
        try {
            cluster.admin()
                    .resource(Nodes.gpus("tidegate-" + cluster.name(), "z1", 1))
                    .create();
            cluster.admin().nodes().withName("tidegate-" + cluster.name()).delete();
        } catch (KubernetesClientException e) {
            cluster.close();
            if (e.getCode() == 403) {
                abort("nodes may not be made with this KUBECONFIG: " + e.getMessage());
            }
            fail("a node could not be made", e);
        }
        // Pods need the service account that a controller makes a moment after the namespace.
        await().atMost(MockCluster.PATIENCE)
                .until(() -> cluster.admin()
                                .serviceAccounts()
                                .inNamespace(cluster.name())
                                .withName("default")
                                .get()
                        != null);
    }

    @AfterAll
    static void deleteNamespace() {
        cluster.close();
    }

    @Override
    KubernetesClient admin() {
        return cluster.admin();
    }

    @Override
    String namespace() {
        return cluster.name();
    }
}
