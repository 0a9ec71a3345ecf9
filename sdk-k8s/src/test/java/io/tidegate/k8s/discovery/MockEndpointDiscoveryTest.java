/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.k8s.MockCluster;
import io.tidegate.time.ManualTime;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The contract on an API server in memory, settings, and what a watch is answered that a server in memory does not answer. */
class MockEndpointDiscoveryTest extends EndpointDiscoveryContract {

    private static final String SLICES = "/apis/discovery.k8s.io/v1/namespaces/ml/endpointslices";

    private static MockCluster cluster;

    @BeforeAll
    static void startCluster() {
        cluster = new MockCluster();
    }

    @AfterAll
    static void stopCluster() {
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

    @Test
    @DisplayName(
            "G6: on the wire: 410 to a watch has all listed anew, and an answer that does not come is not waited for")
    void watch_goneThenHanging_isListedAnewEachTime() {
        WireMockServer server = new WireMockServer(options().dynamicPort());
        server.start();
        SystemTime time = SystemTime.start();
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(server.baseUrl())
                .withRequestRetryBackoffLimit(10)
                .withWatchReconnectLimit(-1)
                .build();
        server.stubFor(
                get(urlPathEqualTo(SLICES)).withQueryParam("watch", absent()).willReturn(okJson("""
                        {"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1",
                         "metadata":{"resourceVersion":"4711"},"items":[]}""")));
        server.stubFor(get(urlPathEqualTo(SLICES))
                .withQueryParam("watch", equalTo("true"))
                .willReturn(aResponse()
                        .withStatus(410)
                        .withHeader("Content-Type", "application/json")
                        .withBody("""
                                {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired",
                                 "message":"too old resource version","code":410}""")));
        try (KubernetesClient client = new KubernetesClientBuilder()
                        .withConfig(config)
                        .withHttpClientFactory(new JdkHttpClientFactory())
                        .build();
                EndpointDiscovery discovery = EndpointDiscovery.builder(time, client, "ml", "vllm")
                        .callTimeout(Duration.ofMillis(500))
                        .build()) {
            discovery.start();
            await().atMost(MockCluster.PATIENCE).until(() -> discovery.health().lists() >= 2);
            assertThat(discovery.health().problem())
                    .hasValueSatisfying(why -> assertThat(why).contains("410"));
            assertThat(discovery.health().known()).isTrue();
            server.verify(getRequestedFor(urlPathEqualTo(SLICES))
                    .withQueryParam("watch", equalTo("true"))
                    .withQueryParam("resourceVersion", equalTo("4711"))
                    .withQueryParam("allowWatchBookmarks", equalTo("true"))
                    .withQueryParam("labelSelector", equalTo("kubernetes.io/service-name=vllm")));

            long before = discovery.health().failures();
            server.stubFor(get(urlPathEqualTo(SLICES))
                    .willReturn(aResponse().withFixedDelay(60_000).withStatus(200)));
            await().atMost(20, TimeUnit.SECONDS).until(() -> discovery.health().failures() >= before + 2);
        } finally {
            time.close();
            server.shutdownServer();
        }
    }

    @Test
    void build_wrongSettings_areRejectedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EndpointDiscovery.builder(new ManualTime(), cluster.admin(), "ml", "a/b"))
                .withMessageStartingWith("service must be 1 to 63");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EndpointDiscovery.builder(new ManualTime(), cluster.admin(), "ml", "a")
                        .scheme("ftp"))
                .withMessage("scheme must be http or https but was \"ftp\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EndpointDiscovery.builder(new ManualTime(), cluster.admin(), "ml", "a")
                        .callTimeout(Duration.ZERO)
                        .build())
                .withMessage("callTimeout must be 1 ms to 1 min but was PT0S");
    }
}
