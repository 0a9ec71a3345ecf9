/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockResponseBody;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import okio.BufferedSink;
import okio.GzipSink;
import okio.Okio;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a server may do wrong, for each source that asks one over HTTP: it never reads as a number, and what was wrong is said. */
public abstract class HttpFaultsContract {

    private static final long LIMIT = 4 << 20;

    /** A source that asks this server alone. */
    protected abstract SignalSource source(URI server, Duration timeout);

    /** A body that the source reads as known values. */
    protected abstract String goodBody();

    /** The content type of such bodies. */
    protected abstract String contentType();

    /** A name of the signal that the good body gives. */
    protected abstract String signal();

    /** A line that may be repeated at the start of a body for ever: blank, or a comment. */
    protected abstract String filler();

    private Signal read(LocalServer.Answer answer, Duration timeout) throws Exception {
        try (LocalServer server = new LocalServer(answer);
                SignalSource source = source(server.url(), timeout)) {
            Map<String, Signal> signals = source.read();
            return signals.get(signal());
        }
    }

    private Signal read(LocalServer.Answer answer) throws Exception {
        return read(answer, Duration.ofSeconds(30));
    }

    private MockResponse.Builder good() {
        return new MockResponse.Builder().setHeader("Content-Type", contentType());
    }

    private static void assertNone(Signal signal, String words) {
        assertThat(signal).isNotInstanceOf(Signal.Known.class);
        assertThat(signal.gap()).contains(words);
    }

    @Test
    void read_goodBody_isKnown() throws Exception {
        assertThat(read(request -> good().body(goodBody())
                        .setHeader("Date", "Fri, 20 Mar 2026 12:57:53 GMT")
                        .build()))
                .isInstanceOf(Signal.Known.class);
    }

    @Test
    @DisplayName("E5: a web page with HTTP 200, by its content type")
    void read_html_isRefused() throws Exception {
        assertNone(
                read(request -> new MockResponse.Builder()
                        .setHeader("Content-Type", "text/html; charset=utf-8")
                        .body(goodBody())
                        .build()),
                "its content type is text/html");
    }

    @Test
    @DisplayName("E5: no content type")
    void read_noContentType_isRefused() throws Exception {
        assertNone(
                read(request -> new MockResponse.Builder().body(goodBody()).build()), "its content type is not given");
    }

    @Test
    @DisplayName("E5: a web page with HTTP 200, by its content")
    void read_htmlThatClaimsToBeRight_isRefused() throws Exception {
        Signal signal = read(request -> good().body("<!DOCTYPE html>\n<html><body>Welcome</body></html>\n")
                .build());

        assertThat(signal).isInstanceOf(Signal.Invalid.class);
    }

    @Test
    @DisplayName("E5: a body cut short anywhere")
    void read_cutShort_isRefused() throws Exception {
        String body = goodBody().stripTrailing();

        Signal signal = read(
                request -> good().body(body.substring(0, body.length() - 1)).build());

        assertThat(signal).isInstanceOf(Signal.Invalid.class);
    }

    @Test
    @DisplayName("E5: a body shorter than announced")
    void read_shorterThanAnnounced_isRefused() throws Exception {
        assertNone(
                read(request -> good().body(goodBody())
                        .setHeader("Content-Length", goodBody().length() + 100)
                        .onResponseEnd(new SocketEffect.CloseSocket())
                        .build()),
                "the body cannot be read");
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
                byte[] line = filler().repeat(64).getBytes(StandardCharsets.US_ASCII);
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

        assertNone(read(request -> good().body(endless).build()), "longer than " + LIMIT + " bytes");
        // What is above the limit was on its way when the client hung up.
        assertThat(sent.get(20, TimeUnit.SECONDS)).isBetween(LIMIT, 48L << 20);
    }

    @Test
    @DisplayName("E5: a gzip bomb")
    void read_gzipBomb_stopsAtTheLimit() throws Exception {
        Buffer body = new Buffer();
        try (BufferedSink sink = Okio.buffer(new GzipSink(body))) {
            for (int i = 0; i < 100 << 10; i++) {
                sink.writeUtf8(filler().repeat(1 + 1023 / filler().length()));
            }
        }
        assertThat(body.size()).isLessThan(1 << 20);

        assertNone(
                read(request ->
                        good().setHeader("Content-Encoding", "gzip").body(body).build()),
                "longer than " + LIMIT + " bytes");
    }

    @Test
    @DisplayName("E5: a body that trickles")
    void read_trickle_endsInTime() throws Exception {
        assertNone(
                read(
                        request -> good().body(goodBody())
                                .throttleBody(1, 100, TimeUnit.MILLISECONDS)
                                .build(),
                        Duration.ofMillis(300)),
                "no whole answer within 300 ms");
    }

    @Test
    @DisplayName("E5: a redirect")
    void read_redirect_isNotFollowed() throws Exception {
        try (LocalServer target =
                new LocalServer(request -> good().body(goodBody()).build())) {
            Signal signal = read(request -> new MockResponse.Builder()
                    .code(307)
                    .setHeader("Location", target.url().toString())
                    .build());

            assertNone(signal, "HTTP 307, a redirect, which is not followed");
            assertThat(target.answered()).isZero();
        }
    }

    @Test
    @DisplayName("E1: not found")
    void read_notFound_isMissing() throws Exception {
        Signal signal = read(request -> new MockResponse.Builder().code(404).build());

        assertThat(signal).isInstanceOf(Signal.Missing.class);
        assertNone(signal, "HTTP 404");
    }

    @Test
    @DisplayName("E1: a server that hangs up")
    void read_hangsUp_isMissing() throws Exception {
        assertThat(read(request -> new MockResponse.Builder()
                        .onResponseStart(new SocketEffect.CloseSocket())
                        .build()))
                .isInstanceOf(Signal.Missing.class);
    }
}
