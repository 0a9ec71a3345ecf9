/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SimulatedVllmServerTest {
    private static final String MODEL = "llama-3.1-70b-instruct";
    private static final String CHAT = "/v1/chat/completions";
    private static final Duration BOUND = Duration.ofSeconds(20);

    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static SimulatedVllmServer server;

    @BeforeAll
    static void start() throws IOException {
        server = SimulatedVllmServer.start(SimulatedVllmConfig.builder()
                .timeScale(200)
                .streamInterval(4)
                .maxModelLength(4096)
                .build());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static HttpRequest.Builder to(SimulatedVllmServer server, String path) {
        return HttpRequest.newBuilder(server.uri().resolve(path)).timeout(BOUND);
    }

    private static HttpResponse<String> get(SimulatedVllmServer server, String path)
            throws IOException, InterruptedException {
        return CLIENT.send(to(server, path).build(), BodyHandlers.ofString());
    }

    private static HttpRequest chat(SimulatedVllmServer server, String body) {
        return to(server, CHAT).POST(HttpRequest.BodyPublishers.ofString(body)).build();
    }

    private static HttpResponse<String> post(String body) throws IOException, InterruptedException {
        return CLIENT.send(chat(server, body), BodyHandlers.ofString());
    }

    /** A body with a prompt of one token and the given further fields. */
    private static String hi(String fields) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]" + fields + "}";
    }

    private static double metric(SimulatedVllmServer server, String start) throws IOException, InterruptedException {
        return get(server, "/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("vllm:" + start))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    @Test
    void chat_notStreaming_answersWhole() throws Exception {
        HttpResponse<String> response =
                post(hi(",\"model\":\"%s\",\"max_tokens\":10,\"ignore_eos\":true".formatted(MODEL)));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        JsonNode answer = JSON.readTree(response.body());
        assertThat(answer.at("/object").asString()).isEqualTo("chat.completion");
        assertThat(answer.at("/id").asString()).startsWith("chatcmpl-");
        assertThat(answer.at("/model").asString()).isEqualTo(MODEL);
        assertThat(answer.at("/created").asLong()).isPositive();
        assertThat(answer.at("/choices")).hasSize(1);
        assertThat(answer.at("/choices/0/index").asInt()).isZero();
        assertThat(answer.at("/choices/0/message/role").asString()).isEqualTo("assistant");
        assertThat(answer.at("/choices/0/message/content").asString()).hasSize(40);
        assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("length");
        assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(1);
        assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(10);
        assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(11);
    }

    @Test
    void chat_streaming_sendsRoleTextByIntervalUsageAndDone() throws Exception {
        HttpResponse<String> response = post(hi(
                ",\"max_tokens\":10,\"ignore_eos\":true,\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream; charset=utf-8");
        assertThat(response.body()).endsWith("\n\ndata: [DONE]\n\n");
        List<JsonNode> chunks = chunks(response.body());
        assertThat(chunks).extracting(chunk -> chunk.at("/object").asString()).containsOnly("chat.completion.chunk");
        assertThat(chunks)
                .extracting(chunk -> chunk.at("/id").asString())
                .containsOnly(chunks.get(0).at("/id").asString());
        assertThat(chunks.get(0).at("/choices/0/delta/role").asString()).isEqualTo("assistant");
        assertThat(chunks.get(0).at("/choices/0/delta/content").asString()).isEmpty();
        // After the first token, every fourth, and the last; what comes while a write is under way goes with the next.
        assertThat(texts(chunks).get(0)).isEmpty();
        assertThat(tokensAfterEach(chunks))
                .isSubsetOf(0, 1, 5, 9, 10)
                .endsWith(10)
                .isSorted();
        assertThat(String.join("", texts(chunks))).isEqualTo(OutputText.ofTokens(0, 10));
        assertThat(finishReasons(chunks)).containsExactly("length");
        JsonNode last = chunks.get(chunks.size() - 1);
        assertThat(last.at("/choices").isArray()).isTrue();
        assertThat(last.at("/choices")).isEmpty();
        assertThat(last.at("/usage/completion_tokens").asInt()).isEqualTo(10);
        assertThat(last.at("/usage/prompt_tokens").asInt()).isEqualTo(1);
        assertThat(last.at("/usage/total_tokens").asInt()).isEqualTo(11);
    }

    @Test
    void chat_streamingWithoutUsage_endsWithTheFinishReason() throws Exception {
        List<JsonNode> chunks = chunks(post(hi(",\"max_completion_tokens\":1,\"ignore_eos\":true,\"stream\":true"))
                .body());

        assertThat(chunks).hasSize(2);
        assertThat(chunks.get(1).at("/choices/0/finish_reason").asString()).isEqualTo("length");
        assertThat(chunks).noneMatch(chunk -> chunk.has("usage"));
    }

    @Test
    void chat_withoutIgnoreEos_stopsByItselfOrAtTheLimit() throws Exception {
        List<String> reasons = new ArrayList<>();
        try (SimulatedVllmServer seeded = SimulatedVllmServer.start(
                SimulatedVllmConfig.builder().timeScale(1000).seed(5).build())) {
            for (int i = 0; i < 40; i++) {
                HttpRequest request = chat(seeded, hi(",\"max_tokens\":150"));
                JsonNode answer = JSON.readTree(
                        CLIENT.send(request, BodyHandlers.ofString()).body());
                int tokens = answer.at("/usage/completion_tokens").asInt();
                String reason = answer.at("/choices/0/finish_reason").asString();
                assertThat(tokens).isBetween(1, 150);
                assertThat(reason).isEqualTo(tokens < 150 ? "stop" : "length");
                reasons.add(reason);
            }
        }

        assertThat(reasons).contains("stop", "length");
    }

    @Test
    void chat_manyAtOnce_allGetEveryToken() {
        List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 100)
                .mapToObj(i -> CLIENT.sendAsync(
                        chat(server, hi(",\"max_tokens\":50,\"ignore_eos\":true,\"stream\":" + (i % 2 == 0))),
                        BodyHandlers.ofString()))
                .toList();

        for (int i = 0; i < answers.size(); i++) {
            String body = answers.get(i).orTimeout(60, TimeUnit.SECONDS).join().body();
            String text = i % 2 == 0
                    ? String.join("", texts(chunks(body)))
                    : JSON.readTree(body).at("/choices/0/message/content").asString();
            assertThat(text).isEqualTo(OutputText.ofTokens(0, 50));
        }
    }

    @Test
    void chat_keptConnection_answersAgain() throws Exception {
        try (Socket socket = new Socket(server.uri().getHost(), server.port())) {
            socket.setSoTimeout((int) BOUND.toMillis());
            for (int i = 0; i < 3; i++) {
                socket.getOutputStream().write(rawRequest(hi(",\"max_tokens\":5,\"ignore_eos\":true,\"stream\":true")));
                assertThat(readUntil(socket.getInputStream(), "\r\n0\r\n\r\n"))
                        .startsWith("HTTP/1.1 200")
                        .contains("[DONE]");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "null",
            value = {
                "{\"messages\": [                                  | 400 | BadRequestError | null",
                "{}                                                | 400 | BadRequestError | messages",
                "{\"messages\":[{}],\"max_tokens\":0}              | 400 | BadRequestError | max_tokens",
                "{\"messages\":[{}],\"max_tokens\":4096}           | 400 | BadRequestError | max_tokens",
                "{\"messages\":[{}],\"model\":\"gpt-4\"}           | 404 | NotFoundError   | model",
            })
    void chat_badRequest_isRefusedInOpenAisShape(String body, int status, String type, String param) throws Exception {
        HttpResponse<String> response = post(body);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        JsonNode error = JSON.readTree(response.body()).at("/error");
        assertThat(error.at("/type").asString()).isEqualTo(type);
        assertThat(error.at("/code").asInt()).isEqualTo(status);
        assertThat(error.at("/message").asString()).isNotBlank();
        assertThat(error.at("/param").isNull()).isEqualTo(param == null);
        assertThat(param == null || error.at("/param").asString().equals(param)).isTrue();
    }

    @Test
    void chat_promptLongerThanTheModelTakes_isRefused() throws Exception {
        String prompt = "x".repeat(4 * 4096);

        HttpResponse<String> refused = post("{\"messages\":[{\"content\":\"" + prompt + "\"}]}");
        HttpResponse<String> taken =
                post("{\"messages\":[{\"content\":\"" + prompt.substring(4) + "\"}],\"ignore_eos\":true}");

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(refused.body()).at("/error/param").asString()).isEqualTo("messages");
        assertThat(taken.statusCode()).isEqualTo(200);
        assertThat(JSON.readTree(taken.body()).at("/usage/total_tokens").asInt())
                .isEqualTo(4096);
    }

    @Test
    void chat_hugeBody_isRefused() throws Exception {
        HttpResponse<String> response = post("{\"messages\":\"" + "x".repeat(16 << 20) + "\"}");

        assertThat(response.statusCode()).isEqualTo(413);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/v1", "/v1/chat", "/v1/chat/completions/", "/v2/models", "/healthz"})
    void get_unknownPath_isNotFound(String path) throws Exception {
        HttpResponse<String> response = get(server, path);

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(JSON.readTree(response.body()).at("/error/type").asString()).isEqualTo("NotFoundError");
    }

    @Test
    void get_chat_isNotAllowed() throws Exception {
        HttpResponse<String> response = get(server, CHAT);

        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).hasValue("POST");
        assertThat(JSON.readTree(response.body()).at("/error/code").asInt()).isEqualTo(405);
    }

    @Test
    void get_models_namesTheModel() throws Exception {
        JsonNode models = JSON.readTree(get(server, "/v1/models").body());

        assertThat(models.at("/object").asString()).isEqualTo("list");
        assertThat(models.at("/data/0/id").asString()).isEqualTo(MODEL);
        assertThat(models.at("/data/0/object").asString()).isEqualTo("model");
        assertThat(models.at("/data/0/max_model_len").asInt()).isEqualTo(4096);
    }

    @Test
    void get_healthAndVersion_answer() throws Exception {
        assertThat(get(server, "/health").statusCode()).isEqualTo(200);
        assertThat(get(server, "/health").body()).isEmpty();
        assertThat(JSON.readTree(get(server, "/version").body()).at("/version").asString())
                .startsWith("simulated-");
    }

    @Test
    void get_metrics_countsInTraceTime() throws Exception {
        try (SimulatedVllmServer fast = SimulatedVllmServer.start(
                SimulatedVllmConfig.builder().timeScale(1000).build())) {
            HttpRequest request = chat(fast, hi(",\"max_tokens\":100,\"ignore_eos\":true"));
            CLIENT.send(request, BodyHandlers.discarding());

            assertThat(get(fast, "/metrics").headers().firstValue("Content-Type"))
                    .hasValue("text/plain; version=0.0.4; charset=utf-8");
            assertThat(metric(fast, "generation_tokens_total")).isEqualTo(100);
            assertThat(metric(fast, "prompt_tokens_total")).isEqualTo(1);
            // 100 passes of 15.59 ms, whatever the real time was.
            assertThat(metric(fast, "e2e_request_latency_seconds_sum")).isBetween(1.558, 1.560);
            assertThat(metric(fast, "num_requests_running")).isZero();
        }
    }

    @Test
    void chat_clientGoesAway_isAbortedAtOnce() throws Exception {
        try (SimulatedVllmServer slow = SimulatedVllmServer.start(
                SimulatedVllmConfig.builder().timeScale(50).build())) {
            try (Socket socket = new Socket(slow.uri().getHost(), slow.port())) {
                socket.setSoTimeout((int) BOUND.toMillis());
                socket.getOutputStream()
                        .write(rawRequest(hi(",\"max_tokens\":130000,\"ignore_eos\":true,\"stream\":true")));
                readUntil(socket.getInputStream(), "the ");
                assertThat(metric(slow, "num_requests_running")).isEqualTo(1);
                // Closing sends a reset instead of a farewell.
                socket.setSoLinger(true, 0);
            }

            // Left alone, the answer would take 40 real seconds.
            await().atMost(BOUND).until(() -> metric(slow, "num_requests_running") == 0);
            assertThat(metric(slow, "kv_cache_usage_perc")).isZero();
            assertThat(get(slow, "/metrics").body())
                    .contains("model_name=\"" + MODEL + "\",finished_reason=\"abort\"} 1.0");
        }
    }

    @Test
    void coldStart_notOver_answers503() throws Exception {
        try (SimulatedVllmServer loading = SimulatedVllmServer.start(
                SimulatedVllmConfig.builder().coldStart(Duration.ofDays(1)).build())) {
            assertThat(loading.isReady()).isFalse();
            assertThat(get(loading, "/health").statusCode()).isEqualTo(503);
            assertThat(get(loading, "/v1/models").statusCode()).isEqualTo(503);
            HttpResponse<String> chat = CLIENT.send(chat(loading, hi("")), BodyHandlers.ofString());
            assertThat(chat.statusCode()).isEqualTo(503);
            assertThat(JSON.readTree(chat.body()).at("/error/type").asString()).isEqualTo("ServiceUnavailableError");
            assertThat(get(loading, "/version").statusCode()).isEqualTo(200);
            assertThat(get(loading, "/metrics").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void coldStart_over_answers() throws Exception {
        long startNanos = System.nanoTime();
        try (SimulatedVllmServer loading = SimulatedVllmServer.start(SimulatedVllmConfig.builder()
                .timeScale(100)
                .coldStart(Duration.ofSeconds(60))
                .build())) {
            await().atMost(BOUND).until(() -> get(loading, "/health").statusCode() == 200);

            assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(600));
            assertThat(loading.isReady()).isTrue();
            assertThat(CLIENT.send(chat(loading, hi(",\"max_tokens\":1")), BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void close_answersUnderWay_areEndedAndThePortIsFree() throws Exception {
        SimulatedVllmServer closing =
                SimulatedVllmServer.start(SimulatedVllmConfig.builder().build());
        CompletableFuture<HttpResponse<Stream<String>>> answer = CLIENT.sendAsync(
                chat(closing, hi(",\"max_tokens\":100000,\"ignore_eos\":true,\"stream\":true")),
                BodyHandlers.ofLines());
        assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);

        closing.close();
        closing.close();

        assertThat(closing.isReady()).isFalse();
        assertThatThrownBy(() -> get(closing, "/health")).isInstanceOf(IOException.class);
        try (SimulatedVllmServer next = SimulatedVllmServer.start(
                SimulatedVllmConfig.builder().port(closing.port()).build())) {
            assertThat(get(next, "/health").statusCode()).isEqualTo(200);
        }
    }

    private static byte[] rawRequest(String body) {
        return ("POST " + CHAT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static String readUntil(InputStream in, String end) throws IOException {
        StringBuilder read = new StringBuilder();
        while (read.indexOf(end) < 0) {
            int next = in.read();
            assertThat(next).as("the stream after %s", read).isNotNegative();
            read.append((char) next);
        }
        return read.toString();
    }

    private static List<JsonNode> chunks(String body) {
        return Stream.of(body.split("\n\n", -1))
                .filter(event -> !event.isEmpty() && !event.equals("data: [DONE]"))
                .peek(event -> assertThat(event).startsWith("data: {"))
                .map(event -> JSON.readTree(event.substring("data: ".length())))
                .toList();
    }

    private static List<String> texts(List<JsonNode> chunks) {
        return chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta/content"))
                .filter(JsonNode::isString)
                .map(JsonNode::asString)
                .toList();
    }

    private static List<Integer> tokensAfterEach(List<JsonNode> chunks) {
        int[] characters = texts(chunks).stream().mapToInt(String::length).toArray();
        Arrays.parallelPrefix(characters, Integer::sum);
        return Arrays.stream(characters).mapToObj(sum -> sum / 4).toList();
    }

    private static List<String> finishReasons(List<JsonNode> chunks) {
        return chunks.stream()
                .map(chunk -> chunk.at("/choices/0/finish_reason"))
                .filter(JsonNode::isString)
                .map(JsonNode::asString)
                .toList();
    }
}
