/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.OwnNamespace;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The contract on a real API server: {@code ./mvnw -Pcluster -pl sdk-k8s -am test}. */
@Tag("cluster")
class ClusterEndpointDiscoveryTest extends EndpointDiscoveryContract {

    private static OwnNamespace cluster;

    @BeforeAll
    static void createNamespace() {
        cluster = new OwnNamespace();
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
