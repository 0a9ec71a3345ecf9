/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.Refusal;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookBackendTest {

    private static final String CANARY = "canary-7f3a";
    private static final Instant NOW = Instant.parse("2026-11-24T02:00:00Z");
    private static final ScaleRequest REQUEST = new ScaleRequest("chat", 1, 3, 17, "because \"so\"", "run-1-chat-17");

    /** Far more than any answer here takes. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private WebhookBackend backend;

    @BeforeEach
    void start() {
        server.start();
        backend = builder().build();
    }

    @AfterEach
    void stop() {
        backend.close();
        server.stop();
    }

    private WebhookBackend.Builder builder() {
        return WebhookBackend.builder(address("/scale?token=" + CANARY))
                .statusUrl(address("/status?token=" + CANARY))
                .time(new ManualTime(0, NOW))
                .secret(CANARY)
                .deadline(PATIENCE);
    }

    private String address(String path) {
        return "http://user:" + CANARY + "@127.0.0.1:" + server.port() + path;
    }

    private void answers(ResponseDefinitionBuilder... answers) {
        for (int i = 0; i < answers.length; i++) {
            server.stubFor(post(urlPathEqualTo("/scale"))
                    .inScenario("answers")
                    .whenScenarioStateIs(i == 0 ? STARTED : "after " + i)
                    .willSetStateTo("after " + (i + 1))
                    .willReturn(answers[i]));
        }
    }

    private List<LoggedRequest> sent() {
        return server.findAll(postRequestedFor(anyUrl()));
    }

    private BackendException refused() {
        BackendException refused = catchThrowableOfType(BackendException.class, () -> backend.scale(REQUEST));
        assertThat(refused).isNotNull();
        hides(refused);
        return refused;
    }

    private static void hides(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            assertThat(each.toString()).doesNotContain(CANARY);
        }
    }

    private static ResponseDefinitionBuilder code(int code) {
        return aResponse().withStatus(code);
    }

    private static boolean signed(LoggedRequest request, String secret) {
        return WebhookSignature.verify(
                secret.getBytes(StandardCharsets.UTF_8),
                request.getHeader("X-Tidegate-Timestamp"),
                request.getBody(),
                request.getHeader("X-Tidegate-Signature"),
                Duration.ofMinutes(5),
                NOW);
    }

    @Test
    void scale_sendsTheRequestSigned() throws Exception {
        answers(ok());

        backend.scale(REQUEST);

        assertThat(sent()).singleElement().satisfies(request -> {
            assertThat(request.getBodyAsString())
                    .isEqualTo(
                            "{\"pool\":\"chat\",\"from\":1,\"to\":3,\"decision\":17,\"reason\":\"because \\\"so\\\"\","
                                    + "\"key\":\"run-1-chat-17\"}");
            assertThat(request.getHeader("Content-Type")).startsWith("application/json");
            assertThat(request.getHeader("Idempotency-Key")).isEqualTo("run-1-chat-17");
            assertThat(request.getHeader("X-Tidegate-Timestamp")).isEqualTo("1795485600");
            assertThat(signed(request, CANARY)).isTrue();
            assertThat(signed(request, "other")).isFalse();
        });
    }

    @Test
    void scale_answerLost_isSentAgainWithTheSameKey() throws Exception {
        answers(
                aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER),
                aResponse().withFault(Fault.EMPTY_RESPONSE),
                ok());

        backend.scale(REQUEST);

        assertThat(sent()).hasSize(3).allSatisfy(request -> {
            assertThat(request.getHeader("Idempotency-Key")).isEqualTo("run-1-chat-17");
            assertThat(signed(request, CANARY)).isTrue();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 502, 503, 504})
    void scale_transientCode_isSentAgain(int transientCode) throws Exception {
        answers(code(transientCode), ok());
        backend.scale(REQUEST);
        assertThat(sent()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "400, INVALID",
        "401, DENIED",
        "403, DENIED",
        "404, INVALID",
        "409, CONFLICT",
        "412, CONFLICT",
        "422, INVALID",
        "500, UNANSWERED",
        "501, UNANSWERED",
        "507, CAPACITY",
        "302, INVALID"
    })
    void scale_otherCode_isRefusedAtOnce(int code, Refusal why) {
        answers(code(code).withHeader("Location", "/elsewhere"), ok());
        assertThat(refused().refusal()).isEqualTo(why);
        assertThat(sent()).as("no retry, and no redirect followed").hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "200, capacity, CAPACITY",
        "403, quota, QUOTA",
        "500, CAPACITY, CAPACITY",
        "409, nonsense, CONFLICT",
        "503, denied, DENIED"
    })
    void scale_bodyNamesTheRefusal_goesBeforeTheCode(int code, String said, Refusal why) {
        answers(code(code)
                .withBody("{\"more\":[{}],\"refusal\":\"" + said
                        + "\",\"message\":\"no\\nGPU\",\"retryAfterSeconds\":40}"));
        backend.close();
        backend = builder().attempts(1).build();

        BackendException refused = refused();

        assertThat(refused.refusal()).isEqualTo(why);
        assertThat(refused).hasMessageEndingWith(": no?GPU");
        assertThat(refused.retryAfter()).hasValue(Duration.ofSeconds(40));
    }

    @Test
    void scale_retryAfterBeyondTheDeadline_isNotWaitedFor() {
        answers(code(429).withHeader("Retry-After", "120"), ok());
        BackendException refused = refused();
        assertThat(refused.refusal()).isEqualTo(Refusal.THROTTLED);
        assertThat(refused.retryAfter()).hasValue(Duration.ofMinutes(2));
        assertThat(sent()).hasSize(1);
    }

    @Test
    void scale_retryAfterWithinTheDeadline_isNotComeBeforeItsTime() throws Exception {
        answers(code(503).withHeader("Retry-After", "1"), ok());
        backend.scale(REQUEST);
        List<LoggedRequest> both = sent();
        assertThat(both).hasSize(2);
        assertThat(Duration.between(
                        both.get(0).getLoggedDate().toInstant(),
                        both.get(1).getLoggedDate().toInstant()))
                .isGreaterThanOrEqualTo(Duration.ofMillis(950));
    }

    @Test
    void scale_noAnswerBeforeTheDeadline_nobodyKnows() {
        answers(ok().withFixedDelay(60_000));
        backend.close();
        backend = builder().deadline(Duration.ofMillis(300)).build();
        assertThat(refused().refusal()).isEqualTo(Refusal.UNANSWERED);
    }

    @Test
    void scale_unavailableAfterALostAnswer_isStillUnanswered() {
        answers(aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER), code(503), code(503), code(503));
        assertThat(refused().refusal()).isEqualTo(Refusal.UNANSWERED);
        server.resetAll();
        answers(code(503), code(503), code(503), code(503));
        assertThat(refused().refusal()).isEqualTo(Refusal.UNAVAILABLE);
        assertThat(sent()).hasSize(4);
    }

    @Test
    void scale_nobodyListens_didNothing() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        backend.close();
        backend = WebhookBackend.builder("http://127.0.0.1:" + port + "/?" + CANARY)
                .secret(CANARY)
                .deadline(PATIENCE)
                .build();
        assertThat(refused().refusal()).isEqualTo(Refusal.UNAVAILABLE);
    }

    @Test
    void scale_garbageOrEndlessBody_harmsNothing() throws Exception {
        answers(ok("{\"refusal\":\"capacity\""), ok("x".repeat(1_000_000)), ok("[".repeat(10_000)));
        backend.scale(REQUEST);
        backend.scale(REQUEST);
        backend.scale(REQUEST);
        server.resetAll();
        answers(aResponse().withFault(Fault.MALFORMED_RESPONSE_CHUNK), ok());
        backend.scale(REQUEST);
        assertThat(sent()).hasSize(2);
    }

    @Test
    void scale_threadInterrupted_endsAtOnce() throws Exception {
        answers(code(503).withHeader("Retry-After", "10"), ok());
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                backend.scale(REQUEST);
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        thread.start();
        await().until(() -> sent().size() == 1);
        thread.interrupt();
        thread.join(20_000);
        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertThat(sent()).hasSize(1);
    }

    @Test
    void secret_inAFile_isReadAnewEachTime_andTheLastStandsIfItCannotBe() throws Exception {
        Path file = folder.resolve("secret");
        Files.writeString(file, "first\n");
        WebhookBackend.Builder builder = builder();
        backend.close();
        backend = builder.secretFile(file).build();
        answers(ok(), ok(), ok());

        backend.scale(REQUEST);
        Files.writeString(file, "second\n");
        backend.scale(REQUEST);
        Files.delete(file);
        backend.scale(REQUEST);

        assertThat(sent().stream().filter(each -> signed(each, "first"))).hasSize(1);
        assertThat(sent().stream().filter(each -> signed(each, "second"))).hasSize(2);
    }

    @Test
    void status_isReadAndSigned() throws Exception {
        server.stubFor(get(urlPathEqualTo("/status")).willReturn(okJson("""
                {"desired":4,"running":3,"ready":2,"more":{"a":[1]},"births":[
                 {"replica":"a","created":"2026-11-24T01:59:00Z","scheduled":null,"started":"2026-11-24T01:59:30Z",
                  "ready":"soon"},
                 {"replica":"b"}]}""")));

        assertThat(backend.status("chat"))
                .isEqualTo(new ReplicaStatus(
                        4, 3, 2, List.of(new Birth("a", NOW.minusSeconds(60), null, NOW.minusSeconds(30), null))));
        LoggedRequest request = server.getAllServeEvents().get(0).getRequest();
        assertThat(request.getUrl()).isEqualTo("/status?token=" + CANARY + "&pool=chat");
        assertThat(signed(request, CANARY)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"desired\":1,\"running\":1}",
                "{\"desired\":-1,\"running\":1,\"ready\":1}",
                "{\"desired\":1.5,\"running\":1,\"ready\":1}",
                "{\"desired\":1e9,\"running\":1,\"ready\":1}",
                "{\"desired\":99999999999999999999,\"running\":1,\"ready\":1}",
                "{\"desired\":\"1\",\"running\":1,\"ready\":1}",
                "{\"desired\":1,\"desired\":1,\"running\":1,\"ready\":1}",
                "{\"desired\":1,\"running\":1,\"ready\":1,\"births\":{}}",
                "{\"desired\":1,\"running\":1,\"ready\":1,\"births\":[1]}",
                "{\"desired\":1,\"running\":1,\"ready\":1",
                "{\"desired\":1,\"running\":1,\"ready\":1}{}",
                "<html>"
            })
    void status_thatIsNone_isNeverANumber(String body) {
        server.stubFor(get(urlPathEqualTo("/status")).willReturn(okJson(body)));
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> backend.status("chat"))
                .satisfies(WebhookBackendTest::hides)
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.INVALID));
    }

    @Test
    void status_tooLongOrFailing_saysWhy() {
        server.stubFor(get(urlPathEqualTo("/status")).willReturn(okJson("x".repeat(300_000))));
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> backend.status("chat"))
                .withMessageContaining("longer than 262144 bytes");
        for (int code : new int[] {302, 401, 500}) {
            server.resetAll();
            server.stubFor(get(urlPathEqualTo("/status")).willReturn(code(code).withHeader("Location", "/x")));
            assertThatExceptionOfType(BackendException.class)
                    .isThrownBy(() -> backend.status("chat"))
                    .satisfies(WebhookBackendTest::hides)
                    .withMessageContaining("HTTP " + code);
            assertThat(server.getAllServeEvents()).hasSize(1);
        }
    }

    @Test
    void words_hideTheSecretAndTheAddress() {
        assertThat(backend.toString()).contains("/scale").contains("/status").doesNotContain(CANARY);
        assertThat(Secret.of(CANARY).toString()).doesNotContain(CANARY);
    }

    @Test
    void factory_readsSettings_andShowsNoSecretInWhatIsWrong() throws IOException {
        Path file = folder.resolve("secret");
        Files.writeString(file, CANARY);
        ScalerBackends.create("webhook", Map.of("url", "https://x.example/", "secretFile", file.toString()))
                .close();
        new WebhookBackendFactory(name -> name.equals("SECRET") ? CANARY : null)
                .create(Map.of("url", "https://x.example/", "secretEnv", "SECRET", "deadline", "500ms"))
                .close();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create(
                        "webhook",
                        Map.of(
                                "url",
                                "ftp://" + CANARY,
                                "secret",
                                CANARY,
                                "secretFile",
                                "x",
                                "deadline",
                                "2h",
                                "sekret",
                                "x")))
                .satisfies(WebhookBackendTest::hides)
                .withMessageContaining("url must be an http or https address but is none")
                .withMessageContaining("secretFile, secretEnv or secret is required, and only one of them")
                .withMessageContaining("deadline must be a duration from 0.01s to 1m but is \"2h\"")
                .withMessageContaining("sekret is not a setting of this backend");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> ScalerBackends.create("webhook", Map.of("url", "https://x/", "secretEnv", "NO_SUCH_1")))
                .withMessageContaining("secretEnv must name a variable that is set but was \"NO_SUCH_1\"");
    }

    @Test
    void signature_isCheckedInEveryPart() {
        byte[] secret = "key".getBytes(StandardCharsets.UTF_8);
        byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
        String signature = WebhookSignature.sign(secret, "1795485600", body);
        // By: printf '1795485600.{}' | openssl dgst -sha256 -hmac key
        assertThat(signature).isEqualTo("v1=438be9481a0f979da52cee401740ea236cbf063da8c90f73e9b1a17020e1ebb0");
        Duration tolerance = Duration.ofMinutes(5);

        assertThat(WebhookSignature.verify(secret, "1795485600", body, signature, tolerance, NOW))
                .isTrue();
        assertThat(WebhookSignature.verify(secret, "1795485600", body, "v1=0, " + signature, tolerance, NOW))
                .isTrue();
        assertThat(WebhookSignature.verify(secret, "1795485600", body, signature, tolerance, NOW.plus(tolerance)))
                .isTrue();
        for (int off : new int[] {301, -301}) {
            assertThat(WebhookSignature.verify(secret, "1795485600", body, signature, tolerance, NOW.plusSeconds(off)))
                    .isFalse();
        }
        assertThat(WebhookSignature.verify(secret, "1795485601", body, signature, tolerance, NOW))
                .isFalse();
        assertThat(WebhookSignature.verify(secret, "1795485600", new byte[0], signature, tolerance, NOW))
                .isFalse();
        assertThat(WebhookSignature.verify(new byte[] {1}, "1795485600", body, signature, tolerance, NOW))
                .isFalse();
        assertThat(WebhookSignature.verify(secret, null, body, signature, tolerance, NOW))
                .isFalse();
        assertThat(WebhookSignature.verify(secret, "-1", body, signature, tolerance, NOW))
                .isFalse();
        assertThat(WebhookSignature.verify(secret, "1795485600", body, null, tolerance, NOW))
                .isFalse();
        assertThat(WebhookSignature.verify(secret, "1795485600", body, "v1=é".repeat(400), tolerance, NOW))
                .isFalse();
    }
}
