/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.pool.Signal.Part;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds on every API server with a metrics-server, one in memory or one of a real cluster. */
abstract class PodMetricsSourceContract {

    private String name;
    private PodMetricsSource source;

    /** A client that may do anything in the namespace. */
    abstract KubernetesClient admin();

    /** A namespace that exists. */
    abstract String namespace();

    /** Returns when the Deployment's 2 pods are ready and both are measured. */
    abstract void measured(String deployment);

    @BeforeEach
    final void createDeployment() {
        name = "vllm-" + UUID.randomUUID().toString().substring(0, 8);
        Map<String, String> labels = Map.of("app", name);
        Deployment pausing = new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(namespace())
                .withName(name)
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
                .withTerminationGracePeriodSeconds(1L)
                .addNewContainer()
                .withName("pause")
                .withImage("registry.k8s.io/pause:3.10")
                .withNewResources()
                .withRequests(Pods.amounts("10m", "16Mi"))
                .endResources()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
        admin().resource(pausing).create();
        source = PodMetricsSource.builder(new ManualTime())
                .client(admin())
                .namespace(namespace())
                .deployment(name)
                .callTimeout(MockCluster.PATIENCE)
                .build();
    }

    @AfterEach
    final void deleteDeployment() {
        source.close();
        admin().apps().deployments().inNamespace(namespace()).withName(name).delete();
    }

    @Test
    void read_measured_isKnownWithAPartForEachPod() throws IOException {
        measured(name);

        Map<String, Signal> signals = source.read();

        assertThat(signals).hasSize(4);
        assertThat(signals.get(PodMetricsSource.MEMORY_USAGE)).isInstanceOfSatisfying(Known.class, memory -> {
            assertThat(memory.unit()).isEqualTo("bytes");
            assertThat(memory.value()).isPositive();
            assertThat(memory.coverage()).isEqualTo(1);
            assertThat(memory.parts()).hasSize(2).allMatch(Part::ready);
        });
        assertThat(signals.get(PodMetricsSource.MEMORY_UTILIZATION)).isInstanceOf(Known.class);
    }

    @Test
    void read_byLabels_isTheSame() throws IOException {
        measured(name);
        try (PodMetricsSource byLabels = PodMetricsSource.builder(new ManualTime())
                .client(admin())
                .namespace(namespace())
                .labels(Map.of("app", name))
                .callTimeout(MockCluster.PATIENCE)
                .build()) {
            assertThat(byLabels.read().get(PodMetricsSource.MEMORY_USAGE))
                    .isInstanceOfSatisfying(
                            Known.class, memory -> assertThat(memory.parts()).hasSize(2));
        }
    }

    @Test
    void read_deploymentGone_isMissing() throws IOException {
        admin().apps().deployments().inNamespace(namespace()).withName(name).delete();
        admin().apps()
                .deployments()
                .inNamespace(namespace())
                .withName(name)
                .waitUntilCondition(found -> found == null, 30, TimeUnit.SECONDS);

        assertThat(source.read().values())
                .hasSize(4)
                .allSatisfy(each -> assertThat(each)
                        .isInstanceOfSatisfying(
                                Missing.class,
                                missing -> assertThat(missing.reason()).contains("does not exist")));
    }
}
