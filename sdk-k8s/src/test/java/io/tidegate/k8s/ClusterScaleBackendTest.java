/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.Refusal;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The contract on the cluster of {@code KUBECONFIG} or {@code ~/.kube/config}, in a namespace of its own, and what only a real API
 * server does. Needs the right to make namespaces and Roles and to impersonate users, as an administrator of a test cluster has.
 *
 * <p>{@code ./mvnw -Pcluster -pl sdk-k8s -am test}
 */
@Tag("cluster")
class ClusterScaleBackendTest extends KubernetesScaleBackendContract {

    private static final String NAMESPACE =
            "tidegate-test-" + UUID.randomUUID().toString().substring(0, 8);
    private static final String SOMEBODY = "tidegate-test-somebody";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static KubernetesClient admin;

    @BeforeAll
    static void createNamespace() {
        admin = client(ignored -> {});
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

    private static KubernetesClient client(Consumer<KubernetesClientBuilder> settings) {
        KubernetesClientBuilder builder =
                new KubernetesClientBuilder().withHttpClientFactory(new JdkHttpClientFactory());
        settings.accept(builder);
        return builder.build();
    }

    @Override
    KubernetesClient admin() {
        return admin;
    }

    @Override
    KubernetesClient connect(Consumer<KubernetesClientBuilder> settings) {
        return client(settings);
    }

    @Override
    String namespace() {
        return NAMESPACE;
    }

    @Override
    void settle(String deployment) {
        admin.apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .withName(deployment)
                .waitUntilCondition(ClusterScaleBackendTest::settled, PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Whether its controller has no more to write to its status, which would make the next scale a conflict. */
    private static boolean settled(Deployment found) {
        if (found == null || found.getStatus() == null) {
            return false;
        }
        DeploymentStatus status = found.getStatus();
        int wanted = found.getSpec().getReplicas();
        return Objects.equals(
                        status.getObservedGeneration(), found.getMetadata().getGeneration())
                && count(status.getReplicas()) == wanted
                && count(status.getReadyReplicas()) == wanted
                && count(status.getAvailableReplicas()) == wanted
                && status.getConditions().stream()
                        .anyMatch(condition -> "NewReplicaSetAvailable".equals(condition.getReason()));
    }

    private static int count(Integer replicas) {
        return replicas == null ? 0 : replicas;
    }

    @Test
    void scale_accepted_isSeenToBeOurs() {
        try (KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                .client(admin)
                .namespace(NAMESPACE)
                .deployment(deploymentName())
                .build()) {
            backend.scale(new ScaleRequest("chat", 1, 2, 17, "because"));
        }

        assertThat(admin.apps()
                        .deployments()
                        .inNamespace(NAMESPACE)
                        .withName(deploymentName())
                        .get()
                        .getMetadata()
                        .getManagedFields())
                .anySatisfy(entry -> {
                    assertThat(entry.getManager()).isEqualTo("tidegate");
                    assertThat(entry.getSubresource()).isEqualTo("scale");
                });
    }

    @Test
    void scale_documentedRoleOnly_isAllowedAndNothingLessIs() {
        KubernetesClient somebody = client(settings ->
                settings.editOrNewConfig().withImpersonateUsername(SOMEBODY).endConfig());
        try (somebody;
                KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                        .client(somebody)
                        .namespace(NAMESPACE)
                        .deployment(deploymentName())
                        .build()) {
            assertThatExceptionOfType(BackendException.class)
                    .isThrownBy(() -> backend.status("chat"))
                    .satisfies(refusal -> assertThat(refusal.refusal()).isEqualTo(Refusal.DENIED));

            allow(rule("deployments", "get"), rule("deployments/scale", "get", "patch"));
            // The API server hears of a new Role a moment later.
            await().atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(BackendException.class)
                    .until(() -> backend.status("chat").desired() == 1);
            backend.scale(new ScaleRequest("chat", 1, 2, 17, "because"));
            assertThat(backend.status("chat").desired()).isEqualTo(2);
        }
    }

    private PolicyRule rule(String resource, String... verbs) {
        return new PolicyRuleBuilder()
                .withApiGroups("apps")
                .withResources(resource)
                .withResourceNames(deploymentName())
                .withVerbs(verbs)
                .build();
    }

    private static void allow(PolicyRule... rules) {
        admin.resource(new RoleBuilder()
                        .withNewMetadata()
                        .withNamespace(NAMESPACE)
                        .withName("scaler")
                        .endMetadata()
                        .withRules(rules)
                        .build())
                .create();
        admin.resource(new RoleBindingBuilder()
                        .withNewMetadata()
                        .withNamespace(NAMESPACE)
                        .withName("scaler")
                        .endMetadata()
                        .withNewRoleRef()
                        .withApiGroup("rbac.authorization.k8s.io")
                        .withKind("Role")
                        .withName("scaler")
                        .endRoleRef()
                        .addNewSubject()
                        .withApiGroup("rbac.authorization.k8s.io")
                        .withKind("User")
                        .withName(SOMEBODY)
                        .endSubject()
                        .build())
                .create();
    }
}
