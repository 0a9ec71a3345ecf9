/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.pool.Signal.Known;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on an API server in memory, and settings. */
class MockPodMetricsSourceTest extends PodMetricsSourceContract {

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
    String namespace() {
        return MockCluster.NAMESPACE;
    }

    @Override
    void measured(String deployment) {
        for (String pod : new String[] {deployment + "-a", deployment + "-b"}) {
            Map<String, String> labels = Map.of("app", deployment);
            cluster.admin()
                    .resource(new PodBuilder(Pods.ready(pod))
                            .editMetadata()
                            .withLabels(labels)
                            .endMetadata()
                            .build())
                    .create();
            var sample = Pods.sample(pod, Pods.START.plus(Duration.ofHours(1)), "1", "1Gi");
            sample.getMetadata().setLabels(labels);
            Pods.publish(cluster.admin(), sample);
        }
    }

    @Test
    void read_publishedAgain_isTheNewer() throws IOException {
        measured("again");
        var sample = Pods.sample("again-a", Pods.START.plus(Duration.ofHours(2)), "2", "1Gi");
        sample.getMetadata().setLabels(Map.of("app", "again"));
        Pods.publish(cluster.admin(), sample);
        try (PodMetricsSource source = PodMetricsSource.builder(new ManualTime())
                .client(cluster.admin())
                .namespace(MockCluster.NAMESPACE)
                .labels(Map.of("app", "again"))
                .callTimeout(MockCluster.PATIENCE)
                .build()) {
            assertThat(((Known) source.read().get(PodMetricsSource.CPU_USAGE)).value())
                    .isEqualTo(3);
        }
    }

    @Test
    void build_wrongSettings_areRejectedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().build())
                .withMessage("either deployment or labels is required, and not both");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder()
                        .deployment("vllm")
                        .labels(Map.of("app", "vllm"))
                        .build());
        assertThatIllegalArgumentException().isThrownBy(() -> builder().labels(Map.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().deployment("../x").build())
                .withMessageStartingWith("deployment must be");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().namespace("a/b").deployment("x").build())
                .withMessageStartingWith("namespace must be");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().callTimeout(Duration.ZERO))
                .withMessage("callTimeout must be PT0.001S to PT1M but was PT0S");
        assertThatIllegalArgumentException().isThrownBy(() -> builder().staleAfter(Duration.ofHours(2)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().cpuInitializationPeriod(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().initialReadinessDelay(Duration.ofDays(1)));
    }

    private static PodMetricsSource.Builder builder() {
        return PodMetricsSource.builder(new ManualTime()).client(cluster.admin());
    }
}
