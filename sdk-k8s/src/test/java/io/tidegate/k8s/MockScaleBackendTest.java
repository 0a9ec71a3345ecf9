/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contract on an API server in memory, and what can be set and seen only there. */
class MockScaleBackendTest extends KubernetesScaleBackendContract {

    private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/ml/deployments/";

    private static MockCluster cluster;

    @BeforeAll
    static void start() {
        cluster = new MockCluster();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Override
    KubernetesClient admin() {
        return cluster.admin();
    }

    @Override
    KubernetesClient connect(Consumer<KubernetesClientBuilder> settings) {
        return cluster.connect(settings);
    }

    @Override
    String namespace() {
        return MockCluster.NAMESPACE;
    }

    @Override
    void settle(String deployment) {
        int replicas = cluster.replicas(deployment);
        cluster.setStatus(deployment, replicas, replicas);
    }

    @Nested
    class OnlyHere {

        private final KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                .callTimeout(MockCluster.PATIENCE)
                .client(cluster.admin())
                .namespace(MockCluster.NAMESPACE)
                .pool("chat", "decode")
                .pool("batch", "prefill")
                .build();

        @BeforeEach
        void recreate() throws InterruptedException {
            cluster.admin()
                    .apps()
                    .deployments()
                    .inNamespace(MockCluster.NAMESPACE)
                    .delete();
            cluster.create("decode", 3);
            cluster.create("prefill", 1);
            cluster.takeRequests();
        }

        @Test
        void status_noControllerHasSeenIt_hasNothingRunning() {
            assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(3, 0, 0));
        }

        @Test
        void status_someReady_tellsThemApart() {
            cluster.setStatus("decode", 2, 1);

            assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(3, 2, 1));
        }

        @Test
        void scale_oneOfTwoPools_leavesTheOtherAlone() {
            backend.scale(new ScaleRequest("batch", 1, 2, 1, "because"));

            assertThat(cluster.replicas("prefill")).isEqualTo(2);
            assertThat(cluster.replicas("decode")).isEqualTo(3);
        }

        @Test
        void status_unknownPool_namesThoseKnown() {
            assertThatThrownBy(() -> backend.status("other"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("no Deployment is named for pool \"other\", only for ")
                    .hasMessageContainingAll("chat", "batch");
        }

        @Test
        void requests_ofAllItDoes_areThoseDocumented() throws InterruptedException {
            backend.status("chat");
            assertThat(cluster.takeRequests()).containsExactly("GET " + DEPLOYMENTS + "decode");

            backend.scale(new ScaleRequest("chat", 3, 4, 1, "because"));
            assertThat(cluster.takeRequests())
                    .isEqualTo(List.of(
                            "GET " + DEPLOYMENTS + "decode/scale",
                            "PATCH " + DEPLOYMENTS + "decode/scale?fieldManager=tidegate"));

            assertThatThrownBy(() -> backend.scale(new ScaleRequest("chat", 3, 4, 1, "because")))
                    .hasCauseInstanceOf(KubernetesScaleException.class);
            assertThat(cluster.takeRequests()).containsExactly("GET " + DEPLOYMENTS + "decode/scale");
        }
    }
}
