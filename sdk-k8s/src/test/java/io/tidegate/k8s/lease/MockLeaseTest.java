/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.client.KubernetesClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class MockLeaseTest extends LeaseContract {

    private static LeaseCluster cluster;

    @BeforeAll
    static void start() {
        cluster = new LeaseCluster();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Override
    KubernetesClient client() {
        return cluster.admin();
    }

    @Override
    String namespace() {
        return LeaseCluster.NAMESPACE;
    }

    @Override
    String address() {
        return cluster.address();
    }
}
