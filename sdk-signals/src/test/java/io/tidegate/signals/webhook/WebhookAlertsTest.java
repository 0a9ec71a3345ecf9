/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import io.tidegate.alert.Alert;
import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.AlertListeners;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.contracts.AlertListenerContract;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookAlertsTest {

    private static final String CANARY = "canary-7f3a";
    private static final Instant NOW = Instant.parse("2026-11-24T02:00:00Z");

    /** Far more than any answer here takes. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private WebhookAlerts listener;

    @BeforeEach
    void start() {
        server.start();
        listener = builder().build();
    }

    @AfterEach
    void stop() {
        listener.close();
        server.stop();
    }

    private WebhookAlerts.Builder builder() {
        return builder(server.port());
    }

    private static WebhookAlerts.Builder builder(int port) {
        return WebhookAlerts.builder("http://user:" + CANARY + "@127.0.0.1:" + port + "/hook?token=" + CANARY)
                .time(new ManualTime(0, NOW))
                .secret(CANARY)
                .deadline(PATIENCE);
    }

    private static Alert alert(boolean firing, Severity severity, Instant at) {
        return new Alert(
                AlertKind.SCALING_FAILING,
                "chat",
                firing,
                severity,
                NOW.minusSeconds(90),
                at,
                "it said \"no\"",
                "look");
    }

    private static Alert alert() {
        return alert(true, Severity.CRITICAL, NOW);
    }

    private void answers(ResponseDefinitionBuilder... answers) {
        for (int i = 0; i < answers.length; i++) {
            server.stubFor(post(urlPathEqualTo("/hook"))
                    .inScenario("answers")
                    .whenScenarioStateIs(i == 0 ? STARTED : "after " + i)
                    .willSetStateTo("after " + (i + 1))
                    .willReturn(answers[i]));
        }
    }

    private List<LoggedRequest> sent() {
        return server.findAll(postRequestedFor(anyUrl()));
    }

    private IOException failed() {
        IOException failed = catchThrowableOfType(IOException.class, () -> listener.changed(alert()));
        assertThat(failed).isNotNull();
        hides(failed);
        return failed;
    }

    private static void hides(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            assertThat(each.toString()).doesNotContain(CANARY);
        }
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
    void changed_sendsTheAlertSigned() throws Exception {
        answers(ok());

        listener.changed(alert());

        assertThat(sent()).singleElement().satisfies(request -> {
            assertThat(request.getBodyAsString())
                    .isEqualTo("{\"alert\":\"scaling-failing\",\"pool\":\"chat\",\"firing\":true,"
                            + "\"severity\":\"critical\",\"since\":\"2026-11-24T01:58:30Z\","
                            + "\"at\":\"2026-11-24T02:00:00Z\",\"what\":\"it said \\\"no\\\"\",\"todo\":\"look\"}");
            assertThat(request.getHeader("Content-Type")).startsWith("application/json");
            assertThat(request.getHeader("Idempotency-Key"))
                    .isEqualTo("chat-scaling-failing-2026-11-24T01:58:30Z-critical-2026-11-24T02:00:00Z");
            assertThat(signed(request, CANARY)).isTrue();
            assertThat(signed(request, "other")).isFalse();
        });
    }

    @Test
    void changed_answerLost_isSentAgainWithTheSameKey() throws Exception {
        answers(
                aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER),
                aResponse().withStatus(503),
                ok());

        listener.changed(alert());

        assertThat(sent())
                .hasSize(3)
                .allSatisfy(request -> assertThat(signed(request, CANARY)).isTrue());
        assertThat(sent())
                .extracting(each -> each.getHeader("Idempotency-Key"))
                .containsOnly("chat-scaling-failing-2026-11-24T01:58:30Z-critical-2026-11-24T02:00:00Z");
    }

    @Test
    void changed_eachWordOnAnAlert_hasItsOwnKey() throws Exception {
        server.stubFor(post(urlPathEqualTo("/hook")).willReturn(ok()));

        listener.changed(alert(true, Severity.WARNING, NOW));
        listener.changed(alert(true, Severity.CRITICAL, NOW.plusSeconds(60)));
        listener.changed(alert(true, Severity.WARNING, NOW.plusSeconds(120)));
        listener.changed(alert(false, Severity.WARNING, NOW.plusSeconds(180)));

        assertThat(sent())
                .extracting(each -> each.getHeader("Idempotency-Key"))
                .doesNotHaveDuplicates()
                .hasSize(4);
        assertThat(sent())
                .filteredOn(each -> each.getBodyAsString().contains("\"firing\":false"))
                .singleElement()
                .satisfies(each -> assertThat(each.getHeader("Idempotency-Key")).contains("-resolved-"));
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 400, 401, 404, 500})
    void changed_notTaken_fails(int code) {
        answers(aResponse().withStatus(code).withHeader("Location", "/elsewhere"), ok());
        assertThat(failed()).hasMessageContaining("HTTP " + code).hasMessageContaining("/hook");
        assertThat(sent()).as("no retry, and no redirect followed").hasSize(1);
    }

    @Test
    void changed_noAnswerBeforeTheDeadline_fails() {
        answers(ok().withFixedDelay(60_000));
        listener.close();
        listener = builder().deadline(Duration.ofMillis(300)).build();
        assertThat(failed()).hasMessageContaining("no answer from");
    }

    @Test
    void changed_nobodyListens_fails() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        listener.close();
        listener = builder(port).build();
        assertThat(failed()).hasMessageContaining("no answer from");
    }

    @Test
    void words_hideTheSecretAndTheAddress() {
        assertThat(listener.toString()).contains("/hook").doesNotContain(CANARY);
    }

    @Test
    void factory_readsSettings_andShowsNoSecretInWhatIsWrong() throws IOException {
        Path file = folder.resolve("secret");
        Files.writeString(file, CANARY);
        AlertListeners.create("webhook", Map.of("url", "https://x.example/", "secretFile", file.toString()))
                .close();
        new WebhookAlertsFactory(name -> name.equals("SECRET") ? CANARY : null)
                .create(Map.of("url", "https://x.example/", "secretEnv", "SECRET", "deadline", "500ms"))
                .close();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertListeners.create(
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
                .satisfies(WebhookAlertsTest::hides)
                .withMessageContaining("url must be an http or https address but is none")
                .withMessageContaining("secretFile, secretEnv or secret is required, and only one of them")
                .withMessageContaining("deadline must be a duration from 0.01s to 1m but is \"2h\"")
                .withMessageContaining("sekret is not a setting of this alert listener");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> AlertListeners.create("webhook", Map.of("url", "https://x/", "secretEnv", "NO_SUCH_1")))
                .withMessageContaining("secretEnv must name a variable that is set but was \"NO_SUCH_1\"");
    }

    @Nested
    class Contract extends AlertListenerContract {

        @Override
        protected AlertListener listener() {
            server.stubFor(post(urlPathEqualTo("/hook")).willReturn(ok()));
            return builder().build();
        }
    }
}
