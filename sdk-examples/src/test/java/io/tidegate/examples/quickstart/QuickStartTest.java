/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.tidegate.admission.Gate;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The README's gateway works, and the README shows it as it is. */
class QuickStartTest {

    private static final Path README = Path.of("../README.md");

    private HttpServer vllm;

    @BeforeEach
    void start() throws IOException {
        vllm = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        vllm.createContext("/v1/", exchange -> {
            byte[] answer = ("echo " + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        vllm.start();
    }

    @AfterEach
    void stop() {
        vllm.stop(0);
    }

    private HttpResponse<String> ask(Gate gate) throws IOException, InterruptedException {
        URI upstream = URI.create("http://127.0.0.1:" + vllm.getAddress().getPort());
        HttpServer gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        gateway.createContext("/v1/", exchange -> QuickStart.handle(gate, upstream, exchange));
        gateway.start();
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(
                            "http://127.0.0.1:" + gateway.getAddress().getPort() + "/v1/chat/completions"))
                    .POST(HttpRequest.BodyPublishers.ofString("hello"))
                    .build();
            return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        } finally {
            gateway.stop(0);
        }
    }

    private static Gate gate(int slots) {
        return Gate.builder("chat")
                .time(new ManualTime())
                .tier(Tier.builder("standard").maxQueueTime(Duration.ZERO).build())
                .limit(Work.slots(slots))
                .build();
    }

    @Test
    void handle_room_passesTheAnswerAndGivesThePermitBack() throws Exception {
        Gate gate = gate(1);

        HttpResponse<String> response = ask(gate);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("echo hello");
        assertThat(gate.inFlight().slots()).isZero();
    }

    @Test
    void handle_noRoom_says429AndWhenToComeBack() throws Exception {
        HttpResponse<String> response = ask(gate(0));

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Retry-After")).contains("1");
    }

    @Test
    void readme_javaBlock_isTheExampleThatCompiles() throws IOException {
        String source = Files.readString(Path.of("src/main/java/io/tidegate/examples/quickstart/QuickStart.java"));
        // As it stands in the README: without the class around it.
        String region = source.substring(
                source.indexOf("// README: begin") + "// README: begin".length(), source.indexOf("    // README: end"));
        assertThat(block("java")).isEqualTo(region.stripTrailing().stripIndent().strip());
    }

    @Test
    void readme_yamlBlock_isAValidConfiguration() throws IOException {
        TidegateConfig config = ConfigReader.parse("README.md", block("yaml"));

        assertThat(config.pools().get("chat")).satisfies(pool -> {
            assertThat(pool.tierList()).extracting(Tier::name).containsExactly("premium", "standard", "batch");
            assertThat(pool.replica().slots()).isEqualTo(32);
        });
    }

    private static String block(String language) throws IOException {
        Matcher matcher = Pattern.compile("```" + language + "\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(README));
        assertThat(matcher.find()).as("a %s block in the README", language).isTrue();
        return matcher.group(1);
    }
}
