/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.equalToJson;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.patchRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.k8s.KubernetesScaleException.Reason;
import io.tidegate.ledger.Refusal;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Floors of HPAs and ScaledObjects by server-side apply, which API servers in memory do not know: what goes over the wire. */
class FloorOnTheWireTest {

    private static final String HPA = "/apis/autoscaling/v2/namespaces/ml/horizontalpodautoscalers/vllm";
    private static final String KEDAS_HPA = "/apis/autoscaling/v2/namespaces/ml/horizontalpodautoscalers/keda-hpa-vllm";
    private static final String SCALED_OBJECT = "/apis/keda.sh/v1alpha1/namespaces/ml/scaledobjects/vllm";
    private static final String DEPLOYMENT = "/apis/apps/v1/namespaces/ml/deployments/vllm-decode";

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private final ManualTime time = new ManualTime();

    @BeforeEach
    void start() {
        server.start();
        deployment(2, 2, "");
        server.stubFor(patch(urlPathEqualTo(DEPLOYMENT + "/scale")).willReturn(okJson("{\"kind\":\"Scale\"}")));
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private Config config() {
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(server.baseUrl())
                .withNamespace("ml")
                .withRequestRetryBackoffLimit(10)
                .build();
    }

    private HpaBackend hpaBackend(UnaryOperator<HpaBackend.Builder> settings) {
        return settings.apply(HpaBackend.builder()
                        .config(config())
                        .name("vllm")
                        .births(false)
                        .time(time)
                        .callTimeout(MockCluster.PATIENCE))
                .build();
    }

    private ScaledObjectBackend scaledObjectBackend(UnaryOperator<ScaledObjectBackend.Builder> settings) {
        return settings.apply(ScaledObjectBackend.builder()
                        .config(config())
                        .name("vllm")
                        .births(false)
                        .time(time)
                        .callTimeout(Duration.ofSeconds(4)))
                .build();
    }

    private void deployment(int desired, int ready, String metadata) {
        server.stubFor(
                get(urlPathEqualTo(DEPLOYMENT)).willReturn(okJson("""
                {"kind":"Deployment","apiVersion":"apps/v1",
                 "metadata":{"name":"vllm-decode","namespace":"ml","resourceVersion":"70"%s},
                 "spec":{"replicas":%d},"status":{"replicas":%d,"readyReplicas":%d}}""".formatted(metadata, desired, desired, ready))));
    }

    private void hpa(int min, String metadata) {
        server.stubFor(get(urlPathEqualTo(HPA)).willReturn(okJson("""
                {"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2",
                 "metadata":{"name":"vllm","namespace":"ml","uid":"u-1","resourceVersion":"40"%s},
                 "spec":{"minReplicas":%d,"maxReplicas":16,
                  "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"vllm-decode"}}}""".formatted(metadata, min))));
        server.stubFor(patch(urlPathEqualTo(HPA)).willReturn(okJson("{\"kind\":\"HorizontalPodAutoscaler\"}")));
    }

    private void scaledObject(String metadata, String spec) {
        server.stubFor(get(urlPathEqualTo(SCALED_OBJECT)).willReturn(okJson("""
                {"kind":"ScaledObject","apiVersion":"keda.sh/v1alpha1",
                 "metadata":{"name":"vllm","namespace":"ml","uid":"u-2","resourceVersion":"50"%s},
                 "spec":{"scaleTargetRef":{"name":"vllm-decode"},"fallback":{"failureThreshold":3,"replicas":4}%s},
                 "status":{"hpaName":"keda-hpa-vllm"}}""".formatted(metadata, spec))));
        server.stubFor(patch(urlPathEqualTo(SCALED_OBJECT)).willReturn(okJson("{\"kind\":\"ScaledObject\"}")));
    }

    private void kedasHpa(int min) {
        server.stubFor(get(urlPathEqualTo(KEDAS_HPA)).willReturn(okJson("""
                {"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2","metadata":{"name":"keda-hpa-vllm"},
                 "spec":{"minReplicas":%d,"maxReplicas":16}}""".formatted(min))));
    }

    /** A field of spec as managed fields say who has it. */
    private static String managed(String manager, String operation, String time, String field) {
        return """
                ,"managedFields":[{"manager":"%s","operation":"%s","apiVersion":"v1","time":"%s","fieldsType":"FieldsV1",
                 "fieldsV1":{"f:spec":{"f:%s":{}}}}]""".formatted(manager, operation, time, field);
    }

    private static ScaleRequest request(int from, int to, long epoch) {
        return new ScaleRequest("chat", from, to, 17, "because", "key", epoch);
    }

    private static KubernetesScaleException fails(ScalerBackend backend, int from, int to) {
        BackendException refused =
                catchThrowableOfType(BackendException.class, () -> backend.scale(request(from, to, 0)));
        return (KubernetesScaleException) refused.getCause();
    }

    private void applied(String path, String body) {
        server.verify(
                1,
                patchRequestedFor(urlPathEqualTo(path))
                        .withHeader("Content-Type", equalTo("application/apply-patch+yaml"))
                        .withQueryParam("fieldManager", equalTo("tidegate"))
                        .withRequestBody(equalToJson(body)));
    }

    private int writes() {
        return server.findAll(patchRequestedFor(anyUrl())).size();
    }

    private void raised(int to) {
        server.verify(
                1,
                patchRequestedFor(urlPathEqualTo(DEPLOYMENT + "/scale"))
                        .withRequestBody(
                                equalToJson("{\"metadata\":{\"resourceVersion\":\"70\"},\"spec\":{\"replicas\":%d}}"
                                        .formatted(to))));
    }

    private static ResponseDefinitionBuilder failure(int code, String message, String details) {
        return aResponse()
                .withStatus(code)
                .withHeader("Content-Type", "application/json")
                .withBody("""
                        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"%s","code":%d%s}""".formatted(message, code, details));
    }

    @Nested
    class OfAnHpa {

        @Test
        void status_isTheFloorAndWhatRuns() {
            hpa(3, "");
            deployment(8, 7, "");
            try (HpaBackend backend = hpaBackend(all -> all)) {
                assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(3, 8, 7));
            }
        }

        @Test
        void scale_up_appliesTheFloorOverTheVersionReadAndRaisesTheTarget() {
            hpa(2, "");
            try (HpaBackend backend = hpaBackend(all -> all)) {
                backend.scale(request(2, 6, 0));
            }
            applied(HPA, """
                    {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
                     "metadata":{"namespace":"ml","name":"vllm","uid":"u-1","resourceVersion":"40"},
                     "spec":{"minReplicas":6}}""");
            raised(6);
            assertThat(writes()).isEqualTo(2);
        }

        @Test
        void scale_down_lowersTheFloorOnly() {
            hpa(6, "");
            deployment(6, 6, "");
            try (HpaBackend backend = hpaBackend(all -> all)) {
                backend.scale(request(6, 2, 0));
            }
            assertThat(writes()).isEqualTo(1);
        }

        @ParameterizedTest
        @CsvSource({"8, ''", "0, ''", "2, ',\"annotations\":{\"tidegate.io/paused\":\"true\"}'"})
        void scale_up_targetHasManyIsOffOrPaused_raisesTheFloorOnly(int desired, String metadata) {
            hpa(2, "");
            deployment(desired, desired, metadata);
            try (HpaBackend backend = hpaBackend(all -> all)) {
                backend.scale(request(2, 6, 0));
            }
            assertThat(writes()).isEqualTo(1);
        }

        @Test
        void scale_fastPathFails_theFloorStands() {
            hpa(2, "");
            server.stubFor(patch(urlPathEqualTo(DEPLOYMENT + "/scale")).willReturn(failure(409, "changed", "")));
            try (HpaBackend backend = hpaBackend(all -> all)) {
                assertThatCode(() -> backend.scale(request(2, 6, 0))).doesNotThrowAnyException();
            }
        }

        @Test
        void scale_withAllThatCanBeSet_appliesItAndAsksForTheVersionOnce() {
            hpa(2, "");
            server.stubFor(get(urlPathEqualTo("/version")).willReturn(okJson("{\"major\":\"1\",\"minor\":\"36+\"}")));
            try (HpaBackend backend = hpaBackend(all -> all.maxReplicas(12)
                    .tolerance(0)
                    .fastPath(false)
                    .metrics(List.of(Map.of("type", "External")))
                    .behavior(Map.of("scaleDown", Map.of("stabilizationWindowSeconds", 300))))) {
                backend.scale(request(2, 6, 7));
                backend.scale(request(2, 6, 7));
            }
            server.verify(2, patchRequestedFor(urlPathEqualTo(HPA)).withRequestBody(equalToJson("""
                    {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
                     "metadata":{"namespace":"ml","name":"vllm","uid":"u-1","resourceVersion":"40",
                      "annotations":{"tidegate.io/epoch":"7"}},
                     "spec":{"minReplicas":6,"maxReplicas":12,"metrics":[{"type":"External"}],
                      "behavior":{"scaleUp":{"tolerance":"0.0"},
                       "scaleDown":{"stabilizationWindowSeconds":300,"tolerance":"0.0"}}}}""")));
            server.verify(1, getRequestedFor(urlPathEqualTo("/version")));
        }

        @Test
        void scale_toleranceOnAnOldServer_isLeftOut() {
            hpa(2, "");
            server.stubFor(get(urlPathEqualTo("/version")).willReturn(okJson("{\"major\":\"1\",\"minor\":\"32\"}")));
            try (HpaBackend backend = hpaBackend(all -> all.tolerance(0).fastPath(false))) {
                backend.scale(request(2, 6, 0));
            }
            applied(HPA, """
                    {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
                     "metadata":{"namespace":"ml","name":"vllm","uid":"u-1","resourceVersion":"40"},
                     "spec":{"minReplicas":6}}""");
        }

        @Test
        void scale_toNoneOrAboveTheCeiling_saysWhatToSet() {
            hpa(2, "");
            try (HpaBackend backend = hpaBackend(all -> all)) {
                assertThat(fails(backend, 2, 0)).hasMessageContaining("set the pool's min to 1 or more");
                assertThat(fails(backend, 2, 17)).hasMessageContaining("has maxReplicas 16");
            }
            assertThat(writes()).isZero();
        }

        @Test
        @DisplayName("G1: 409 to the apply: refused as changed, asked once, nothing raised")
        void scale_conflict_isNotTriedAgain() {
            hpa(2, "");
            server.stubFor(patch(urlPathEqualTo(HPA)).willReturn(failure(409, "the object has been modified", "")));
            try (HpaBackend backend = hpaBackend(all -> all)) {
                assertThat(fails(backend, 2, 6).reason()).isEqualTo(Reason.CHANGED);
            }
            assertThat(writes()).isEqualTo(1);
        }

        @ParameterizedTest
        @CsvSource({"429, THROTTLED", "500, UNANSWERED", "503, UNANSWERED", "403, DENIED", "401, DENIED"})
        @DisplayName("G2: a failing apply is asked once and says why")
        void scale_failingApply_isAskedOnce(int code, Refusal why) {
            hpa(2, "");
            server.stubFor(patch(urlPathEqualTo(HPA)).willReturn(failure(code, "no", "")));
            try (HpaBackend backend = hpaBackend(all -> all)) {
                BackendException refused =
                        catchThrowableOfType(BackendException.class, () -> backend.scale(request(2, 6, 0)));
                assertThat(refused.refusal()).isEqualTo(why);
            }
            assertThat(writes()).isEqualTo(1);
        }

        @Test
        @DisplayName("G5: the answer to an apply is lost: nobody knows, and nothing is raised on it")
        void scale_answerLost_isUnanswered() {
            hpa(2, "");
            server.stubFor(
                    patch(urlPathEqualTo(HPA)).willReturn(aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER)));
            try (HpaBackend backend = hpaBackend(all -> all)) {
                BackendException refused =
                        catchThrowableOfType(BackendException.class, () -> backend.scale(request(2, 6, 0)));
                assertThat(refused.refusal()).isEqualTo(Refusal.UNANSWERED);
            }
            assertThat(writes()).isEqualTo(1);
        }

        @Test
        @DisplayName("G7: an HPA that is gone is not made anew")
        void scale_gone_isNotMade() {
            server.stubFor(get(urlPathEqualTo(HPA)).willReturn(failure(404, "not found", "")));
            try (HpaBackend backend = hpaBackend(all -> all)) {
                assertThat(fails(backend, 2, 6).reason()).isEqualTo(Reason.NOT_FOUND);
            }
            assertThat(writes()).isZero();
        }

        @ParameterizedTest
        @CsvSource({"argocd-controller, Update", "kustomize-controller, Apply", "kubectl, Apply"})
        @DisplayName("G9: a floor that Argo CD, Flux or a declaration keeps is observed only")
        void scale_keptByAController_isObservedOnly(String manager, String operation) {
            hpa(2, managed(manager, operation, "2026-01-01T00:00:00Z", "minReplicas"));
            try (HpaBackend backend = hpaBackend(all -> all)) {
                assertThat(fails(backend, 2, 6)).hasMessageContaining(manager);
            }
            assertThat(writes()).isZero();
            try (HpaBackend forced = hpaBackend(all -> all.force(true).fastPath(false))) {
                forced.scale(request(2, 6, 0));
            }
            assertThat(writes()).isEqualTo(1);
        }

        @Test
        @DisplayName("G9: of what else is applied, a field that another keeps is observed as well")
        void scale_ceilingKeptByAController_isObservedOnly() {
            hpa(2, managed("argocd-controller", "Apply", "2026-01-01T00:00:00Z", "maxReplicas"));
            try (HpaBackend backend = hpaBackend(all -> all.maxReplicas(9))) {
                assertThat(fails(backend, 2, 6)).hasMessageContaining("argocd-controller");
            }
            assertThat(writes()).isZero();
        }

        @Test
        @DisplayName("G9: another that holds the field is said by the API server too")
        void scale_fieldManagerConflict_isOwned() {
            hpa(2, "");
            server.stubFor(patch(urlPathEqualTo(HPA))
                    .willReturn(failure(
                            409,
                            "Apply failed with 1 conflict",
                            ",\"reason\":\"Conflict\",\"details\":{\"causes\":[{\"reason\":\"FieldManagerConflict\","
                                    + "\"message\":\"conflict with argocd\",\"field\":\".spec.minReplicas\"}]}")));
            try (HpaBackend backend = hpaBackend(all -> all)) {
                assertThat(fails(backend, 2, 6).reason()).isEqualTo(Reason.OWNED);
            }
        }

        @Test
        @DisplayName("G9: KEDA's HPA is KEDA's")
        void scale_kedasHpa_isRefused() {
            hpa(
                    2,
                    ",\"ownerReferences\":[{\"apiVersion\":\"keda.sh/v1alpha1\",\"kind\":\"ScaledObject\",\"name\":\"llm\","
                            + "\"uid\":\"u\"}]");
            try (HpaBackend backend = hpaBackend(all -> all.force(true))) {
                assertThat(fails(backend, 2, 6)).hasMessageContaining("is made by ScaledObject llm");
            }
            assertThat(writes()).isZero();
        }

        @Test
        @DisplayName("G9: a floor put back twice is given way to: never a third write")
        void scale_undoneTwice_neverAThird() {
            hpa(2, managed("argocd-controller", "Apply", "2026-01-01T00:00:00Z", "minReplicas"));
            try (HpaBackend forced = hpaBackend(all -> all.force(true).fastPath(false))) {
                for (int i = 0; i < 2; i++) {
                    forced.scale(request(2, 6, 0));
                    forced.status("chat");
                }
                for (int i = 0; i < 5; i++) {
                    assertThat(fails(forced, 2, 6)).hasMessageContaining("undid 2 of our writes");
                }
            }
            assertThat(writes()).isEqualTo(2);
        }

        @Test
        @DisplayName("G10: a floor that a person set stands for an hour")
        void scale_setByHand_stands() {
            hpa(4, managed("kubectl-edit", "Update", time.wallTime().toString(), "minReplicas"));
            try (HpaBackend backend = hpaBackend(all -> all.fastPath(false))) {
                assertThat(fails(backend, 4, 6)).hasMessageContaining("by hand");
                time.advance(Duration.ofHours(1));
                backend.scale(request(4, 6, 0));
            }
            assertThat(writes()).isEqualTo(1);
        }

        @Test
        @DisplayName("H1: of an earlier term nothing is written, and a term is never taken back")
        void scale_earlierTerm_isRefused() {
            hpa(2, ",\"annotations\":{\"tidegate.io/epoch\":\"9\"}");
            try (HpaBackend backend = hpaBackend(all -> all)) {
                BackendException refused =
                        catchThrowableOfType(BackendException.class, () -> backend.scale(request(2, 6, 8)));
                assertThat(((KubernetesScaleException) refused.getCause()).reason())
                        .isEqualTo(Reason.SUPERSEDED);
            }
            assertThat(writes()).isZero();
        }
    }

    @Nested
    class OfAScaledObject {

        @Test
        void status_floorLeftOut_isNone() {
            scaledObject("", "");
            deployment(2, 1, "");
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all)) {
                assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(0, 2, 1));
            }
        }

        @Test
        void scale_up_appliesTheFloorAndNothingElseAndRaisesWhenTheHpaKnows() {
            scaledObject("", ",\"minReplicaCount\":2");
            kedasHpa(6);
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all)) {
                backend.scale(request(2, 6, 3));
            }
            applied(SCALED_OBJECT, """
                    {"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject",
                     "metadata":{"namespace":"ml","name":"vllm","uid":"u-2","resourceVersion":"50",
                      "annotations":{"tidegate.io/epoch":"3"}},
                     "spec":{"minReplicaCount":6}}""");
            raised(6);
        }

        @Test
        @DisplayName(
                "G9: KEDA's HPA is never fought: where it does not know of the floor yet, nothing is raised, and it is never written to")
        void scale_up_hpaDoesNotKnow_isNotFought() {
            scaledObject("", ",\"minReplicaCount\":2");
            kedasHpa(2);
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all)) {
                backend.scale(request(2, 6, 0));
            }
            assertThat(writes()).isEqualTo(1);
            server.verify(0, patchRequestedFor(urlPathEqualTo(KEDAS_HPA)));
        }

        @Test
        void scale_downToNone_lowersTheFloorOnly() {
            scaledObject("", ",\"minReplicaCount\":2");
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all)) {
                backend.scale(request(2, 0, 0));
            }
            assertThat(writes()).isEqualTo(1);
        }

        @Test
        void scale_aboveTheCeiling_saysWhatToSet() {
            scaledObject("", "");
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all)) {
                assertThat(fails(backend, 0, 101)).hasMessageContaining("has maxReplicaCount 100");
            }
            try (ScaledObjectBackend backend =
                    scaledObjectBackend(all -> all.maxReplicaCount(200).fastPath(false))) {
                backend.scale(request(0, 101, 0));
            }
            assertThat(writes()).isEqualTo(1);
        }

        @ParameterizedTest
        @ValueSource(strings = {"paused\":\"true", "paused-replicas\":\"4", "paused\":\"TRUE"})
        @DisplayName("G10: a ScaledObject that is paused is not written to, whatever is forced")
        void scale_paused_isRefused(String annotation) {
            scaledObject(",\"annotations\":{\"autoscaling.keda.sh/" + annotation + "\"}", ",\"minReplicaCount\":2");
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all.force(true))) {
                assertThat(fails(backend, 2, 6)).hasMessageContaining("autoscaling.keda.sh/paused");
                assertThat(fails(backend, 2, 1).reason()).isEqualTo(Reason.OWNED);
            }
            assertThat(writes()).isZero();
        }

        @ParameterizedTest
        @CsvSource({"paused-scale-in, 6, 1", "paused-scale-out, 1, 6", "paused-scale-in, 6, 1"})
        @DisplayName("G10: paused-scale-in keeps from going down only, paused-scale-out from going up only")
        void scale_pausedOneWay_isRefusedThatWay(String annotation, int allowed, int refused) {
            scaledObject(
                    ",\"annotations\":{\"autoscaling.keda.sh/" + annotation + "\":\"true\"}", ",\"minReplicaCount\":2");
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all.fastPath(false))) {
                assertThat(fails(backend, 2, refused)).hasMessageContaining(annotation);
                assertThat(writes()).isZero();
                backend.scale(request(2, allowed, 0));
            }
            assertThat(writes()).isEqualTo(1);
        }

        @Test
        @DisplayName("G9: a floor that Argo CD keeps is observed only")
        void scale_keptByAController_isObservedOnly() {
            scaledObject(
                    managed("argocd-controller", "Apply", "2026-01-01T00:00:00Z", "minReplicaCount"),
                    ",\"minReplicaCount\":2");
            try (ScaledObjectBackend backend = scaledObjectBackend(all -> all)) {
                assertThat(fails(backend, 2, 6)).hasMessageContaining("argocd-controller");
            }
            assertThat(writes()).isZero();
        }
    }
}
