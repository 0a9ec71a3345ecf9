/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.vllm;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidegate.pool.Signal;
import io.tidegate.signal.SignalBoard;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import okio.BufferedSink;
import okio.GzipSink;
import okio.Okio;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VllmMetricsSourceTest {

    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final ManualTime time = new ManualTime();
    private final List<MockWebServer> servers = new ArrayList<>();
    private VllmMetricsSource source;

    @BeforeEach
    void start() throws IOException {
        for (int i = 0; i < 3; i++) {
            MockWebServer server = new MockWebServer();
            server.start();
            servers.add(server);
        }
        source = source(Duration.ofSeconds(5));
    }

    @AfterEach
    void stop() {
        source.close();
        servers.forEach(MockWebServer::close);
    }

    private VllmMetricsSource source(Duration timeout) {
        return VllmMetricsSource.builder(() -> servers.stream().map(this::uri).toList())
                .time(time)
                .timeout(timeout)
                .maxBytes(100_000)
                .build();
    }

    private URI uri(MockWebServer server) {
        return URI.create("http://127.0.0.1:" + server.getPort());
    }

    private static MockResponse metrics(String body) {
        return new MockResponse.Builder()
                .addHeader("Content-Type", TEXT)
                .body(body)
                .build();
    }

    private static String vllm(double running, double waiting, double kvCache) {
        return "vllm:num_requests_running{engine=\"0\"} " + running + "\nvllm:num_requests_waiting{engine=\"0\"} "
                + waiting + "\nvllm:kv_cache_usage_perc{engine=\"0\"} " + kvCache + "\n";
    }

    /** What each server answers, in turn; the others answer like an idle one. */
    private void answer(MockResponse... answers) {
        for (int i = 0; i < servers.size(); i++) {
            servers.get(i).enqueue(i < answers.length ? answers[i] : metrics(vllm(0, 0, 0)));
        }
    }

    private Signal waiting() {
        return source.read().get("vllm.requests.waiting");
    }

    @Test
    void read_allAnswer_sumsRequestsAndAveragesTheCache() {
        time.advance(Duration.ofSeconds(7));
        answer(metrics(vllm(3, 1, 0.2)), metrics(vllm(4, 0, 0.6)), metrics(vllm(5, 2, 0.1)));

        assertThat(source.read())
                .hasSize(4)
                .hasEntrySatisfying("vllm.requests.running", signal -> assertKnown(signal, 12, "requests"))
                .hasEntrySatisfying("vllm.requests.waiting", signal -> assertKnown(signal, 3, "requests"))
                .hasEntrySatisfying("vllm.kv.cache.usage", signal -> assertKnown(signal, 0.3, "ratio"))
                .hasEntrySatisfying("vllm.kv.cache.usage.max", signal -> assertKnown(signal, 0.6, "ratio"));
    }

    private static void assertKnown(Signal signal, double value, String unit) {
        assertThat(signal).isInstanceOfSatisfying(Signal.Known.class, known -> {
            assertThat(known.value()).isCloseTo(value, within(1e-9));
            assertThat(known.unit()).isEqualTo(unit);
            assertThat(known.atNanos()).isEqualTo(SECONDS.toNanos(7));
        });
    }

    @Test
    void read_severalEngines_areAddedUp() {
        answer(metrics("""
                        vllm:num_requests_running{engine="0"} 1
                        vllm:num_requests_running{engine="1"} 2
                        """));

        assertThat(source.read().get("vllm.requests.running"))
                .isInstanceOfSatisfying(
                        Signal.Known.class, known -> assertThat(known.value()).isEqualTo(3));
    }

    @Test
    void read_noServers_isMissing() {
        servers.forEach(MockWebServer::close);
        servers.clear();

        assertThat(waiting()).isEqualTo(new Signal.Missing("vllm", "there are no servers"));
    }

    @Test
    void read_oneServerGone_theSumIsMissingAndSaysWhich() {
        answer();
        URI gone = uri(servers.get(1));
        servers.get(1).close();

        assertThat(waiting())
                .isInstanceOfSatisfying(
                        Signal.Missing.class,
                        missing -> assertThat(missing.source()).isEqualTo("vllm " + gone));
        List<VllmReplica> replicas = source.replicas();
        assertThat(replicas).hasSize(3);
    }

    @Test
    void read_badAnswers_areNeverNumbers() {
        assertBad(new MockResponse.Builder().code(404).build(), Signal.Missing.class, "404");
        assertBad(new MockResponse.Builder().code(500).build(), Signal.Missing.class, "500");
        assertBad(
                new MockResponse.Builder()
                        .code(302)
                        .addHeader("Location", uri(servers.get(1)) + "/metrics")
                        .build(),
                Signal.Missing.class,
                "302");
        assertBad(
                new MockResponse.Builder()
                        .addHeader("Content-Type", "text/html")
                        .body("<html>")
                        .build(),
                Signal.Invalid.class,
                "text/html");
        assertBad(new MockResponse.Builder().body(vllm(1, 1, 0)).build(), Signal.Invalid.class, "content type is null");
        assertBad(metrics("<html>sign in</html>\n"), Signal.Invalid.class, "line 1");
        assertBad(metrics("vllm:num_requests_running 1\nvllm:num_requests_wai"), Signal.Invalid.class, "line 2");
        assertBad(metrics(vllm(1, Double.NaN, 0)), Signal.Invalid.class, "NaN");
        assertBad(metrics(vllm(1, -1, 0)), Signal.Invalid.class, "-1.0");
        assertBad(metrics("vllm:num_requests_running 1\n"), Signal.Missing.class, "not exposed");
        assertBad(metrics("# " + "x".repeat(200_000) + "\n"), Signal.Invalid.class, "longer than 100000 bytes");
        assertBad(
                new MockResponse.Builder()
                        .addHeader("Content-Type", TEXT)
                        .body(vllm(1, 1, 0))
                        .onResponseBody(new SocketEffect.CloseSocket())
                        .build(),
                Signal.Missing.class,
                "not read");
    }

    private void assertBad(MockResponse response, Class<? extends Signal> kind, String words) {
        answer(response);
        assertThat(waiting()).isInstanceOf(kind).asString().contains(words);
    }

    @Test
    void read_smallAnswerThatUnpacksToMuch_isCutAtTheLimit() throws IOException {
        Buffer packed = new Buffer();
        try (BufferedSink sink = Okio.buffer(new GzipSink(packed))) {
            for (int i = 0; i < 10_000; i++) {
                sink.writeUtf8("# ").writeUtf8("x".repeat(1_000)).writeUtf8("\n");
            }
        }
        assertThat(packed.size()).isLessThan(100_000);

        answer(new MockResponse.Builder()
                .addHeader("Content-Type", TEXT)
                .addHeader("Content-Encoding", "gzip")
                .body(packed)
                .build());

        assertThat(waiting()).isInstanceOf(Signal.Invalid.class).asString().contains("longer than 100000 bytes");
    }

    @Test
    void read_serverThatDoesNotAnswer_endsWithTheTimeout() {
        source.close();
        source = source(Duration.ofMillis(200));
        answer(new MockResponse.Builder()
                .onResponseStart(SocketEffect.Stall.INSTANCE)
                .build());

        assertThat(waiting()).isInstanceOf(Signal.Missing.class).asString().contains("not read");
    }

    @Test
    void board_serverStopsAnswering_theValueIsKeptThenMissing() {
        answer(metrics(vllm(1, 2, 0)), metrics(vllm(0, 0, 0)), metrics(vllm(0, 0, 0)));
        try (SignalBoard board = new SignalBoard(time, Runnable::run)) {
            board.add(source, Duration.ofSeconds(1), Duration.ofSeconds(45));
            assertThat(board.signals().get("vllm.requests.waiting"))
                    .isInstanceOfSatisfying(
                            Signal.Known.class,
                            known -> assertThat(known.value()).isEqualTo(2));

            servers.forEach(MockWebServer::close);
            time.advance(Duration.ofSeconds(1));
            assertThat(board.signals().get("vllm.requests.waiting")).isInstanceOf(Signal.Missing.class);
        }
    }

    @Test
    void read_realPayloads_haveTheValuesTheyShow() throws IOException {
        String data = System.getenv("TIDEGATE_DATA");
        assumeTrue(data != null, "TIDEGATE_DATA is not set: the recorded payloads are not in the repository");
        Path samples = Path.of(data, "samples");

        VllmReplica v1 = VllmPayload.read(
                URI.create("http://v1"),
                "v1",
                Files.readString(samples.resolve("vllm_metrics_v1_idle_2026-03.prom.txt")),
                0);
        VllmReplica v0 = VllmPayload.read(
                URI.create("http://v0"),
                "v0",
                Files.readString(samples.resolve("vllm_metrics_v0_2024-08.prom.txt")),
                0);

        assertThat(v1.running()).isEqualTo(new Signal.Known(0, "requests", 0, "v1"));
        assertThat(v1.waiting()).isEqualTo(new Signal.Known(0, "requests", 0, "v1"));
        assertThat(v1.kvCacheUsage()).isEqualTo(new Signal.Known(0, "ratio", 0, "v1"));
        // The recorded server reports two models; 2 and 3 wait.
        assertThat(v0.running()).isEqualTo(new Signal.Known(3, "requests", 0, "v0"));
        assertThat(v0.waiting()).isEqualTo(new Signal.Known(5, "requests", 0, "v0"));
        assertThat(v0.kvCacheUsage()).isEqualTo(new Signal.Known(0.0026235242675994863, "ratio", 0, "v0"));
    }
}
