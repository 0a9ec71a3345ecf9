/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.backend.CompositeBackend;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One pool over two contexts: those of the system properties {@code tidegate.context.near} and {@code tidegate.context.far}, the current one where
 * they are not set. Each has a namespace of its own on the cluster of its context, so one cluster with two contexts will do.
 */
@Tag("cluster")
class ClusterTwoContextsTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final ManualTime time = new ManualTime();
    private final OwnNamespace near = new OwnNamespace(context("near"));
    private final OwnNamespace far = new OwnNamespace(context("far"));
    private CompositeBackend both;

    private static Config context(String which) {
        return Config.autoConfigure(System.getProperty("tidegate.context." + which));
    }

    @BeforeEach
    void start() {
        both = CompositeBackend.builder(time)
                .split()
                .share("near", backend(near), 1, 100)
                .share("far", backend(far), 1, 100)
                .childTimeout(TIMEOUT.plusSeconds(1))
                .build();
    }

    @AfterEach
    void stop() {
        both.close();
        near.close();
        far.close();
    }

    private static KubernetesScaleBackend backend(OwnNamespace namespace) {
        Map<String, String> labels = Map.of("app", "vllm");
        namespace
                .admin()
                .resource(new DeploymentBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace.name())
                        .withName("vllm")
                        .endMetadata()
                        .withNewSpec()
                        .withReplicas(2)
                        .withNewSelector()
                        .withMatchLabels(labels)
                        .endSelector()
                        .withNewTemplate()
                        .withNewMetadata()
                        .withLabels(labels)
                        .endMetadata()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("pause")
                        .withImage("registry.k8s.io/pause:3.10")
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build())
                .create();
        return KubernetesScaleBackend.builder()
                .config(new ConfigBuilder(namespace.admin().getConfiguration())
                        .withNamespace(namespace.name())
                        .build())
                .deployment("vllm")
                .births(false)
                .callTimeout(TIMEOUT)
                .build();
    }

    private static int replicas(OwnNamespace namespace) {
        return namespace
                .admin()
                .apps()
                .deployments()
                .inNamespace(namespace.name())
                .withName("vllm")
                .get()
                .getSpec()
                .getReplicas();
    }

    @Test
    void pool_overTwoContexts_isScaledAsOne() throws Exception {
        assertThat(both.status("chat").desired()).isEqualTo(4);

        both.scale(new ScaleRequest("chat", 4, 8, 1, "because"));
        assertThat(replicas(near) + replicas(far)).isEqualTo(8);
        assertThat(replicas(near)).isEqualTo(replicas(far));

        assertThat(both.status("chat").desired()).isEqualTo(8);
        both.scale(new ScaleRequest("chat", 8, 2, 2, "because"));
        assertThat(replicas(near) + replicas(far)).isEqualTo(2);
    }
}
