/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.k8s.KubernetesScaleException.Reason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What only a real API server does: managed fields, server-side apply, the HPA controller and KEDA. No pod needs to run. In a namespace
 * of its own.
 */
@Tag("cluster")
class ClusterOwnershipTest {

    private static final String NAMESPACE =
            "tidegate-test-" + UUID.randomUUID().toString().substring(0, 8);

    /** Longer than an HPA takes to look again, even by its documented race. */
    private static final Duration TWO_LOOKS = Duration.ofSeconds(35);

    private static KubernetesClient admin;

    private String name;

    @BeforeAll
    static void createNamespace() {
        admin = new KubernetesClientBuilder()
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
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

    @BeforeEach
    void createDeployment() {
        name = "vllm-" + UUID.randomUUID().toString().substring(0, 8);
        Map<String, String> labels = Map.of("app", name);
        admin.resource(new DeploymentBuilder()
                        .withNewMetadata()
                        .withNamespace(NAMESPACE)
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
                        .addNewContainer()
                        .withName("pause")
                        .withImage("registry.k8s.io/pause:3.10")
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build())
                .create();
        // Its controller writes its status a few times, which would be conflicts.
        await().atMost(Duration.ofMinutes(1)).until(() -> {
            Deployment found = deployment().get();
            return found.getStatus() != null
                    && Integer.valueOf(2).equals(found.getStatus().getReplicas())
                    && Integer.valueOf(2).equals(found.getStatus().getUnavailableReplicas());
        });
    }

    private RollableScalableResource<Deployment> deployment() {
        return admin.apps().deployments().inNamespace(NAMESPACE).withName(name);
    }

    private int replicas() {
        return deployment().get().getSpec().getReplicas();
    }

    private KubernetesScaleBackend.Builder builder() {
        return KubernetesScaleBackend.builder()
                .client(admin)
                .namespace(NAMESPACE)
                .deployment(name)
                .callTimeout(MockCluster.PATIENCE);
    }

    /** Asks again while others' writes to the status come between, as the engine would. */
    private static void scale(ScalerBackend backend, int from, int to, long epoch) {
        await().atMost(Duration.ofMinutes(1))
                .ignoreExceptionsMatching(e -> e instanceof BackendException refused
                        && refused.getCause() instanceof KubernetesScaleException cause
                        && cause.reason() == Reason.CHANGED)
                .until(() -> {
                    backend.scale(new ScaleRequest("chat", from, to, 1, "because", "key", epoch));
                    return true;
                });
    }

    private static Reason refused(ScalerBackend backend, int from, int to, long epoch) {
        BackendException refused = catchThrowableOfType(
                BackendException.class,
                () -> backend.scale(new ScaleRequest("chat", from, to, 1, "because", "key", epoch)));
        return ((KubernetesScaleException) refused.getCause()).reason();
    }

    @Test
    @DisplayName("G10: what kubectl scale set stands, by what the API server wrote down")
    void scale_scaledByKubectl_stands() {
        // What kubectl sends: a patch of the scale, as manager kubectl.
        admin.apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .resource(deployment().get())
                .subresource("scale")
                .patch(
                        new PatchContext.Builder()
                                .withPatchType(PatchType.JSON_MERGE)
                                .withFieldManager("kubectl")
                                .build(),
                        "{\"spec\":{\"replicas\":4}}");
        try (KubernetesScaleBackend backend = builder().build()) {
            assertThat(refused(backend, 4, 2, 0)).isEqualTo(Reason.OWNED);
            assertThat(replicas()).isEqualTo(4);
        }
        try (KubernetesScaleBackend backend =
                builder().respectFor(Duration.ZERO).build()) {
            scale(backend, 4, 2, 0);
        }
        assertThat(replicas()).isEqualTo(2);
    }

    @Test
    @DisplayName("G9: what is declared by server-side apply is observed only, and ours once forced")
    void scale_declaredByAnother_isObservedOnly() {
        admin.apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .resource(deployment().get())
                .patch(
                        new PatchContext.Builder()
                                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                .withFieldManager("argocd-controller")
                                .withForce(true)
                                .build(),
                        """
                        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"%s","namespace":"%s"},
                         "spec":{"replicas":3}}""".formatted(name, NAMESPACE));
        try (KubernetesScaleBackend backend = builder().build()) {
            assertThat(refused(backend, 3, 4, 0)).isEqualTo(Reason.OWNED);
        }
        try (KubernetesScaleBackend forced = builder().force(true).build()) {
            scale(forced, 3, 4, 0);
        }
        // It is ours now, so no force is needed any more.
        try (KubernetesScaleBackend backend = builder().build()) {
            scale(backend, 4, 5, 0);
        }
        assertThat(replicas()).isEqualTo(5);
    }

    @Test
    @DisplayName("H1: the term is written first, and of an earlier one nothing is written")
    void scale_earlierTerm_isRefused() {
        try (KubernetesScaleBackend backend = builder().build()) {
            scale(backend, 2, 3, 7);
            assertThat(deployment().get().getMetadata().getAnnotations()).containsEntry("tidegate.io/epoch", "7");
            assertThat(refused(backend, 3, 4, 6)).isEqualTo(Reason.SUPERSEDED);
        }
        assertThat(replicas()).isEqualTo(3);
    }

    private void createHpa(int min) {
        admin.resource(new HorizontalPodAutoscalerBuilder()
                        .withNewMetadata()
                        .withNamespace(NAMESPACE)
                        .withName(name)
                        .endMetadata()
                        .withNewSpec()
                        .withMinReplicas(min)
                        .withMaxReplicas(9)
                        .withNewScaleTargetRef("apps/v1", "Deployment", name)
                        .endSpec()
                        .build())
                .create();
    }

    private HpaBackend hpaBackend() {
        return HpaBackend.builder()
                .client(admin)
                .namespace(NAMESPACE)
                .name(name)
                .tolerance(0)
                .callTimeout(MockCluster.PATIENCE)
                .build();
    }

    @Test
    @DisplayName("G9: a floor with a fast path: the HPA agrees with what it finds, two looks later")
    void hpa_floorRaised_agreesWithTheFastPath() {
        createHpa(2);
        try (HpaBackend backend = hpaBackend()) {
            assertThat(backend.status("chat").desired()).isEqualTo(2);
            scale(backend, 2, 5, 7);
            await().atMost(TWO_LOOKS).until(() -> replicas() == 5);
            await().during(TWO_LOOKS).atMost(TWO_LOOKS.multipliedBy(2)).until(() -> replicas() == 5);
            var found = admin.autoscaling()
                    .v2()
                    .horizontalPodAutoscalers()
                    .inNamespace(NAMESPACE)
                    .withName(name)
                    .get();
            assertThat(found.getMetadata().getAnnotations()).containsEntry("tidegate.io/epoch", "7");
            assertThat(found.getSpec().getMaxReplicas()).isEqualTo(9);
            assertThat(found.getMetadata().getManagedFields()).anySatisfy(entry -> {
                assertThat(entry.getManager()).isEqualTo("tidegate");
                assertThat(entry.getOperation()).isEqualTo("Apply");
            });
            assertThat(refused(backend, 5, 6, 6)).isEqualTo(Reason.SUPERSEDED);
        }
    }

    @Test
    @DisplayName("G7: an HPA that is deleted between reading and applying is not made anew")
    void hpa_applyToOneThatIsGone_makesNone() {
        createHpa(2);
        Api api = new Api(admin, false, MockCluster.PATIENCE);
        ScaleTarget hpa = new ScaleTarget(NAMESPACE, ScalableKind.HPA, name);
        ObjectFacts facts = ObjectFacts.of(hpa, api.get(api.deadline(), hpa));
        admin.autoscaling()
                .v2()
                .horizontalPodAutoscalers()
                .inNamespace(NAMESPACE)
                .withName(name)
                .delete();

        assertThat(catchThrowableOfType(
                        KubernetesScaleException.class,
                        () -> api.apply(
                                api.deadline(),
                                hpa,
                                """
                                {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
                                 "metadata":{"name":"%s","namespace":"%s","uid":"%s","resourceVersion":"%s"},
                                 "spec":{"minReplicas":3,"maxReplicas":9,
                                  "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"%s"}}}""".formatted(name, NAMESPACE, facts.uid(), facts.version(), name),
                                true)))
                .isNotNull();
        assertThat(admin.autoscaling()
                        .v2()
                        .horizontalPodAutoscalers()
                        .inNamespace(NAMESPACE)
                        .withName(name)
                        .get())
                .isNull();
    }

    @Test
    @DisplayName("G9: KEDA takes the floor over, its HPA agrees, and a pause is heeded")
    void scaledObject_floorRaised_isKedasToo() {
        assumeTrue(
                admin.apiextensions()
                                .v1()
                                .customResourceDefinitions()
                                .withName("scaledobjects.keda.sh")
                                .get()
                        != null,
                "KEDA is not installed");
        GenericKubernetesResource object = new GenericKubernetesResource();
        object.setApiVersion("keda.sh/v1alpha1");
        object.setKind("ScaledObject");
        object.setMetadata(new io.fabric8.kubernetes.api.model.ObjectMetaBuilder()
                .withNamespace(NAMESPACE)
                .withName(name)
                .build());
        object.setAdditionalProperty(
                "spec",
                Map.of(
                        "scaleTargetRef",
                        Map.of("name", name),
                        "minReplicaCount",
                        2,
                        "maxReplicaCount",
                        9,
                        "triggers",
                        List.of(Map.of(
                                "type",
                                "cron",
                                "metadata",
                                Map.of(
                                        "timezone",
                                        "UTC",
                                        "start",
                                        "0 0 * * *",
                                        "end",
                                        "59 23 * * *",
                                        "desiredReplicas",
                                        "1")))));
        admin.resource(object).create();
        try (ScaledObjectBackend backend = ScaledObjectBackend.builder()
                .client(admin)
                .namespace(NAMESPACE)
                .name(name)
                .callTimeout(MockCluster.PATIENCE)
                .build()) {
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> admin.autoscaling()
                                    .v2()
                                    .horizontalPodAutoscalers()
                                    .inNamespace(NAMESPACE)
                                    .withName("keda-hpa-" + name)
                                    .get()
                            != null);
            scale(backend, 2, 5, 3);
            await().atMost(TWO_LOOKS).until(() -> replicas() == 5);
            await().during(TWO_LOOKS).atMost(TWO_LOOKS.multipliedBy(2)).until(() -> replicas() == 5);

            // Its own scale backend sees whose it is.
            try (KubernetesScaleBackend beside = builder().scan(true).build()) {
                assertThat(refused(beside, 5, 6, 3)).isEqualTo(Reason.OWNED);
            }
            admin.genericKubernetesResources(ScalableKind.SCALED_OBJECT.context())
                    .inNamespace(NAMESPACE)
                    .withName(name)
                    .edit(found -> {
                        found.getMetadata()
                                .setAnnotations(Map.of("autoscaling.keda.sh/paused", "true", "tidegate.io/epoch", "3"));
                        return found;
                    });
            assertThat(refused(backend, 5, 6, 3)).isEqualTo(Reason.OWNED);
        }
    }
}
