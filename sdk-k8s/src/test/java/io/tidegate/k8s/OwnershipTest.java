/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.k8s.KubernetesScaleException.Reason;
import io.tidegate.ledger.Refusal;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose a number is, as objects say it; on an API server in memory, which keeps no managed fields of its own, so they are set. */
class OwnershipTest {

    private final MockCluster cluster = new MockCluster();
    private final ManualTime time = new ManualTime();
    private KubernetesScaleBackend backend;

    @BeforeEach
    void create() {
        cluster.create("vllm", 2);
        backend = backend(all -> all);
    }

    @AfterEach
    void stop() {
        backend.close();
        cluster.close();
    }

    private KubernetesScaleBackend backend(UnaryOperator<KubernetesScaleBackend.Builder> settings) {
        return settings.apply(KubernetesScaleBackend.builder()
                        .client(cluster.admin())
                        .namespace(MockCluster.NAMESPACE)
                        .deployment("vllm")
                        .callTimeout(MockCluster.PATIENCE)
                        .time(time))
                .build();
    }

    private void edit(UnaryOperator<DeploymentBuilder> change) {
        cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .edit(found -> change.apply(new DeploymentBuilder(found)).build());
    }

    /** What an API server writes down when that manager sets the number. */
    private void sets(String manager, String operation, String subresource, Instant at, int replicas) {
        ManagedFieldsEntry entry = new ManagedFieldsEntryBuilder()
                .withManager(manager)
                .withOperation(operation)
                .withSubresource(subresource)
                .withApiVersion("apps/v1")
                .withFieldsType("FieldsV1")
                .withTime(at.toString())
                .withFieldsV1(fields())
                .build();
        edit(found -> found.editMetadata()
                .withManagedFields(entry)
                .endMetadata()
                .editSpec()
                .withReplicas(replicas)
                .endSpec());
    }

    private static FieldsV1 fields() {
        FieldsV1 fields = new FieldsV1();
        fields.setAdditionalProperty("f:spec", Map.of("f:replicas", Map.of()));
        return fields;
    }

    private void annotate(String annotation, String value) {
        edit(found -> found.editMetadata().addToAnnotations(annotation, value).endMetadata());
    }

    private static void scale(KubernetesScaleBackend by, int from, int to) {
        by.status("chat");
        by.scale(new ScaleRequest("chat", from, to, 1, "because"));
    }

    private static BackendException refused(KubernetesScaleBackend by, int from, int to) {
        BackendException refused = catchThrowableOfType(BackendException.class, () -> scale(by, from, to));
        assertThat(refused.refusal()).isEqualTo(Refusal.CONFLICT);
        assertThat(((KubernetesScaleException) refused.getCause()).reason()).isEqualTo(Reason.OWNED);
        return refused;
    }

    private int replicas() {
        return cluster.replicas("vllm");
    }

    @ParameterizedTest
    @CsvSource({
        "argocd-controller, Apply, ",
        "argocd-application-controller, Update, ",
        "kustomize-controller, Apply, ",
        "helm-controller, Update, ",
        "somebodys-operator, Apply, ",
        "kube-controller-manager, Update, scale",
        "keda, Update, scale"
    })
    @DisplayName("G9: what Argo CD, Flux, an HPA, KEDA or a declaration keeps is observed only")
    void scale_keptByAController_isObservedOnly(String manager, String operation, String subresource) {
        sets(manager, operation, subresource, time.wallTime().minus(Duration.ofDays(3)), 2);

        assertThat(refused(backend, 2, 3)).hasMessageContaining(manager).hasMessageContaining("observed");
        assertThat(replicas()).isEqualTo(2);
        // Without a look at the status before, as after a restart.
        try (KubernetesScaleBackend fresh = backend(all -> all)) {
            assertThat(catchThrowableOfType(
                            BackendException.class, () -> fresh.scale(new ScaleRequest("chat", 2, 3, 1, "because"))))
                    .isNotNull();
        }
        assertThat(replicas()).isEqualTo(2);
        try (KubernetesScaleBackend forced = backend(all -> all.force(true))) {
            scale(forced, 2, 3);
        }
        assertThat(replicas()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({
        "kubectl-client-side-apply, Update",
        "kubectl-create, Update",
        "helm, Update",
        "fabric8-kubernetes-client, Update"
    })
    @DisplayName("G9: who only deployed it keeps nobody from scaling")
    void scale_deployedOnly_isScaled(String manager, String operation) {
        sets(manager, operation, null, time.wallTime(), 2);

        scale(backend, 2, 3);

        assertThat(replicas()).isEqualTo(3);
    }

    @Test
    @DisplayName("G9: without managed fields, what is tracked by Argo CD or Flux is observed only")
    void scale_trackedWithoutManagedFields_isObservedOnly() {
        annotate("argocd.argoproj.io/tracking-id", "llm:apps/Deployment:ml/vllm");

        assertThat(refused(backend, 2, 3)).hasMessageContaining("Argo CD");
        assertThat(replicas()).isEqualTo(2);
    }

    @Test
    @DisplayName("G9: an HPA that has not written yet is seen by a scan")
    void scale_hpaThere_isObservedOnlyWhereLookedFor() {
        hpa();

        try (KubernetesScaleBackend looking = backend(all -> all.scan(true))) {
            assertThat(refused(looking, 2, 3)).hasMessageContaining("HorizontalPodAutoscaler vllm-hpa");
        }
        assertThat(replicas()).isEqualTo(2);
    }

    @Test
    void scale_hpaOfAnother_isScaled() {
        cluster.admin()
                .resource(new HorizontalPodAutoscalerBuilder()
                        .withNewMetadata()
                        .withNamespace(MockCluster.NAMESPACE)
                        .withName("other")
                        .endMetadata()
                        .withNewSpec()
                        .withMaxReplicas(9)
                        .withNewScaleTargetRef("apps/v1", "StatefulSet", "vllm")
                        .endSpec()
                        .build())
                .create();
        try (KubernetesScaleBackend looking = backend(all -> all.scan(true))) {
            scale(looking, 2, 3);
        }
        assertThat(replicas()).isEqualTo(3);
    }

    private void hpa() {
        cluster.admin()
                .resource(new HorizontalPodAutoscalerBuilder()
                        .withNewMetadata()
                        .withNamespace(MockCluster.NAMESPACE)
                        .withName("vllm-hpa")
                        .endMetadata()
                        .withNewSpec()
                        .withMaxReplicas(9)
                        .withNewScaleTargetRef("apps/v1", "Deployment", "vllm")
                        .endSpec()
                        .build())
                .create();
    }

    @Test
    void scale_besideAnHpa_goesUpAndLeavesDownToIt() {
        hpa();
        try (KubernetesScaleBackend beside = backend(all -> all.raiseBesideAutoscaler(true))) {
            scale(beside, 2, 6);
            assertThat(replicas()).isEqualTo(6);

            scale(beside, 6, 3);
            assertThat(replicas()).isEqualTo(6);
            // It counts as asked for, so that nobody takes the six for somebody else's.
            assertThat(beside.status("chat").desired()).isEqualTo(3);
            scale(beside, 3, 4);
            assertThat(replicas()).isEqualTo(6);
            assertThat(beside.status("chat").desired()).isEqualTo(4);

            sets("kube-controller-manager", "Update", "scale", time.wallTime(), 4);
            assertThat(beside.status("chat").desired()).isEqualTo(4);
            sets("kube-controller-manager", "Update", "scale", time.wallTime(), 7);
            assertThat(beside.status("chat").desired()).isEqualTo(7);
        }
    }

    @Test
    void scale_besideAnHpaSwitchedOff_isRefused() {
        hpa();
        sets("kubectl-client-side-apply", "Update", null, time.wallTime(), 0);
        try (KubernetesScaleBackend beside = backend(all -> all.raiseBesideAutoscaler(true))) {
            assertThat(refused(beside, 0, 1)).hasMessageContaining("switched off");
        }
    }

    @Test
    @DisplayName("G9: an HPA that takes back two raises is given way to: never a third write")
    void scale_hpaUndoesTwice_neverAThird() {
        hpa();
        try (KubernetesScaleBackend beside = backend(all -> all.raiseBesideAutoscaler(true))) {
            for (int i = 0; i < 2; i++) {
                scale(beside, 2, 6);
                assertThat(replicas()).isEqualTo(6);
                sets("kube-controller-manager", "Update", "scale", time.wallTime(), 2);
                time.advance(Duration.ofSeconds(15));
                beside.status("chat");
            }
            for (int i = 0; i < 20; i++) {
                assertThat(refused(beside, 2, 6)).hasMessageContaining("undid 2 of our writes");
                time.advance(Duration.ofHours(3));
            }
            assertThat(replicas()).isEqualTo(2);
        }
    }

    @Test
    @DisplayName("G9: forced over Argo CD, which puts its number back: two writes, never a third")
    void scale_forcedAndUndoneTwice_neverAThird() {
        sets("argocd-controller", "Apply", null, time.wallTime(), 2);
        try (KubernetesScaleBackend forced = backend(all -> all.force(true))) {
            for (int i = 0; i < 2; i++) {
                scale(forced, 2, 6);
                sets("argocd-controller", "Apply", null, time.wallTime(), 2);
                forced.status("chat");
            }
            assertThat(refused(forced, 2, 6)).hasMessageContaining("argocd-controller undid 2");
            assertThat(replicas()).isEqualTo(2);
        }
    }

    @Test
    @DisplayName("G9: what stood for an hour was not undone but decided anew, as by the next deployment")
    void scale_changedLongAfter_isNoRivalry() {
        for (int i = 0; i < 5; i++) {
            scale(backend, 2, 6);
            time.advance(Duration.ofHours(2));
            sets("helm", "Update", null, time.wallTime(), 2);
            backend.status("chat");
        }
        scale(backend, 2, 6);
        assertThat(replicas()).isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource({"kubectl, scale", "kubectl-edit, ", "kubectl-patch, ", "Lens, scale"})
    @DisplayName("G10: what a person set stands for an hour, by the object, so after a restart as well")
    void scale_scaledByHand_standsForAnHour(String manager, String subresource) {
        sets(manager, "Update", subresource, time.wallTime(), 4);
        time.advance(Duration.ofMinutes(59));

        try (KubernetesScaleBackend restarted = backend(all -> all)) {
            assertThat(refused(restarted, 4, 2))
                    .hasMessageContaining("by hand")
                    .satisfies(refusal -> assertThat(refusal.retryAfter()).hasValue(Duration.ofMinutes(1)));
            assertThat(replicas()).isEqualTo(4);

            time.advance(Duration.ofMinutes(1));
            scale(restarted, 4, 2);
        }
        assertThat(replicas()).isEqualTo(2);
    }

    @Test
    @DisplayName("G10: what a person set stands even if forced, and not at all where respectFor is 0")
    void scale_scaledByHand_standsWhateverIsForced() {
        sets("kubectl", "Update", "scale", time.wallTime(), 4);
        try (KubernetesScaleBackend forced = backend(all -> all.force(true))) {
            refused(forced, 4, 2);
        }
        try (KubernetesScaleBackend careless = backend(all -> all.respectFor(Duration.ZERO))) {
            scale(careless, 4, 2);
        }
        assertThat(replicas()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "yes", "2099-01-01T00:00:00Z"})
    @DisplayName(
            "G10: paused by annotation: nothing is written until it is removed, whatever is forced, after a restart too")
    void scale_paused_untilRemoved(String value) {
        annotate("tidegate.io/paused", value);
        for (boolean force : new boolean[] {false, true}) {
            try (KubernetesScaleBackend restarted = backend(all -> all.force(force))) {
                assertThat(refused(restarted, 2, 3)).hasMessageContaining("tidegate.io/paused");
                time.advance(Duration.ofDays(400));
                refused(restarted, 2, 3);
            }
        }
        assertThat(replicas()).isEqualTo(2);
        edit(found ->
                found.editMetadata().removeFromAnnotations("tidegate.io/paused").endMetadata());
        scale(backend, 2, 3);
        assertThat(replicas()).isEqualTo(3);
    }

    @Test
    @DisplayName("G10: paused until an instant")
    void scale_pausedUntil_isScaledAfter() {
        annotate(
                "tidegate.io/paused",
                time.wallTime().plus(Duration.ofMinutes(5)).toString());
        refused(backend, 2, 3);
        time.advance(Duration.ofMinutes(5));
        scale(backend, 2, 3);
        annotate("tidegate.io/paused", "false");
        scale(backend, 3, 4);
        assertThat(replicas()).isEqualTo(4);
    }

    // ---- terms -----------------------------------------------------------------------------------------------------

    private static ScaleRequest inTerm(long epoch, int from, int to) {
        return new ScaleRequest("chat", from, to, 1, "because", "key", epoch);
    }

    private String term() {
        Map<String, String> annotations = cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .get()
                .getMetadata()
                .getAnnotations();
        return annotations == null ? "none" : annotations.getOrDefault("tidegate.io/epoch", "none");
    }

    @Test
    @DisplayName("H1: the term is written before the number, and of an earlier term nothing is written any more")
    void scale_earlierTerm_isRefused() throws InterruptedException {
        backend.scale(inTerm(7, 2, 3));
        assertThat(term()).isEqualTo("7");
        cluster.takeRequests();
        backend.scale(inTerm(7, 3, 4));
        assertThat(cluster.takeRequests())
                .filteredOn(each -> each.startsWith("PATCH"))
                .hasSize(1);

        for (long earlier : new long[] {6, 1, 0}) {
            BackendException refused =
                    catchThrowableOfType(BackendException.class, () -> backend.scale(inTerm(earlier, 4, 5)));
            assertThat(((KubernetesScaleException) refused.getCause()).reason()).isEqualTo(Reason.SUPERSEDED);
        }
        assertThat(replicas()).isEqualTo(4);
        assertThat(term()).isEqualTo("7");
        backend.scale(inTerm(8, 4, 5));
        assertThat(term()).isEqualTo("8");
    }

    @Test
    @DisplayName("H1: a later leader that claims between our claim and our number keeps the number away")
    void scale_laterClaimBetween_isRefused() {
        try (FaultyApi api = new FaultyApi(cluster.address())) {
            api.fail(FaultyApi.Fault.NONE, all -> {
                if (all.method().equals("PATCH") && all.path().contains("/scale")) {
                    annotate("tidegate.io/epoch", "9");
                }
                return true;
            });
            try (KubernetesScaleBackend slow = KubernetesScaleBackend.builder()
                    .config(new io.fabric8.kubernetes.client.ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                            .withMasterUrl(api.address())
                            .build())
                    .namespace(MockCluster.NAMESPACE)
                    .deployment("vllm")
                    .callTimeout(MockCluster.PATIENCE)
                    .build()) {
                assertThat(catchThrowableOfType(BackendException.class, () -> slow.scale(inTerm(8, 2, 3)))
                                .refusal())
                        .isEqualTo(Refusal.CONFLICT);
            }
        }
        assertThat(replicas()).isEqualTo(2);
        assertThat(term()).isEqualTo("9");
    }

    @Test
    void scale_termUnreadable_isRefused() {
        annotate("tidegate.io/epoch", "last week");
        assertThat(catchThrowableOfType(BackendException.class, () -> backend.scale(inTerm(8, 2, 3))))
                .hasMessageContaining("which is no term");
        assertThat(List.of(replicas())).containsExactly(2);
    }
}
