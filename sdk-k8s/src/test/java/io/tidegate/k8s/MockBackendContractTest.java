/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.contracts.ScalerBackendContract;
import io.tidegate.contracts.SignalSourceContract;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.signal.spi.SignalSource;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** The backend and the source of this module keep to what is asked of all, on an API server in memory. */
class MockBackendContractTest {

    private static MockCluster cluster;

    @BeforeAll
    static void start() {
        cluster = new MockCluster();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Nested
    class OfDeployments extends ScalerBackendContract {

        private final String name = "vllm-" + UUID.randomUUID().toString().substring(0, 8);

        @Override
        protected Outside outside() {
            cluster.create(name, 2);
            cluster.setStatus(name, 2, 2);
            return new Outside() {
                @Override
                public String pool() {
                    return "chat";
                }

                @Override
                public int asked() {
                    return cluster.replicas(name);
                }

                @Override
                public void ask(int replicas) {
                    admin().apps()
                            .deployments()
                            .inNamespace(MockCluster.NAMESPACE)
                            .withName(name)
                            .scale(replicas);
                }

                @Override
                public void settle() {
                    cluster.setStatus(name, asked(), asked());
                }

                @Override
                public boolean vanish() {
                    admin().apps()
                            .deployments()
                            .inNamespace(MockCluster.NAMESPACE)
                            .withName(name)
                            .delete();
                    return true;
                }
            };
        }

        @Override
        protected ScalerBackend backend(Outside outside) {
            return KubernetesScaleBackend.builder()
                    .callTimeout(MockCluster.PATIENCE)
                    .client(admin())
                    .namespace(MockCluster.NAMESPACE)
                    .deployment(name)
                    .build();
        }
    }

    @Nested
    class OfPodMetrics extends SignalSourceContract {

        @Override
        protected SignalSource source() {
            var sample = Pods.sample("one", Pods.START.plus(Duration.ofHours(1)), "1", "1Gi");
            sample.getMetadata().setLabels(Map.of("app", "one"));
            if (admin().pods()
                            .inNamespace(MockCluster.NAMESPACE)
                            .withName("one")
                            .get()
                    == null) {
                var pod = Pods.ready("one");
                pod.getMetadata().setLabels(Map.of("app", "one"));
                admin().resource(pod).create();
            }
            Pods.publish(admin(), sample);
            return PodMetricsSource.builder(time)
                    .client(admin())
                    .namespace(MockCluster.NAMESPACE)
                    .labels(Map.of("app", "one"))
                    .callTimeout(MockCluster.PATIENCE)
                    .build();
        }
    }

    private static KubernetesClient admin() {
        return cluster.admin();
    }
}
