/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.MockCluster;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on an API server in memory, and settings. */
class MockEndpointDiscoveryTest extends EndpointDiscoveryContract {

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

    @Test
    void build_wrongSettings_areRejectedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EndpointDiscovery.builder(new ManualTime(), cluster.admin(), "ml", "a/b"))
                .withMessageStartingWith("service must be 1 to 63");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EndpointDiscovery.builder(new ManualTime(), cluster.admin(), "ml", "a")
                        .scheme("ftp"))
                .withMessage("scheme must be http or https but was \"ftp\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EndpointDiscovery.builder(new ManualTime(), cluster.admin(), "ml", "a")
                        .callTimeout(Duration.ZERO)
                        .build())
                .withMessage("callTimeout must be 1 ms to 1 min but was PT0S");
    }
}
