/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.containing;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.equalToJson;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.patchRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.tomakehurst.wiremock.WireMockServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.k8s.MockCluster;
import io.tidegate.k8s.inventory.WarmCapacity.Level;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire, since no API server in memory knows server-side apply. */
class WarmObjectTest {

    private static final String BUFFER = "/apis/autoscaling.x-k8s.io/v1beta1/namespaces/ml/capacitybuffers/warm";
    private static final String POOL = "/apis/karpenter.sh/v1/nodepools/h100";

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private KubernetesClient client;
    private WarmObject buffer;
    private WarmObject pool;

    @BeforeEach
    void start() {
        server.start();
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(server.baseUrl())
                .withRequestRetryBackoffLimit(10)
                .build();
        client = new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
        buffer = WarmObject.capacityBuffer(client, "v1beta1", "ml", "warm", MockCluster.PATIENCE);
        pool = WarmObject.nodePool(client, "h100", MockCluster.PATIENCE);
    }

    @AfterEach
    void stop() {
        client.close();
        server.shutdownServer();
    }

    private void stored(String path, String apiVersion, String kind, String spec, String status) {
        server.stubFor(get(urlPathEqualTo(path)).willReturn(okJson("""
                {"apiVersion":"%s","kind":"%s","metadata":{"name":"x","resourceVersion":"77"},
                 "spec":%s,"status":%s}""".formatted(apiVersion, kind, spec, status))));
    }

    @Test
    void buffer_readAndSet_appliesTheNumberAlone() {
        stored(BUFFER, "autoscaling.x-k8s.io/v1beta1", "CapacityBuffer", "{\"replicas\":2}", "{\"replicas\":1}");
        server.stubFor(patch(urlPathEqualTo(BUFFER)).willReturn(okJson("""
                {"apiVersion":"autoscaling.x-k8s.io/v1beta1","kind":"CapacityBuffer","metadata":{"name":"warm"}}""")));

        Level level = buffer.read();
        assertThat(level).isEqualTo(new Level(2, 1, "77"));
        buffer.set(level, 5);

        server.verify(
                1,
                patchRequestedFor(urlPathEqualTo(BUFFER))
                        .withQueryParam("fieldManager", equalTo("tidegate"))
                        .withQueryParam("force", equalTo("false"))
                        .withHeader("Content-Type", containing("application/apply-patch+yaml"))
                        .withRequestBody(equalToJson("""
                                {"apiVersion":"autoscaling.x-k8s.io/v1beta1","kind":"CapacityBuffer",
                                 "metadata":{"namespace":"ml","name":"warm","resourceVersion":"77"},
                                 "spec":{"replicas":5}}""")));
    }

    @Test
    void pool_static_isReadByItsNodes() {
        stored(POOL, "karpenter.sh/v1", "NodePool", "{\"replicas\":3}", "{\"nodes\":2}");
        server.stubFor(patch(urlPathEqualTo(POOL)).willReturn(okJson("""
                {"apiVersion":"karpenter.sh/v1","kind":"NodePool","metadata":{"name":"h100"}}""")));

        pool.set(pool.read(), 0);

        assertThat(pool.read()).isEqualTo(new Level(3, 2, "77"));
        server.verify(1, patchRequestedFor(urlPathEqualTo(POOL)).withRequestBody(equalToJson("""
                {"apiVersion":"karpenter.sh/v1","kind":"NodePool",
                 "metadata":{"name":"h100","resourceVersion":"77"},"spec":{"replicas":0}}""")));
    }

    @Test
    void set_ownedBySomebodyElse_isNotForcedAndNotRetried() {
        server.stubFor(patch(urlPathEqualTo(POOL))
                .willReturn(aResponse().withStatus(409).withBody("""
                {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409,
                 "message":"Apply failed with 1 conflict: conflict with \\"argocd\\": .spec.replicas"}""")));

        assertThatThrownBy(() -> pool.set(new Level(3, 3, "77"), 4))
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        e -> assertThat(e.getCode()).isEqualTo(409))
                .hasMessageContaining("argocd");
        server.verify(1, patchRequestedFor(urlPathEqualTo(POOL)));
    }

    @Test
    void read_notThereOrNotStatic_saysWhatToDo() {
        server.stubFor(get(urlPathEqualTo(BUFFER)).willReturn(aResponse().withStatus(404)));
        stored(POOL, "karpenter.sh/v1", "NodePool", "{\"weight\":10}", "{}");

        assertThatThrownBy(buffer::read)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CapacityBuffer ml/warm does not exist: create it with spec.replicas");
        assertThatThrownBy(pool::read)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("NodePool h100 has no spec.replicas");
    }

    @Test
    void arguments_wrong_areRejected() {
        assertThatThrownBy(() -> pool.set(new Level(1, 1, "7"), -1)).hasMessage("desired must be >= 0 but was -1");
        assertThatThrownBy(() -> pool.set(new Level(1, 1, ""), 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> WarmObject.nodePool(client, "x", Duration.ZERO))
                .hasMessage("callTimeout must be 1 ms to 1 min but was PT0S");
    }
}
