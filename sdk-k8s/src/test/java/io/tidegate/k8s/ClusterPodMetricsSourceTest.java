/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/**
 * The contract on the cluster of {@code KUBECONFIG} or {@code ~/.kube/config}, in a namespace of its own; skipped where no
 * metrics-server is installed.
 *
 * <p>{@code ./mvnw -Pcluster -pl sdk-k8s -am test}
 */
@Tag("cluster")
class ClusterPodMetricsSourceTest extends PodMetricsSourceContract {

    private static final String NAMESPACE =
            "tidegate-test-" + UUID.randomUUID().toString().substring(0, 8);

    /** Pods start, and metrics-server takes its first whole sample of them. */
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private static KubernetesClient admin;

    @BeforeAll
    static void createNamespace() {
        admin = new KubernetesClientBuilder()
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
        assumeTrue(admin.hasApiGroup("metrics.k8s.io", true), "metrics-server is installed");
        admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build())
                .create();
    }

    @AfterAll
    static void deleteNamespace() {
        admin.namespaces().withName(NAMESPACE).delete();
        admin.close();
    }

    @Override
    KubernetesClient admin() {
        return admin;
    }

    @Override
    String namespace() {
        return NAMESPACE;
    }

    @Override
    void measured(String deployment) {
        await().atMost(PATIENCE).pollInterval(Duration.ofSeconds(2)).untilAsserted(() -> {
            assertThat(admin.pods()
                            .inNamespace(NAMESPACE)
                            .withLabel("app", deployment)
                            .list()
                            .getItems())
                    .hasSize(2)
                    .allMatch(PodReadiness::serves);
            assertThat(admin.top()
                            .pods()
                            .withLabels(Map.of("app", deployment))
                            .metrics(NAMESPACE)
                            .getItems())
                    .hasSize(2);
        });
    }
}
