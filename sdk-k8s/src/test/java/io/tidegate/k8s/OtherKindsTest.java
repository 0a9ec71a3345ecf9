/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.equalToJson;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.patchRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.tomakehurst.wiremock.WireMockServer;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Other kinds than Deployments. */
class OtherKindsTest {

    private final WireMockServer server = new WireMockServer(options().dynamicPort());

    @BeforeEach
    void start() {
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private KubernetesScaleBackend.Builder builder() {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(server.baseUrl())
                .withNamespace("ml")
                .build();
        return KubernetesScaleBackend.builder().config(config).name("vllm").callTimeout(MockCluster.PATIENCE);
    }

    @Test
    void statefulSet_onTheMock_isScaled() {
        try (MockCluster cluster = new MockCluster()) {
            cluster.admin()
                    .resource(new StatefulSetBuilder()
                            .withNewMetadata()
                            .withNamespace(MockCluster.NAMESPACE)
                            .withName("vllm")
                            .endMetadata()
                            .withNewSpec()
                            .withReplicas(2)
                            .endSpec()
                            .withNewStatus()
                            .withReplicas(2)
                            .withReadyReplicas(1)
                            .endStatus()
                            .build())
                    .create();
            try (KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                    .client(cluster.admin())
                    .namespace(MockCluster.NAMESPACE)
                    .kind("apps/v1", "StatefulSet")
                    .name("vllm")
                    .callTimeout(MockCluster.PATIENCE)
                    .build()) {
                assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(2, 2, 1));
                backend.scale(new ScaleRequest("chat", 2, 4, 1, "because"));
                assertThat(backend.status("chat").desired()).isEqualTo(4);
                assertThatThrownBy(() -> backend.scale(new ScaleRequest("chat", 2, 4, 1, "because")))
                        .hasMessageContaining("StatefulSet ml/vllm is to have 4 replicas by now");
            }
        }
    }

    @Test
    void leaderWorkerSet_onTheWire_countsGroups() {
        String path = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/ml/leaderworkersets/vllm";
        server.stubFor(get(urlPathEqualTo(path)).willReturn(okJson("""
                {"kind":"LeaderWorkerSet","apiVersion":"leaderworkerset.x-k8s.io/v1",
                 "metadata":{"name":"vllm","namespace":"ml","resourceVersion":"5"},
                 "spec":{"replicas":3,"leaderWorkerTemplate":{"size":4}},
                 "status":{"replicas":3,"readyReplicas":2,"hpaPodSelector":"leaderworkerset.sigs.k8s.io/name=vllm"}}""")));
        server.stubFor(get(urlPathEqualTo(path + "/scale")).willReturn(okJson("""
                {"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"vllm","namespace":"ml",
                 "resourceVersion":"5"},"spec":{"replicas":3},"status":{"replicas":3}}""")));
        server.stubFor(patch(urlPathEqualTo(path + "/scale")).willReturn(okJson("{\"kind\":\"Scale\"}")));
        try (KubernetesScaleBackend backend = builder()
                .kind("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet")
                .births(false)
                .build()) {
            assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(3, 3, 2));
            backend.scale(new ScaleRequest("chat", 3, 4, 1, "because"));
        }
        server.verify(patchRequestedFor(urlPathEqualTo(path + "/scale"))
                .withRequestBody(equalToJson("{\"metadata\":{\"resourceVersion\":\"5\"},\"spec\":{\"replicas\":4}}")));
    }

    @Test
    void anotherKind_onTheWire_isCountedByItsScaleAndPods() {
        String path = "/apis/serving.example.com/v1beta1/namespaces/ml/modelfleets/vllm";
        server.stubFor(get(urlPathEqualTo(path)).willReturn(okJson("""
                {"kind":"ModelFleet","apiVersion":"serving.example.com/v1beta1",
                 "metadata":{"name":"vllm","namespace":"ml","resourceVersion":"5"},"spec":{"size":3}}""")));
        server.stubFor(get(urlPathEqualTo(path + "/scale")).willReturn(okJson("""
                {"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"vllm","namespace":"ml",
                 "resourceVersion":"5"},"spec":{"replicas":3},"status":{"replicas":2,"selector":"fleet=vllm"}}""")));
        server.stubFor(get(urlPathEqualTo("/api/v1/namespaces/ml/pods"))
                .withQueryParam("labelSelector", com.github.tomakehurst.wiremock.client.WireMock.equalTo("fleet=vllm"))
                .willReturn(okJson("""
                {"kind":"PodList","apiVersion":"v1","metadata":{},"items":[
                 {"metadata":{"name":"a"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}},
                 {"metadata":{"name":"b"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}]}},
                 {"metadata":{"name":"c"},"status":{"phase":"Failed"}}]}""")));
        server.stubFor(patch(urlPathEqualTo(path + "/scale")).willReturn(okJson("{\"kind\":\"Scale\"}")));
        try (KubernetesScaleBackend backend = builder()
                .kind("serving.example.com/v1beta1", "ModelFleet")
                .births(false)
                .build()) {
            assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(3, 2, 1));
            backend.scale(new ScaleRequest("chat", 3, 2, 1, "because"));
        }
        server.verify(1, patchRequestedFor(urlPathEqualTo(path + "/scale")));
    }

    @ParameterizedTest
    @CsvSource({
        "Deployment, deployments",
        "InferenceService, inferenceservices",
        "ModelProxy, modelproxies",
        "Gateway, gateways",
        "Index, indexes",
        "Mesh, meshes"
    })
    void plural_byTheRulesOfEnglish(String kind, String plural) {
        assertThat(ScalableKind.of("a.b/v1", kind, null).plural()).isEqualTo(plural);
    }

    @Test
    void kind_unknownOrWrong_saysWhatIsNeeded() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalableKind.of(null, "Rollout", null))
                .withMessage(
                        "apiVersion is required for kind Rollout: it is known only for [Deployment, LeaderWorkerSet,"
                                + " ReplicaSet, StatefulSet]");
        assertThatIllegalArgumentException().isThrownBy(() -> ScalableKind.of("apps", "Rollout", null));
        assertThatIllegalArgumentException().isThrownBy(() -> ScalableKind.of("apps/v1", "a/b", null));
        assertThatIllegalArgumentException().isThrownBy(() -> ScalableKind.of("apps/v1", "A", "../x"));
        assertThatIllegalArgumentException().isThrownBy(() -> ScalableKind.of("apps/v1", null, null));
    }
}
