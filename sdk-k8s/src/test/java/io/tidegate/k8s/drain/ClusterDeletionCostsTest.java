/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.MockCluster;
import io.tidegate.k8s.OwnNamespace;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The contract on a real API server; the pods need not run: {@code ./mvnw -Pcluster -pl sdk-k8s -am test}. */
@Tag("cluster")
class ClusterDeletionCostsTest extends DeletionCostsContract {

    private static OwnNamespace cluster;

    @BeforeAll
    static void createNamespace() {
        cluster = new OwnNamespace();
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
