/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.equalToJson;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.patchRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.k8s.KubernetesScaleException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes over the wire and what comes of each answer, with answers in the form of a real API server. */
class ScaleOnTheWireTest {

    private static final String DEPLOYMENT = "/apis/apps/v1/namespaces/ml/deployments/vllm";
    private static final String SCALE = DEPLOYMENT + "/scale";
    private static final String WRITE = SCALE + "?fieldManager=tidegate";
    private static final ScaleRequest ONE_TO_THREE = new ScaleRequest("chat", 1, 3, 17, "because");

    /** Far more than any answer here takes, and far less than a hanging one. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private KubernetesScaleBackend backend;

    @BeforeEach
    void start() {
        server.start();
        backend = backend(server.baseUrl(), PATIENCE);
    }

    @AfterEach
    void stop() {
        backend.close();
        server.stop();
    }

    private static KubernetesScaleBackend backend(String address, Duration callTimeout) {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(address)
                .withNamespace("ml")
                // What a client does when told nothing, and worse; the backend must not.
                .withRequestRetryBackoffLimit(10)
                .withRequestTimeout(60_000)
                .build();
        return KubernetesScaleBackend.builder()
                .config(config)
                .deployment("vllm")
                .callTimeout(callTimeout)
                .build();
    }

    private static String scale(String spec) {
        return """
                {"kind":"Scale","apiVersion":"autoscaling/v1",
                 "metadata":{"name":"vllm","namespace":"ml","uid":"0b8f6b1e-6f3c-4b4e-9d5e-1a2b3c4d5e6f",
                             "resourceVersion":"48213","creationTimestamp":"2026-11-24T02:00:00Z"},
                 "spec":%s,
                 "status":{"replicas":1,"selector":"app=vllm"}}""".formatted(spec);
    }

    private static String write(int replicas) {
        return """
                {"metadata":{"resourceVersion":"48213"},"spec":{"replicas":%d}}""".formatted(replicas);
    }

    private static ResponseDefinitionBuilder status(int code, String message) {
        String body = """
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"%s","code":%d}""";
        return aResponse()
                .withStatus(code)
                .withHeader("Content-Type", "application/json")
                .withBody(body.formatted(message, code));
    }

    private void hasOneReplica() {
        server.stubFor(get(urlEqualTo(SCALE)).willReturn(okJson(scale("{\"replicas\":1}"))));
        saysNothingOfOwners();
    }

    /** The Deployment itself, at the version of its scale. */
    private void saysNothingOfOwners() {
        server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(okJson("""
                {"kind":"Deployment","apiVersion":"apps/v1",
                 "metadata":{"name":"vllm","namespace":"ml","resourceVersion":"48213"},"spec":{"replicas":1}}""")));
    }

    private KubernetesScaleException statusFails() {
        return failure(() -> backend.status("chat"));
    }

    private KubernetesScaleException scaleFails() {
        return failure(() -> backend.scale(ONE_TO_THREE));
    }

    /** What is behind the refusal, which says the same. */
    private static KubernetesScaleException failure(ThrowableAssert.ThrowingCallable call) {
        BackendException refused = catchThrowableOfType(BackendException.class, call);
        assertThat(refused.getMessage()).isEqualTo(refused.getCause().getMessage());
        return (KubernetesScaleException) refused.getCause();
    }

    private int requests() {
        return server.getAllServeEvents().size();
    }

    @Nested
    class Wire {

        @Test
        void scale_writesTheNumberOverTheVersionItRead() {
            hasOneReplica();
            server.stubFor(patch(urlEqualTo(WRITE)).willReturn(okJson(scale("{\"replicas\":3}"))));

            backend.scale(ONE_TO_THREE);

            server.verify(patchRequestedFor(urlEqualTo(WRITE))
                    .withHeader("Content-Type", equalTo("application/merge-patch+json"))
                    .withRequestBody(equalToJson(write(3))));
            // The scale and whose it is are read, and it is written.
            assertThat(requests()).isEqualTo(3);
        }

        @Test
        void scale_fromZero_readsTheNumberThatIsLeftOut() {
            server.stubFor(get(urlEqualTo(SCALE)).willReturn(okJson(scale("{}"))));
            saysNothingOfOwners();
            server.stubFor(patch(urlEqualTo(WRITE)).willReturn(okJson(scale("{\"replicas\":2}"))));

            backend.scale(new ScaleRequest("chat", 0, 2, 17, "because"));

            server.verify(patchRequestedFor(urlEqualTo(WRITE)).withRequestBody(equalToJson(write(2))));
        }

        @Test
        void scale_toZero_saysSo() {
            hasOneReplica();
            server.stubFor(patch(urlEqualTo(WRITE)).willReturn(okJson(scale("{}"))));

            backend.scale(new ScaleRequest("chat", 1, 0, 17, "because"));

            server.verify(patchRequestedFor(urlEqualTo(WRITE)).withRequestBody(equalToJson(write(0))));
        }

        @Test
        void status_clientActsForAnother_stillDoes() {
            server.stubFor(any(anyUrl()).willReturn(status(404, "not found")));
            Config config = new ConfigBuilder(Config.empty())
                    .withMasterUrl(server.baseUrl())
                    .withImpersonateUsername("scaler")
                    .build();
            try (KubernetesScaleBackend impersonating = KubernetesScaleBackend.builder()
                    .config(config)
                    .callTimeout(PATIENCE)
                    .namespace("ml")
                    .deployment("vllm")
                    .build()) {
                assertThatExceptionOfType(BackendException.class).isThrownBy(() -> impersonating.status("chat"));
            }

            server.verify(getRequestedFor(anyUrl()).withHeader("Impersonate-User", equalTo("scaler")));
        }

        @Test
        void status_duringARolloutAndScaleUp_countsPodsOfEveryTemplate() {
            server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(okJson("""
                    {"kind":"Deployment","apiVersion":"apps/v1",
                     "metadata":{"name":"vllm","namespace":"ml","generation":9,"resourceVersion":"48213"},
                     "spec":{"replicas":6},
                     "status":{"observedGeneration":8,"replicas":5,"updatedReplicas":2,"readyReplicas":3,
                               "availableReplicas":3,"unavailableReplicas":2,"terminatingReplicas":1}}""")));

            assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(6, 5, 3));
        }
    }

    @Nested
    class Refusals {

        @Test
        void status_403_namesTheRule() {
            server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(status(403, "deployments.apps is forbidden")));

            KubernetesScaleException failure = statusFails();

            assertThat(failure.reason()).isEqualTo(Reason.FORBIDDEN);
            assertThat(failure.httpStatus()).isEqualTo(403);
            assertThat(failure)
                    .hasMessageContaining("not allowed to get deployments of Deployment ml/vllm: add the rule"
                            + " {apiGroups: [apps], resources: [deployments], resourceNames: [vllm], verbs: [get]}"
                            + " to a Role in namespace ml")
                    .hasMessageEndingWith("deployments.apps is forbidden");
        }

        @Test
        void scale_403OnReading_namesTheRule() {
            server.stubFor(get(urlEqualTo(SCALE)).willReturn(status(403, "no")));

            assertThat(scaleFails())
                    .hasMessageContaining("not allowed to get deployments/scale of Deployment ml/vllm: add the rule"
                            + " {apiGroups: [apps], resources: [deployments/scale], resourceNames: [vllm],"
                            + " verbs: [get, patch]}");
            assertThat(requests()).isEqualTo(1);
        }

        @Test
        void scale_403OnWriting_namesTheRule() {
            hasOneReplica();
            server.stubFor(patch(urlEqualTo(WRITE)).willReturn(status(403, "no")));

            KubernetesScaleException failure = scaleFails();

            assertThat(failure.reason()).isEqualTo(Reason.FORBIDDEN);
            assertThat(failure).hasMessageContaining("not allowed to patch deployments/scale of Deployment ml/vllm");
        }

        @Test
        void scale_409_isNotTriedAgain() {
            hasOneReplica();
            server.stubFor(patch(urlEqualTo(WRITE)).willReturn(status(409, "the object has been modified")));

            KubernetesScaleException failure = scaleFails();

            assertThat(failure.reason()).isEqualTo(Reason.CHANGED);
            assertThat(failure.httpStatus()).isEqualTo(409);
            assertThat(failure)
                    .hasMessage(
                            "Deployment ml/vllm was changed between reading and writing its scale, so nothing was written:"
                                    + " the object has been modified");
            // The scale and whose it is are read, and it is written.
            assertThat(requests()).isEqualTo(3);
        }

        @Test
        void scale_othersScaled_saysWhatWasFoundAndWritesNothing() {
            server.stubFor(get(urlEqualTo(SCALE)).willReturn(okJson(scale("{\"replicas\":5}"))));

            assertThat(scaleFails())
                    .hasMessage(
                            "Deployment ml/vllm is to have 5 replicas by now and not 1, so decision 17 to make it 3 was not"
                                    + " carried out");
            assertThat(requests()).isEqualTo(1);
        }

        @Test
        void scale_noVersionToHoldOnTo_writesNothing() {
            server.stubFor(get(urlEqualTo(SCALE)).willReturn(okJson("""
                    {"kind":"Scale","metadata":{"name":"vllm"},"spec":{"replicas":1}}""")));

            assertThat(scaleFails())
                    .hasMessageContaining("has metadata.resourceVersion null, which cannot be held on to");
            assertThat(requests()).isEqualTo(1);
        }

        @Test
        void status_noNumber_isNoStatus() {
            server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(okJson("""
                    {"kind":"Deployment","metadata":{"name":"vllm"},"spec":{}}""")));

            assertThat(statusFails()).hasMessageContaining("has no spec.replicas");
        }

        @ParameterizedTest
        @CsvSource({
            "400, REJECTED",
            "401, UNAUTHENTICATED",
            "404, NOT_FOUND",
            "408, UNAVAILABLE",
            "422, REJECTED",
            "429, UNAVAILABLE",
            "500, UNAVAILABLE",
            "503, UNAVAILABLE"
        })
        void status_failureCode_isAskedOnceAndKept(int code, Reason reason) {
            server.stubFor(get(urlEqualTo(DEPLOYMENT))
                    .willReturn(status(code, "said so").withHeader("Retry-After", "1")));

            KubernetesScaleException failure = statusFails();

            assertThat(failure.reason()).isEqualTo(reason);
            assertThat(failure.httpStatus()).isEqualTo(code);
            assertThat(requests()).isEqualTo(1);
        }

        @ParameterizedTest
        @ValueSource(ints = {429, 500, 503})
        void scale_failureCodeOnWriting_isWrittenOnce(int code) {
            hasOneReplica();
            server.stubFor(
                    patch(urlEqualTo(WRITE)).willReturn(status(code, "said so").withHeader("Retry-After", "1")));

            KubernetesScaleException failure = scaleFails();

            assertThat(failure.reason()).isEqualTo(Reason.UNAVAILABLE);
            assertThat(failure)
                    .hasMessageContaining("the API server answered " + code)
                    .hasMessageEndingWith(": said so");
            // The scale and whose it is are read, and it is written.
            assertThat(requests()).isEqualTo(3);
        }
    }

    @Nested
    class NoAnswer {

        @ParameterizedTest
        @EnumSource
        void scale_brokenAnswerToTheWrite_saysThatNobodyKnows(Fault fault) {
            hasOneReplica();
            server.stubFor(patch(urlEqualTo(WRITE)).willReturn(aResponse().withFault(fault)));

            KubernetesScaleException failure = scaleFails();

            assertThat(failure.reason()).isEqualTo(Reason.UNAVAILABLE);
            assertThat(failure.httpStatus()).isZero();
            assertThat(failure)
                    .hasMessageStartingWith(
                            "could not patch deployments/scale of Deployment ml/vllm: no usable answer from the"
                                    + " API server, and whether it was carried out is not known until the next status: ");
            server.verify(1, patchRequestedFor(urlEqualTo(WRITE)));
        }

        @Test
        void status_notJson_isNoStatus() {
            server.stubFor(any(anyUrl()).willReturn(aResponse().withStatus(200).withBody("<html>sign in</html>")));

            assertThat(statusFails().reason()).isEqualTo(Reason.UNAVAILABLE);
        }

        @Test
        void status_nobodyListens_isUnavailable() {
            server.stop();

            assertThat(statusFails().reason()).isEqualTo(Reason.UNAVAILABLE);
        }

        @Test
        void scale_serverHangs_endsAfterTheTimeOut() throws IOException {
            // The kernel accepts the connection, and nobody ever reads from it.
            try (ServerSocket hanging = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    KubernetesScaleBackend impatient =
                            backend("http://localhost:" + hanging.getLocalPort(), Duration.ofMillis(100))) {
                long start = System.nanoTime();

                KubernetesScaleException failure = failure(() -> impatient.scale(ONE_TO_THREE));

                assertThat(failure.reason()).isEqualTo(Reason.UNAVAILABLE);
                assertThat(failure)
                        .hasMessageContaining("no usable answer from the API server")
                        .hasMessageContaining("timed out");
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
            }
        }

        @Test
        void scale_serverHangsOnWriting_saysThatNobodyKnows() {
            hasOneReplica();
            server.stubFor(patch(urlEqualTo(WRITE)).willReturn(okJson("{}").withFixedDelay(60_000)));
            server.stubFor(get(urlEqualTo(DEPLOYMENT)).willReturn(status(404, "not yet")));
            // The first request of a connection may take longer than what is tested here.
            assertThat(statusFails().reason()).isEqualTo(Reason.NOT_FOUND);
            saysNothingOfOwners();
            try (KubernetesScaleBackend impatient = backend(server.baseUrl(), Duration.ofSeconds(2))) {
                long start = System.nanoTime();

                KubernetesScaleException failure = failure(() -> impatient.scale(ONE_TO_THREE));

                assertThat(failure)
                        .hasMessageStartingWith(
                                "could not patch deployments/scale of Deployment ml/vllm: no usable answer from the API"
                                        + " server, and whether it was carried out is not known until the next status: ")
                        .hasMessageContaining("timed out");
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
            }
        }

        @Test
        void scale_readingTakesAllTheTime_writesNothing() {
            // The answer begins at once and ends too late; on a slow machine even the client gives up on it.
            server.stubFor(get(urlEqualTo(SCALE))
                    .willReturn(okJson(scale("{\"replicas\":1}")).withChunkedDribbleDelay(4, 750)));
            try (KubernetesScaleBackend impatient = backend(server.baseUrl(), Duration.ofMillis(500))) {
                KubernetesScaleException failure = failure(() -> impatient.scale(ONE_TO_THREE));

                assertThat(failure.reason()).isEqualTo(Reason.UNAVAILABLE);
                server.verify(0, patchRequestedFor(anyUrl()));
            }
        }

        @Test
        void status_bodyStalls_endsAfterTheTimeOut() {
            server.stubFor(get(urlEqualTo(DEPLOYMENT))
                    .willReturn(okJson(scale("{\"replicas\":1}")).withChunkedDribbleDelay(10, 60_000)));
            try (KubernetesScaleBackend impatient = backend(server.baseUrl(), Duration.ofMillis(500))) {
                long start = System.nanoTime();

                KubernetesScaleException failure = failure(() -> impatient.status("chat"));

                assertThat(failure.reason()).isEqualTo(Reason.UNAVAILABLE);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
            }
        }

        @Test
        void status_interrupted_endsAtOnceAndStaysInterrupted() throws Exception {
            try (ServerSocket hanging = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    KubernetesScaleBackend patient =
                            backend("http://localhost:" + hanging.getLocalPort(), Duration.ofMinutes(1))) {
                AtomicReference<Throwable> thrown = new AtomicReference<>();
                AtomicBoolean stillInterrupted = new AtomicBoolean();
                Thread caller = new Thread(() -> {
                    thrown.set(failure(() -> patient.status("chat")));
                    stillInterrupted.set(Thread.currentThread().isInterrupted());
                });
                caller.start();
                await().atMost(PATIENCE).until(() -> caller.getState() == Thread.State.WAITING);

                caller.interrupt();
                caller.join(PATIENCE.toMillis());

                assertThat(caller.isAlive()).isFalse();
                assertThat(thrown.get()).isInstanceOf(KubernetesScaleException.class);
                assertThat(stillInterrupted).isTrue();
            }
        }
    }
}
