/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.MockCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract on an API server in memory. */
class MockGpuInventoryTest extends GpuInventoryContract {

    private static MockCluster cluster;

    @BeforeAll
    static void startCluster() {
        cluster = new MockCluster();
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    @Override
    KubernetesClient admin() {
        return cluster.admin();
    }

    @Override
    String namespace() {
        return MockCluster.NAMESPACE;
    }
}
