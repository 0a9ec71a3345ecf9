/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes over the wire and what comes of each answer, with answers in the form of a real API server and metrics-server. */
class PodMetricsOnTheWireTest {

    private static final String DEPLOYMENT = "/apis/apps/v1/namespaces/ml/deployments/vllm";
    private static final String PODS = "/api/v1/namespaces/ml/pods";
    private static final String METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/ml/pods";

    private static final String DEPLOYMENT_JSON = """
            {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"vllm","namespace":"ml"},
             "spec":{"replicas":1,"selector":{"matchLabels":{"app":"vllm"},
               "matchExpressions":[{"key":"track","operator":"NotIn","values":["canary"]}]}}}""";
    private static final String PODS_JSON = """
            {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"48213"},"items":[
             {"metadata":{"name":"vllm-7d4b9c-x2x9q","namespace":"ml","labels":{"app":"vllm"}},
              "spec":{"containers":[{"name":"server","resources":{"requests":{"cpu":"8","memory":"32Gi"}}}]},
              "status":{"phase":"Running","startTime":"2026-11-24T02:00:00Z","conditions":[
               {"type":"Ready","status":"True","lastTransitionTime":"2026-11-24T02:02:00Z"}]}}]}""";
    private static final String METRICS_JSON = """
            {"kind":"PodMetricsList","apiVersion":"metrics.k8s.io/v1beta1","metadata":{},"items":[
             {"metadata":{"name":"vllm-7d4b9c-x2x9q","namespace":"ml","creationTimestamp":"2026-11-24T03:00:05Z",
               "labels":{"app":"vllm"}},
              "timestamp":"2026-11-24T03:00:00Z","window":"14.482s",
              "containers":[{"name":"server","usage":{"cpu":"6012345678n","memory":"16777216Ki"}}]},
             {"metadata":{"name":"vllm-canary","namespace":"ml"},"timestamp":"2026-11-24T03:00:00Z","window":"15s",
              "containers":[{"name":"server","usage":{"cpu":"99","memory":"1Ki"}}]}]}""";

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private final ManualTime time = new ManualTime();
    private PodMetricsSource source;

    @BeforeEach
    void start() {
        server.start();
        server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(okJson(DEPLOYMENT_JSON)));
        server.stubFor(get(urlPathEqualTo(PODS)).willReturn(okJson(PODS_JSON)));
        server.stubFor(get(urlPathEqualTo(METRICS)).willReturn(okJson(METRICS_JSON)));
        source = source(server.baseUrl(), Duration.ofSeconds(20));
    }

    @AfterEach
    void stop() {
        source.close();
        source.close();
        server.stop();
    }

    private PodMetricsSource source(String address, Duration callTimeout) {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(address)
                .withNamespace("ml")
                // What a client does when told nothing, and worse; the source must not.
                .withRequestRetryBackoffLimit(10)
                .withRequestTimeout(60_000)
                .build();
        return PodMetricsSource.builder(time)
                .config(config)
                .deployment("vllm")
                .callTimeout(callTimeout)
                .build();
    }

    private static ResponseDefinitionBuilder status(int code) {
        return aResponse()
                .withStatus(code)
                .withHeader("Content-Type", "application/json")
                .withHeader("Retry-After", "1")
                .withBody(
                        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"said so\",\"code\":"
                                + code + "}");
    }

    private int requests() {
        return server.getAllServeEvents().size();
    }

    private void allMissing(String reason) throws IOException {
        Map<String, Signal> signals = source.read();
        assertThat(signals)
                .containsOnlyKeys(
                        PodMetricsSource.CPU_USAGE,
                        PodMetricsSource.CPU_UTILIZATION,
                        PodMetricsSource.MEMORY_USAGE,
                        PodMetricsSource.MEMORY_UTILIZATION);
        assertThat(signals.values()).containsOnly(new Missing("pods of ml/vllm", reason));
    }

    @Test
    void read_asksForTheDocumentedAndJoins() throws IOException {
        Map<String, Signal> signals = source.read();

        assertThat(((Known) signals.get(PodMetricsSource.CPU_USAGE)).value()).isEqualTo(6.012345678);
        assertThat(((Known) signals.get(PodMetricsSource.CPU_USAGE)).parts())
                .singleElement()
                .satisfies(part -> assertThat(part.replica()).isEqualTo("vllm-7d4b9c-x2x9q"));
        assertThat(((Known) signals.get(PodMetricsSource.CPU_UTILIZATION)).value())
                .isEqualTo(6.012345678 / 8);
        assertThat(((Known) signals.get(PodMetricsSource.MEMORY_UTILIZATION)).value())
                .isEqualTo(0.5);
        assertThat(server.getAllServeEvents())
                .extracting(event -> event.getRequest().getUrl())
                .containsExactlyInAnyOrder(
                        DEPLOYMENT,
                        PODS + "?labelSelector=app%3Dvllm%2Ctrack%20notin%20%28canary%29",
                        METRICS + "?labelSelector=app%3Dvllm");
    }

    @Test
    @DisplayName("E1: without metrics-server all is missing and says to install it")
    void read_noMetricsApi_isMissingAndNamesTheCure() throws IOException {
        server.stubFor(get(urlPathEqualTo(METRICS))
                .willReturn(aResponse().withStatus(404).withBody("404 page not found")));
        allMissing("the cluster has no metrics.k8s.io API: install metrics-server");
        assertThat(requests()).isEqualTo(3);
    }

    @Test
    void read_metricsForbidden_isMissingAndNamesTheRule() throws IOException {
        server.stubFor(get(urlPathEqualTo(METRICS)).willReturn(status(403)));
        allMissing(
                "not allowed to list pods of metrics.k8s.io in namespace ml: add the rule {apiGroups: [metrics.k8s.io],"
                        + " resources: [pods], verbs: [list]} to a Role there that is bound to this client's identity");
    }

    @Test
    void read_podsForbidden_isMissingAndNamesTheRule() throws IOException {
        server.stubFor(get(urlPathEqualTo(PODS)).willReturn(status(403)));
        allMissing(
                "not allowed to list pods in namespace ml: add the rule {apiGroups: [\"\"], resources: [pods], verbs:"
                        + " [list]} to a Role there that is bound to this client's identity");
        assertThat(requests()).isEqualTo(2);
    }

    @Test
    void read_deploymentForbiddenOrGone_isMissingAndNamesTheCure() throws IOException {
        server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(status(403)));
        allMissing("not allowed to get deployments in namespace ml: add the rule {apiGroups: [apps], resources:"
                + " [deployments], verbs: [get]} to a Role there that is bound to this client's identity");
        server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(status(404)));
        allMissing("Deployment ml/vllm does not exist: create it, or correct the source's namespace and deployment");
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 408, 429, 500, 503})
    void read_otherFailure_throwsAndIsAskedOnce(int code) {
        server.stubFor(get(urlPathEqualTo(METRICS)).willReturn(status(code)));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(source::read)
                .withMessage("could not list pods of metrics.k8s.io in namespace ml: the API server answered " + code
                        + (code == 503 ? ", so metrics-server is installed but does not answer" : ""));
        server.verify(1, com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor(urlPathEqualTo(METRICS)));
    }

    @Test
    @DisplayName("E5: an answer that is no JSON, or none that was meant, gives no numbers")
    void read_notJson_throws() {
        for (String page : new String[] {"<html>sign in</html>", METRICS_JSON.substring(0, 300), "[]", "17"}) {
            server.stubFor(get(urlPathEqualTo(METRICS)).willReturn(okJson(page)));
            assertThatExceptionOfType(Exception.class).as(page).isThrownBy(source::read);
        }
    }

    @Test
    void read_serverHangs_endsAfterTheTimeOut() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                PodMetricsSource hung = source(
                        "http://" + silent.getInetAddress().getHostAddress() + ":" + silent.getLocalPort(),
                        Duration.ofMillis(200))) {
            long begun = System.nanoTime();
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(hung::read)
                    .withMessage("could not get deployments in namespace ml: no usable answer");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
        }
    }

    @Test
    void read_metricsHang_endsAfterTheTimeOut() {
        server.stubFor(
                get(urlPathEqualTo(METRICS)).willReturn(okJson(METRICS_JSON).withFixedDelay(30_000)));
        try (PodMetricsSource hung = source(server.baseUrl(), Duration.ofSeconds(3))) {
            assertThatExceptionOfType(IOException.class).isThrownBy(hung::read);
        }
    }
}
