/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What holds on every API server, one in memory or one of a real cluster. */
abstract class KubernetesScaleBackendContract {

    private static final String POOL = "chat";

    private String name;
    private KubernetesScaleBackend backend;

    /** A client that may do anything in the namespace. */
    abstract KubernetesClient admin();

    /** Another client of the same server. */
    abstract KubernetesClient connect(Consumer<KubernetesClientBuilder> settings);

    /** A namespace that exists. */
    abstract String namespace();

    /** Returns when the status counts as many replicas, all ready, as the Deployment is to have. */
    abstract void settle(String deployment);

    @BeforeEach
    final void createDeployment() {
        name = "vllm-" + UUID.randomUUID().toString().substring(0, 8);
        admin().resource(pausing(namespace(), name)).create();
        settle(name);
        backend = KubernetesScaleBackend.builder()
                .callTimeout(MockCluster.PATIENCE)
                .client(admin())
                .namespace(namespace())
                .deployment(name)
                .build();
    }

    @AfterEach
    final void deleteDeployment() {
        deployment().delete();
    }

    /** The Deployment of this test, with one replica to begin with. */
    final String deploymentName() {
        return name;
    }

    /** One replica that does nothing. */
    private static Deployment pausing(String namespace, String name) {
        Map<String, String> labels = Map.of("app", name);
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(1)
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
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private RollableScalableResource<Deployment> deployment() {
        return admin().apps().deployments().inNamespace(namespace()).withName(name);
    }

    private int replicas() {
        return deployment().get().getSpec().getReplicas();
    }

    private static ScaleRequest request(int from, int to) {
        return new ScaleRequest(POOL, from, to, 17, "because");
    }

    private void refused(KubernetesScaleBackend by, ScaleRequest request, int httpStatus) {
        assertThatThrownBy(() -> by.scale(request))
                .isInstanceOf(BackendException.class)
                .cause()
                .asInstanceOf(InstanceOfAssertFactories.throwable(KubernetesScaleException.class))
                .satisfies(refusal -> {
                    assertThat(refusal.reason()).isEqualTo(KubernetesScaleException.Reason.CHANGED);
                    assertThat(refusal.httpStatus()).isEqualTo(httpStatus);
                    assertThat(refusal.namespace()).isEqualTo(namespace());
                    assertThat(refusal.deployment()).isEqualTo(name);
                    assertThat(refusal).hasMessageContaining(namespace() + "/" + name);
                });
    }

    @Nested
    class Status {

        @Test
        void status_settled_isWhatTheScaleSubresourceSays() {
            assertThat(backend.status(POOL)).isEqualTo(new ReplicaStatus(1, 1, 1));
            Scale scale = deployment().scale();
            assertThat(scale.getSpec().getReplicas()).isEqualTo(1);
            assertThat(scale.getStatus().getReplicas()).isEqualTo(1);
        }

        @Test
        void status_deploymentMissing_namesItAndTheCure() {
            deployment().delete();
            deployment().waitUntilCondition(found -> found == null, 30, TimeUnit.SECONDS);

            assertThatThrownBy(() -> backend.status(POOL))
                    .isInstanceOf(BackendException.class)
                    .cause()
                    .asInstanceOf(InstanceOfAssertFactories.throwable(KubernetesScaleException.class))
                    .satisfies(missing ->
                            assertThat(missing.reason()).isEqualTo(KubernetesScaleException.Reason.NOT_FOUND))
                    .hasMessage("Deployment " + namespace() + "/" + name
                            + " does not exist: create it, or correct the backend's settings namespace and deployment");
            assertThatThrownBy(() -> backend.scale(request(1, 2)))
                    .isInstanceOf(BackendException.class)
                    .cause()
                    .asInstanceOf(InstanceOfAssertFactories.throwable(KubernetesScaleException.class))
                    .extracting(KubernetesScaleException::reason)
                    .isEqualTo(KubernetesScaleException.Reason.NOT_FOUND);
        }
    }

    @Nested
    class Scaling {

        @Test
        void scale_up_writesTheNumberAndStatusFollows() {
            backend.scale(request(1, 3));

            assertThat(replicas()).isEqualTo(3);
            assertThat(backend.status(POOL).desired()).isEqualTo(3);
            settle(name);
            assertThat(backend.status(POOL)).isEqualTo(new ReplicaStatus(3, 3, 3));
        }

        @Test
        void scale_toZeroAndBack_countsWhatIsLeftOutAsZero() {
            backend.scale(request(1, 0));
            settle(name);

            assertThat(deployment().get().getStatus().getReadyReplicas()).isNull();
            assertThat(backend.status(POOL)).isEqualTo(new ReplicaStatus(0, 0, 0));

            backend.scale(request(0, 1));
            settle(name);
            assertThat(backend.status(POOL)).isEqualTo(new ReplicaStatus(1, 1, 1));
        }

        @Test
        void scale_down_writesTheNumberAndKeepsTheRestOfTheDeployment() {
            backend.scale(request(1, 2));
            settle(name);

            backend.scale(request(2, 1));

            assertThat(replicas()).isEqualTo(1);
            assertThat(deployment().get().getSpec().getTemplate().getSpec().getContainers())
                    .singleElement()
                    .satisfies(container -> assertThat(container.getName()).isEqualTo("pause"));
        }
    }

    @Nested
    class SomebodyElse {

        @Test
        void scale_othersScaledBefore_isRefusedAndTheirNumberStays() {
            deployment().scale(4);

            refused(backend, request(1, 2), 0);

            assertThat(replicas()).isEqualTo(4);
        }

        @Test
        void scale_sameRequestAgain_isRefused() {
            backend.scale(request(1, 2));
            settle(name);

            refused(backend, request(1, 2), 0);
            assertThat(replicas()).isEqualTo(2);
        }

        @Test
        void scale_othersScaleBetweenReadAndWrite_isRefusedAndTheirNumberStays() {
            try (KubernetesClient client = interfering(() -> deployment().scale(4))) {
                refused(on(client), request(1, 2), 409);
            }

            assertThat(replicas()).isEqualTo(4);
        }

        @Test
        void scale_othersChangeSomethingElseBetweenReadAndWrite_isRefusedOnce() {
            try (KubernetesClient client = interfering(() -> deployment()
                    .edit(found -> new DeploymentBuilder(found)
                            .editMetadata()
                            .addToAnnotations("changed", "yes")
                            .endMetadata()
                            .build()))) {
                KubernetesScaleBackend interfered = on(client);
                refused(interfered, request(1, 2), 409);
                assertThat(replicas()).isEqualTo(1);

                interfered.scale(request(1, 2));
            }

            assertThat(replicas()).isEqualTo(2);
        }

        private KubernetesScaleBackend on(KubernetesClient client) {
            return KubernetesScaleBackend.builder()
                    .callTimeout(MockCluster.PATIENCE)
                    .client(client)
                    .namespace(namespace())
                    .deployment(name)
                    .build();
        }

        /** A client whose first write comes second. */
        private KubernetesClient interfering(Runnable first) {
            AtomicBoolean pending = new AtomicBoolean(true);
            Interceptor interceptor = new Interceptor() {
                @Override
                public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
                    if (request.method().equals("PATCH")
                            && request.uri().getPath().endsWith("/scale")
                            && pending.compareAndSet(true, false)) {
                        first.run();
                    }
                }
            };
            return connect(settings -> settings.withHttpClientBuilderConsumer(
                    http -> http.addOrReplaceInterceptor("interfering", interceptor)));
        }
    }
}
