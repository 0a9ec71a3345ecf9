/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidegate.examples.RequiredTool;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The gateway in this process, its replicas as real processes, at twenty times real time. */
class DemoGatewayTest {

    private static final double TIME_SCALE = 20;
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    static Path folder;

    private static DemoGateway gateway;
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @BeforeAll
    static void start() throws IOException {
        gateway = DemoGateway.start(options(0));
        await().atMost(60, SECONDS).until(() -> state().path("elapsedSeconds").asDouble() > 0);
    }

    @AfterAll
    static void stop() {
        gateway.close();
        assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
                .as("processes left behind")
                .isEmpty();
    }

    private static GatewayOptions options(int port) {
        return new GatewayOptions(port, TIME_SCALE, Optional.empty(), folder, 5, "a test", 0);
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + gateway.port() + path);
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return CLIENT.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private static JsonNode state() throws IOException, InterruptedException {
        return JSON.readTree(get("/tidegate/state").body());
    }

    private static HttpRequest.Builder chat(String body) {
        return HttpRequest.newBuilder(uri("/v1/chat/completions")).POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private static String body(boolean stream, int tokens) {
        return """
                {"model":"llama-3.1-70b-instruct","messages":[{"role":"user","content":"tide"}],
                 "max_tokens":%d,"ignore_eos":true,"stream":%s,"stream_options":%s}""".formatted(tokens, stream, stream ? "{\"include_usage\":true}" : "null");
    }

    private static double inFlight() throws IOException, InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("tidegate_requests_in_flight{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    @Test
    void chat_notStreamed_answersWholeAndCountsTokens() throws Exception {
        double before = outputTokens("premium");

        HttpResponse<String> response = CLIENT.send(
                chat(body(false, 40)).header("X-Tidegate-Tier", "premium").build(), BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(200);
        JsonNode answer = JSON.readTree(response.body());
        assertThat(answer.path("usage").path("completion_tokens").asInt()).isEqualTo(40);
        assertThat(answer.path("choices")
                        .path(0)
                        .path("message")
                        .path("content")
                        .asString(""))
                .isNotBlank();
        await().atMost(5, SECONDS).until(() -> outputTokens("premium") == before + 40);
    }

    private static double outputTokens(String tier) throws IOException, InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("tidegate_tokens_total{direction=\"output\"") && line.contains(tier))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    @Test
    void chat_streamed_passesEventsUntilDoneAndGivesThePermitBack() throws Exception {
        HttpResponse<String> response = CLIENT.send(chat(body(true, 100)).build(), BodyHandlers.ofString());

        assertThat(response.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        List<String> events = response.body()
                .lines()
                .filter(line -> line.startsWith("data: "))
                .toList();
        assertThat(events.get(events.size() - 1)).isEqualTo("data: [DONE]");
        assertThat(events).anyMatch(event -> event.contains("\"completion_tokens\":100"));
        await().atMost(5, SECONDS).until(() -> inFlight() == 0);
    }

    @Test
    void chat_clientGoesAwayMidStream_givesThePermitBackAndCountsItCancelled() throws Exception {
        HttpResponse<InputStream> response =
                CLIENT.send(chat(body(true, 20_000)).build(), BodyHandlers.ofInputStream());
        try (InputStream stream = response.body()) {
            assertThat(stream.read()).isGreaterThanOrEqualTo(0);
            assertThat(inFlight()).isEqualTo(1);
        }

        await().atMost(20, SECONDS).until(() -> inFlight() == 0);
        assertThat(get("/metrics").body())
                .containsPattern("tidegate_request_duration_seconds_count\\{outcome=\"cancelled\",pool=\"chat\","
                        + "tier=\"standard\"} [1-9]");
    }

    @Test
    void chat_badRequests_areRefusedInOpenAisFormAndTakeNoPermit() throws Exception {
        assertThat(error(chat("{"))).isEqualTo("400 invalid_request_error");
        assertThat(error(chat("{\"model\":\"m\"}"))).isEqualTo("400 invalid_request_error");
        assertThat(error(chat(body(false, 5)).header("X-Tidegate-Tier", "gold")))
                .isEqualTo("400 invalid_request_error");
        assertThat(error(HttpRequest.newBuilder(uri("/v1/chat/completions")))).isEqualTo("405 invalid_request_error");
        assertThat(error(HttpRequest.newBuilder(uri("/v1/nothing")))).isEqualTo("404 invalid_request_error");
        assertThat(inFlight()).isZero();
    }

    private static String error(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response = CLIENT.send(request.build(), BodyHandlers.ofString());
        return response.statusCode() + " "
                + JSON.readTree(response.body()).path("error").path("type").asString("");
    }

    @Test
    void otherPages_answer() throws Exception {
        assertThat(JSON.readTree(get("/v1/models").body())
                        .path("data")
                        .path(0)
                        .path("id")
                        .asString(""))
                .isEqualTo("llama-3.1-70b-instruct");
        assertThat(get("/healthz").body()).isEqualTo("ok\n");
        assertThat(get("/tidegate").body()).startsWith("<!DOCTYPE html>");
        assertThat(get("/metrics").body())
                .containsPattern("tidegate_replicas\\{pool=\"chat\",state=\"ready\"} [12]\\.0")
                .contains("# TYPE tidegate_queue_time_seconds histogram");
        JsonNode state = state();
        assertThat(state.path("schema").asString("")).isEqualTo("tidegate.demo.state/1");
        assertThat(state.path("tiers").size()).isEqualTo(3);
        await().atMost(10, SECONDS).until(() -> state().path("samples").size() >= 2);
        long newest = state().path("samples").path(0).path("seq").asLong();
        assertThat(JSON.readTree(get("/tidegate/state?since=" + newest).body()).path("samples"))
                .isNotEmpty()
                .allSatisfy(sample -> assertThat(sample.path("seq").asLong()).isGreaterThan(newest));
    }

    @Test
    void start_portTaken_saysSo() {
        assertThatThrownBy(() -> DemoGateway.start(options(gateway.port()))).isInstanceOf(BindException.class);
    }

    @Test
    void officialNodeClient_listsCompletesStreamsAndIsRefused() throws Exception {
        Path node = RequiredTool.onPath("runs the official OpenAI client", "node");
        Path client = Path.of("src/test/openai-node").toAbsolutePath();
        RequiredTool.file(client.resolve("node_modules/openai"), "run npm ci in sdk-examples/src/test/openai-node");

        Path output = folder.resolve("node.json");
        Path errors = folder.resolve("node.err");
        Process process = new ProcessBuilder(
                        node.toString(), "client.mjs", uri("/v1").toString())
                .directory(client.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        assertThat(process.waitFor(60, SECONDS)).as("the client ended").isTrue();

        assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
        JsonNode seen = JSON.readTree(Files.readString(output, StandardCharsets.UTF_8));
        assertThat(seen.path("models").path(0).asString("")).isEqualTo("llama-3.1-70b-instruct");
        assertThat(seen.path("completion").path("text").asString("")).isNotBlank();
        assertThat(seen.path("completion")
                        .path("usage")
                        .path("completion_tokens")
                        .asInt())
                .isPositive();
        assertThat(seen.path("stream").path("chunks").asInt()).isGreaterThan(2);
        assertThat(seen.path("stream").path("text").asString("")).isNotBlank();
        assertThat(seen.path("stream").path("finish").asString("")).isIn("length", "stop");
        assertThat(seen.path("stream").path("usage").path("completion_tokens").asInt())
                .isPositive();
        assertThat(seen.path("refusal").path("status").asInt()).isEqualTo(400);
        await().atMost(20, SECONDS).until(() -> inFlight() == 0);
    }

    @Test
    void slowRequestHead_doesNotHoldUpOthers() throws Exception {
        try (Socket half = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            half.getOutputStream().write("POST /v1/chat/completions HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(get("/healthz").statusCode()).isEqualTo(200);
        }
    }
}
