/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static io.tidegate.signals.engine.EngineServer.page;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidegate.pool.Signal;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import mockwebserver3.MockResponseBody;
import mockwebserver3.SocketEffect;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okio.Buffer;
import okio.BufferedSink;
import okio.GzipSink;
import okio.Okio;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a replica may do wrong: it never reads as a number, and what was wrong is said. */
class EngineFaultsTest {

    private static final long LIMIT = 4 << 20;

    private final ConnectionPool connections = new ConnectionPool(5, 1, TimeUnit.MINUTES);
    private final OkHttpClient client =
            new OkHttpClient.Builder().connectionPool(connections).build();

    /** Whatever went wrong, the answer was closed: a connection is idle or gone. */
    @AfterEach
    void connectionsAreNotLeaked() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> connections.connectionCount() == connections.idleConnectionCount());
        connections.evictAll();
    }

    private Signal running(Duration timeout, URI... replicas) throws InterruptedException {
        try (EngineMetricsSource source = EngineMetricsSource.builder(new ManualTime(), () -> List.of(replicas))
                .client(client)
                .timeout(timeout)
                .build()) {
            Signal running = source.read().get(EngineMetricsSource.RUNNING);
            assertThat(source.replicas())
                    .hasSize(replicas.length)
                    .extracting(EngineReplica::url)
                    .containsExactly(replicas);
            return running;
        }
    }

    private Signal running(URI... replicas) throws InterruptedException {
        return running(Duration.ofSeconds(30), replicas);
    }

    private Signal running(EngineServer.Answer answer) throws InterruptedException {
        try (EngineServer server = new EngineServer(answer)) {
            return running(server.url());
        }
    }

    private static void assertMissing(Signal signal, String... words) {
        assertThat(signal)
                .isInstanceOfSatisfying(
                        Signal.Missing.class,
                        missing -> assertThat(missing.reason()).contains(words));
    }

    private static void assertInvalid(Signal signal, String... words) {
        assertThat(signal)
                .isInstanceOfSatisfying(
                        Signal.Invalid.class,
                        invalid -> assertThat(invalid.reason()).contains(words));
    }

    private static void assertPartly(Signal signal, double value, double coverage) {
        assertThat(signal).isInstanceOfSatisfying(Signal.Known.class, known -> {
            assertThat(known.value()).isEqualTo(value);
            assertThat(known.coverage()).isEqualTo(coverage);
        });
    }

    private static Signal part(Signal signal, URI replica) {
        return ((Signal.Known) signal)
                .parts().stream()
                        .filter(part -> part.replica().equals(replica.toString()))
                        .findFirst()
                        .orElseThrow()
                        .signal();
    }

    @Test
    @DisplayName("E7: one of N replicas reports: the sum is not taken for a total")
    void read_oneOfThreeReplicasAnswers_isThirdCovered() throws Exception {
        try (EngineServer first = new EngineServer(page(3, 5, 0.25));
                EngineServer second = new EngineServer(request -> EngineServer.status(503));
                EngineServer third = new EngineServer("<html>\n")) {

            Signal running = running(first.url(), second.url(), third.url());

            assertPartly(running, 3, 1.0 / 3);
            assertMissing(part(running, second.url()), "HTTP 503");
            assertInvalid(part(running, third.url()), "a metric name is expected");
        }
    }

    @Test
    void read_oneOfThreeReplicasDown_isPartlyCoveredAndNamesIt() throws Exception {
        URI down;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            down = URI.create("http://127.0.0.1:" + free.getLocalPort());
        }
        try (EngineServer first = new EngineServer(page(3, 5, 0.25));
                EngineServer third = new EngineServer(page(1, 0, 0.5))) {

            Signal running = running(first.url(), down, third.url());

            assertPartly(running, 4, 2.0 / 3);
            assertMissing(part(running, down), "Connect");
            assertThat(part(running, down).source()).isEqualTo("engine " + down + "/metrics");
            assertThat(running.source()).isEqualTo("engine, 3 replicas");
        }
    }

    @Test
    void read_oneMissingAndOneInvalid_isMissing() throws Exception {
        try (EngineServer missing = new EngineServer(request -> EngineServer.status(500));
                EngineServer invalid = new EngineServer("<html>\n")) {

            assertMissing(running(missing.url(), invalid.url()), "1 of 2", missing.url() + "/metrics: HTTP 500");
        }
    }

    @Test
    void read_manyReplicasDown_namesThreeAndCountsTheRest() throws Exception {
        try (EngineServer server = new EngineServer("")) {
            URI[] replicas = new URI[5];
            for (int i = 0; i < replicas.length; i++) {
                replicas[i] = URI.create(server.url() + "/" + i);
            }

            assertMissing(running(replicas), "5 of 5 unusable: ", "/2/metrics: HTTP 404; and 2 more");
        }
    }

    @Test
    void read_noAnswerInTime_isMissing() throws Exception {
        try (EngineServer server = new EngineServer(request -> new MockResponse.Builder()
                        .onResponseStart(SocketEffect.Stall.INSTANCE)
                        .build());
                EngineServer good = new EngineServer(page(3, 5, 0.25))) {

            Signal running = running(Duration.ofMillis(300), good.url(), server.url());

            assertPartly(running, 3, 0.5);
            assertMissing(part(running, server.url()), "no whole answer within 300 ms");
        }
    }

    @Test
    @DisplayName("E5: a body that trickles")
    void read_bodyThatTrickles_isMissingWhenTheTimeIsOver() throws Exception {
        try (EngineServer server = new EngineServer(request -> EngineServer.text()
                .body(page(3, 5, 0.25))
                .throttleBody(1, 100, TimeUnit.MILLISECONDS)
                .build())) {

            assertMissing(running(Duration.ofMillis(300), server.url()), "no whole answer within 300 ms");
        }
    }

    @Test
    void read_moreSlowReplicasThanThreads_endsInTimeForAllTogether() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (EngineServer server = new EngineServer(request -> {
            asked.incrementAndGet();
            return new MockResponse.Builder()
                    .onResponseStart(SocketEffect.Stall.INSTANCE)
                    .build();
        })) {
            List<URI> listed = List.of(server.url(), URI.create(server.url() + "?2"), URI.create(server.url() + "?3"));
            try (EngineMetricsSource source = EngineMetricsSource.builder(new ManualTime(), () -> listed)
                    .client(client)
                    .parallelReads(1)
                    .timeout(Duration.ofMillis(300))
                    .build()) {

                assertMissing(source.read().get(EngineMetricsSource.RUNNING), "3 of 3 unusable");

                // Had each replica been given the whole time, all would have been asked.
                assertThat(asked).hasValueLessThan(3);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 401, 404, 500, 503})
    void read_otherStatus_isMissing(int code) throws Exception {
        assertMissing(running(request -> EngineServer.status(code)), ": HTTP " + code);
    }

    @Test
    @DisplayName("E5: a redirect")
    void read_redirect_isNotFollowed() throws Exception {
        try (EngineServer target = new EngineServer(page(3, 5, 0.25))) {

            Signal running = running(request -> new MockResponse.Builder()
                    .code(302)
                    .setHeader("Location", target.url() + "/metrics")
                    .build());

            assertMissing(running, "HTTP 302, a redirect, which is not followed");
            assertThat(target.answered()).isZero();
        }
    }

    @Test
    void read_connectionReset_isMissing() throws Exception {
        try (ResettingServer server = new ResettingServer()) {

            assertMissing(running(server.url()), "1 of 1 unusable: engine " + server.url(), "Exception");
        }
    }

    /** Takes connections, waits for the first byte, and resets them. */
    private static final class ResettingServer implements AutoCloseable {

        private final ServerSocket socket = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());

        ResettingServer() throws IOException {
            Thread thread = new Thread(this::resetAll);
            thread.setDaemon(true);
            thread.start();
        }

        URI url() {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort());
        }

        private void resetAll() {
            while (!socket.isClosed()) {
                try (Socket accepted = socket.accept()) {
                    // Closing with no time to linger sends a reset.
                    accepted.setSoLinger(true, 0);
                    int unused = accepted.getInputStream().read();
                } catch (IOException e) {
                    // Closed, or reset from the other side.
                }
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void read_serverThatHangsUp_isMissing() throws Exception {
        assertMissing(
                running(request -> new MockResponse.Builder()
                        .onResponseStart(new SocketEffect.CloseSocket())
                        .build()),
                "IOException");
    }

    @Test
    void read_keptConnectionDroppedMeanwhile_isTriedAgainOnANewOne() throws Exception {
        // As vLLM's HTTP server does with connections that are idle for some seconds.
        try (EngineServer server = new EngineServer(request -> EngineServer.text()
                        .body(page(3, 5, 0.25))
                        .onResponseEnd(SocketEffect.ShutdownConnection.INSTANCE)
                        .build());
                EngineMetricsSource source = EngineMetricsSource.builder(new ManualTime(), () -> List.of(server.url()))
                        .client(client.newBuilder()
                                .retryOnConnectionFailure(false)
                                .build())
                        .timeout(Duration.ofSeconds(30))
                        .build()) {
            for (int i = 0; i < 10; i++) {
                assertThat(source.read().get(EngineMetricsSource.RUNNING)).isInstanceOf(Signal.Known.class);
            }
        }
    }

    @Test
    void read_notHttp_isMissing() throws Exception {
        assertMissing(
                running(request -> new MockResponse.Builder()
                        .status("SSH-2.0-OpenSSH_9.6 \u001B[31m" + "x".repeat(10_000))
                        .build()),
                "Unexpected status line: SSH-2.0");
    }

    @Test
    @DisplayName("E5: a web page with HTTP 200, by its content type")
    void read_html_isInvalid() throws Exception {
        Signal running = running(request -> new MockResponse.Builder()
                .setHeader("Content-Type", "text/html; charset=utf-8")
                .body("<!DOCTYPE html><html><body>Welcome</body></html>")
                .build());

        assertInvalid(running, "its content type is text/html");
    }

    @Test
    @DisplayName("E5: a web page with HTTP 200, by its content")
    void read_htmlThatClaimsToBeText_isInvalid() throws Exception {
        assertInvalid(
                running(request -> EngineServer.ok("<!DOCTYPE html>\n<html><body>Welcome</body></html>\n")),
                "line 1: a metric name is expected, not \"<!DOCTYPE html>\"");
    }

    @Test
    void read_noContentType_isInvalid() throws Exception {
        assertInvalid(
                running(request ->
                        new MockResponse.Builder().body(page(3, 5, 0.25)).build()),
                "its content type is not given");
    }

    @Test
    @DisplayName("E5: a body shorter than announced")
    void read_bodyShorterThanAnnounced_isInvalid() throws Exception {
        String page = page(3, 5, 0.25);

        Signal running = running(request -> EngineServer.text()
                .body(page)
                .setHeader("Content-Length", page.length() + 100)
                .onResponseEnd(new SocketEffect.CloseSocket())
                .build());

        assertInvalid(running, "the body cannot be read", "unexpected end of stream");
    }

    @Test
    @DisplayName("E5: a connection lost inside the body")
    void read_connectionLostInsideTheBody_isInvalid() throws Exception {
        Signal running = running(request -> EngineServer.text()
                .body(page(3, 5, 0.25))
                .onResponseBody(new SocketEffect.CloseSocket())
                .build());

        assertInvalid(running, "the body cannot be read");
    }

    @Test
    @DisplayName("E5: a page cut short")
    void read_pageCutShort_isInvalid() throws Exception {
        String page = page(3, 5, 0.25);

        assertInvalid(
                running(request -> EngineServer.ok(page.substring(0, page.length() - 4))),
                "line 21: the page ends inside this line");
    }

    @ParameterizedTest
    @CsvSource({"NaN, NaN", "+Inf, Infinity", "-Inf, -Infinity", "-1.0, -1.0", "-0.5, -0.5"})
    void read_valueThatCannotBe_isInvalid(String written, String named) throws Exception {
        String page = page(3, 5, 0.25).replace(" 3.0\n", " " + written + "\n");

        assertInvalid(running(request -> EngineServer.ok(page)), "vllm:num_requests_running is " + named);
    }

    @Test
    void read_sumBeyondEveryNumber_isInvalid() throws Exception {
        String page = page(3, 5, 0.25).replace(" 3.0\n", " 1e308\n");
        String engine = "vllm:num_requests_running{engine=\"1\"} 1e308\n";

        assertInvalid(running(request -> EngineServer.ok(page + engine)), "Infinity");
        try (EngineServer first = new EngineServer(page);
                EngineServer second = new EngineServer(page)) {
            assertInvalid(running(first.url(), second.url()), "Infinity");
        }
    }

    @Test
    void read_cacheUseAboveOne_isInvalid() throws Exception {
        try (EngineServer server = new EngineServer(page(3, 5, 37.5));
                EngineMetricsSource source = EngineMetricsSource.builder(new ManualTime(), () -> List.of(server.url()))
                        .client(client)
                        .build()) {

            Signal usage = source.read().get(EngineMetricsSource.KV_CACHE_USAGE);

            assertInvalid(usage, "vllm:kv_cache_usage_perc is 37.5");
            assertThat(source.replicas().get(0).kvCacheFractionMax()).isInstanceOf(Signal.Invalid.class);
            assertThat(source.replicas().get(0).running()).isInstanceOf(Signal.Known.class);
        }
    }

    @Test
    @DisplayName("E5: 100 MB")
    void read_hundredMegabytes_stopsAtTheLimit() throws Exception {
        long announced = 100L << 20;
        CompletableFuture<Long> sent = new CompletableFuture<>();
        MockResponseBody endless = new MockResponseBody() {
            @Override
            public long getContentLength() {
                return announced;
            }

            @Override
            public void writeTo(BufferedSink sink) {
                byte[] line = "# a comment of sixty-four bytes, with the line break at its end\n"
                        .getBytes(StandardCharsets.US_ASCII);
                long written = 0;
                try {
                    for (; written < announced; written += line.length) {
                        sink.write(line);
                    }
                } catch (IOException e) {
                    // The client hung up, as it should.
                } finally {
                    sent.complete(written);
                }
            }
        };

        Signal running = running(request -> EngineServer.text().body(endless).build());

        assertInvalid(running, "longer than " + LIMIT + " bytes");
        // What is above the limit was on its way when the client hung up.
        assertThat(sent.get(20, TimeUnit.SECONDS)).isBetween(LIMIT, 48L << 20);
    }

    @Test
    void read_gzippedPage_isRead() throws Exception {
        assertThat(running(request -> gzipped(page(3, 5, 0.25), 1)))
                .isInstanceOfSatisfying(
                        Signal.Known.class, known -> assertThat(known.value()).isEqualTo(3));
    }

    @Test
    @DisplayName("E5: a gzip bomb")
    void read_gzipBomb_stopsAtTheLimit() throws Exception {
        MockResponse bomb = gzipped("# " + "0".repeat(1021) + "\n", 100 << 10);
        assertThat(bomb.getHeaders().get("Content-Length")).hasSizeLessThan(7);

        assertInvalid(running(request -> bomb), "longer than " + LIMIT + " bytes");
    }

    @Test
    void read_brokenGzip_isInvalid() throws Exception {
        assertInvalid(
                running(request -> EngineServer.text()
                        .setHeader("Content-Encoding", "gzip")
                        .body(page(3, 5, 0.25))
                        .build()),
                "the body cannot be read");
    }

    private static MockResponse gzipped(String piece, int times) throws IOException {
        Buffer body = new Buffer();
        try (BufferedSink sink = Okio.buffer(new GzipSink(body))) {
            for (int i = 0; i < times; i++) {
                sink.writeUtf8(piece);
            }
        }
        return EngineServer.text()
                .setHeader("Content-Encoding", "gzip")
                .body(body)
                .build();
    }

    @Test
    void read_interceptorThatThrows_isMissing() throws Exception {
        OkHttpClient failing = client.newBuilder()
                .addInterceptor(chain -> {
                    throw new IllegalStateException("no token");
                })
                .build();
        try (EngineMetricsSource source = EngineMetricsSource.builder(
                        new ManualTime(), () -> List.of(URI.create("http://127.0.0.1:1")))
                .client(failing)
                .build()) {

            assertMissing(source.read().get(EngineMetricsSource.RUNNING), "IllegalStateException: no token");
        }
    }
}
