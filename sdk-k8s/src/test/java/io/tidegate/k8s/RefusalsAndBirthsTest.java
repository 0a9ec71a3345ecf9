/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.Refusal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What all backends say alike, and how pods came to be. */
class RefusalsAndBirthsTest {

    private static final String DEPLOYMENT = "/apis/apps/v1/namespaces/ml/deployments/vllm";
    private static final String SCALE = DEPLOYMENT + "/scale";
    private static final String PODS = "/api/v1/namespaces/ml/pods";

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private final AtomicLong nanos = new AtomicLong();
    private KubernetesScaleBackend backend;

    @BeforeEach
    void start() {
        server.start();
        backend = builder().build();
    }

    private KubernetesScaleBackend.Builder builder() {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(server.baseUrl())
                .withNamespace("ml")
                .build();
        return KubernetesScaleBackend.builder()
                .config(config)
                .deployment("vllm")
                .nanos(nanos::get)
                .callTimeout(Duration.ofSeconds(20));
    }

    @AfterEach
    void stop() {
        backend.close();
        server.stop();
    }

    private static ResponseDefinitionBuilder status(int code, String message, int retryAfter) {
        return aResponse()
                .withStatus(code)
                .withHeader("Content-Type", "application/json")
                .withBody("""
                        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"%s","code":%d,
                         "details":{"retryAfterSeconds":%d}}""".formatted(message, code, retryAfter));
    }

    private BackendException writeFails(ResponseDefinitionBuilder answer) {
        server.stubFor(get(urlPathEqualTo(SCALE)).willReturn(okJson("""
                {"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"vllm","namespace":"ml",
                 "resourceVersion":"7"},"spec":{"replicas":1},"status":{"replicas":1}}""")));
        server.stubFor(get(urlPathEqualTo(DEPLOYMENT)).willReturn(okJson("""
                {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"vllm","namespace":"ml",
                 "resourceVersion":"7"},"spec":{"replicas":1}}""")));
        server.stubFor(patch(urlPathEqualTo(SCALE)).willReturn(answer));
        return catchThrowableOfType(
                BackendException.class, () -> backend.scale(new ScaleRequest("chat", 1, 3, 17, "because")));
    }

    @ParameterizedTest
    @CsvSource({
        "401, no, DENIED",
        "403, no, DENIED",
        "403, 'pods is forbidden: exceeded quota: gpus', QUOTA",
        "404, no, INVALID",
        "409, no, CONFLICT",
        "422, no, INVALID",
        "429, no, THROTTLED",
        "500, no, UNANSWERED",
        "503, no, UNANSWERED",
        "504, no, UNANSWERED"
    })
    void write_refused_saysWhy(int code, String message, Refusal why) {
        assertThat(writeFails(status(code, message, 0)).refusal()).isEqualTo(why);
    }

    @Test
    void write_answerLost_nobodyKnows_butReadingDidNothing() {
        assertThat(writeFails(aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER))
                        .refusal())
                .isEqualTo(Refusal.UNANSWERED);
        server.stubFor(get(urlPathEqualTo(DEPLOYMENT)).willReturn(status(503, "no", 0)));
        assertThat(catchThrowableOfType(BackendException.class, () -> backend.status("chat"))
                        .refusal())
                .isEqualTo(Refusal.UNAVAILABLE);
    }

    @Test
    void write_throttled_tellsHowLong() {
        assertThat(writeFails(status(429, "slowly", 11)).retryAfter()).hasValue(Duration.ofSeconds(11));
    }

    private void deployment(int desired, int ready) {
        server.stubFor(get(urlPathEqualTo(DEPLOYMENT)).willReturn(okJson("""
                {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"vllm","namespace":"ml"},
                 "spec":{"replicas":%d,"selector":{"matchLabels":{"app":"vllm"}}},
                 "status":{"replicas":%d,"readyReplicas":%d}}""".formatted(desired, desired, ready))));
    }

    private int lists() {
        return server.findAll(getRequestedFor(urlPathEqualTo(PODS))).size();
    }

    private List<Birth> births() {
        return backend.status("chat").births();
    }

    private void pods() {
        server.stubFor(get(urlPathEqualTo(PODS)).willReturn(okJson("""
                {"kind":"PodList","apiVersion":"v1","metadata":{},"items":[
                 {"metadata":{"name":"a","creationTimestamp":"2026-11-24T02:00:00Z"},"status":{"phase":"Running",
                  "conditions":[
                   {"type":"PodScheduled","status":"True","lastTransitionTime":"2026-11-24T02:00:20Z"},
                   {"type":"Ready","status":"True","lastTransitionTime":"2026-11-24T02:03:00Z"}],
                  "containerStatuses":[
                   {"name":"proxy","state":{"running":{"startedAt":"2026-11-24T02:00:40Z"}}},
                   {"name":"vllm","state":{"running":{"startedAt":"2026-11-24T02:01:10Z"}}}]}},
                 {"metadata":{"name":"b","creationTimestamp":"2026-11-24T02:00:01Z"},"status":{"phase":"Pending",
                  "conditions":[
                   {"type":"PodScheduled","status":"False","lastTransitionTime":"2026-11-24T02:00:02Z"}]}},
                 {"metadata":{"name":"c","creationTimestamp":"2026-11-24T02:00:01Z"},"status":{"phase":"Running",
                  "conditions":[
                   {"type":"PodScheduled","status":"True","lastTransitionTime":"2026-11-24T02:00:05Z"},
                   {"type":"Ready","status":"False","lastTransitionTime":"2026-11-24T02:00:05Z"}],
                  "containerStatuses":[{"name":"vllm","state":{"waiting":{"reason":"ContainerCreating"}}}]}},
                 {"metadata":{"name":"d","creationTimestamp":"2026-11-24T02:00:01Z",
                  "deletionTimestamp":"2026-11-24T02:04:00Z"},"status":{"phase":"Running"}}]}""")));
    }

    @Test
    void births_whileFewerAreReady_areThoseOfThePods() {
        deployment(3, 1);
        pods();

        Instant two = Instant.parse("2026-11-24T02:00:00Z");
        assertThat(births())
                .containsExactly(
                        new Birth("a", two, two.plusSeconds(20), two.plusSeconds(70), two.plusSeconds(180)),
                        new Birth("b", two.plusSeconds(1), null, null, null),
                        new Birth("c", two.plusSeconds(1), two.plusSeconds(5), null, null));
        server.verify(getRequestedFor(urlPathEqualTo(PODS))
                .withQueryParam("labelSelector", equalTo("app=vllm"))
                .withQueryParam("limit", equalTo("500")));
    }

    @Test
    void births_whenAllAreReady_areReadForTwoMinutesMore() {
        pods();
        deployment(3, 3);
        births();
        assertThat(lists()).isZero();

        deployment(3, 2);
        births();
        deployment(3, 3);
        nanos.addAndGet(Duration.ofMinutes(2).toNanos());
        assertThat(births()).hasSize(3);
        nanos.addAndGet(1);
        assertThat(births()).isEmpty();
        assertThat(lists()).isEqualTo(2);
    }

    @Test
    void births_podsMayNotBeListed_statusGoesOnAndAsksAgainLater() {
        deployment(3, 1);
        server.stubFor(get(urlPathEqualTo(PODS)).willReturn(status(403, "no", 0)));
        for (int i = 0; i < 5; i++) {
            assertThat(backend.status("chat")).satisfies(found -> {
                assertThat(found.ready()).isEqualTo(1);
                assertThat(found.births()).isEmpty();
            });
        }
        assertThat(lists()).isEqualTo(1);

        pods();
        nanos.addAndGet(Duration.ofMinutes(10).toNanos());
        assertThat(births()).hasSize(3);
    }

    @Test
    void births_off_listNoPods() {
        backend.close();
        backend = builder().births(false).build();
        deployment(3, 1);
        pods();
        assertThat(births()).isEmpty();
        assertThat(lists()).isZero();
    }
}
