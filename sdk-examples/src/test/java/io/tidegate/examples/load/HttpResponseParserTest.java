/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpResponseParserTest implements HttpResponseParser.Listener {
    private final HttpResponseParser parser = new HttpResponseParser();
    private final StringBuilder body = new StringBuilder();
    private @Nullable HttpHead head;

    @Override
    public void head(HttpHead received) {
        assertThat(head).isNull();
        head = received;
    }

    @Override
    public void body(byte[] bytes, int from, int to) {
        body.append(new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
    }

    private int feed(String text) throws ProtocolException {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return parser.feed(bytes, 0, bytes.length, this);
    }

    private static final String CHUNKED = String.join(
            "\r\n",
            "HTTP/1.1 200 OK",
            "Content-Type: text/event-stream",
            "Transfer-Encoding: chunked",
            "",
            "5",
            "hello",
            "1;ext=1",
            ",",
            "006",
            " world",
            "0",
            "Trailer: x",
            "",
            "");

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 64, 10_000})
    void feed_chunkedInPiecesOfAnySize_givesTheBody(int size) throws ProtocolException {
        byte[] bytes = CHUNKED.getBytes(StandardCharsets.ISO_8859_1);
        for (int from = 0; from < bytes.length; from += size) {
            assertThat(parser.isComplete()).isFalse();
            int to = Math.min(bytes.length, from + size);
            assertThat(parser.feed(bytes, from, to, this)).isEqualTo(to);
        }

        assertThat(parser.isComplete()).isTrue();
        assertThat(parser.keepAlive()).isTrue();
        assertThat(body).hasToString("hello, world");
        assertThat(head).isNotNull();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("content-type")).isEqualTo("text/event-stream");
    }

    @Test
    void feed_contentLength_stopsAfterIt() throws ProtocolException {
        String response =
                "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\nX-Tidegate-Reason:  QUEUE_FULL \r\n\r\nno";

        assertThat(feed(response + "HTTP/1.1")).isEqualTo(response.length());
        assertThat(parser.isComplete()).isTrue();
        assertThat(body).hasToString("no");
        assertThat(head.header("x-tidegate-reason")).isEqualTo("QUEUE_FULL");
        assertThat(head.header("absent")).isNull();
    }

    @Test
    void feed_noLength_lastsUntilTheConnectionEnds() throws ProtocolException {
        feed("HTTP/1.1 200 OK\r\n\r\nabc");
        feed("def");

        assertThat(parser.isComplete()).isFalse();
        parser.endOfConnection();
        assertThat(parser.isComplete()).isTrue();
        assertThat(parser.keepAlive()).isFalse();
        assertThat(body).hasToString("abcdef");
    }

    @Test
    void endOfConnection_inTheMiddle_completesNothing() throws ProtocolException {
        feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");

        parser.endOfConnection();

        assertThat(parser.isComplete()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.1, '', true",
        "HTTP/1.1, 'Connection: close', false",
        "HTTP/1.1, 'connection: Keep-Alive', true",
        "HTTP/1.0, '', false",
        "HTTP/1.0, 'Connection: keep-alive', true"
    })
    void keepAlive_versionAndHeader_decide(String version, String header, boolean expected) throws ProtocolException {
        feed(version + " 200 OK\r\nContent-Length: 0\r\n" + (header.isEmpty() ? "" : header + "\r\n") + "\r\n");

        assertThat(parser.isComplete()).isTrue();
        assertThat(parser.keepAlive()).isEqualTo(expected);
    }

    @Test
    void feed_interimResponse_isSkipped() throws ProtocolException {
        feed("HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");

        assertThat(parser.isComplete()).isTrue();
        assertThat(head.status()).isEqualTo(204);
        assertThat(head.header("x")).isNull();
    }

    @Test
    void reset_afterAResponse_takesTheNext() throws ProtocolException {
        feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nA: b\r\n\r\nx");
        parser.reset();
        head = null;
        assertThat(parser.started()).isFalse();
        feed("HTTP/1.1 503 Busy\nContent-Length: 1\n\ny");

        assertThat(parser.started()).isTrue();
        assertThat(parser.isComplete()).isTrue();
        assertThat(head.status()).isEqualTo(503);
        assertThat(head.header("a")).isNull();
        assertThat(body).hasToString("xy");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SSH-2.0-OpenSSH\\n | not an HTTP/1 response",
                "HTTP/2 200\\n | not an HTTP/1 response",
                "HTTP/1.1 2x0 OK\\n | not an HTTP/1 response",
                "HTTP/1.1 200 OK\\n: x\\n | a header has no name",
                "HTTP/1.1 200 OK\\nContent-Length: -1\\n\\n | the content length is not a number",
                "HTTP/1.1 200 OK\\nContent-Length: 1x\\n\\n | the content length is not a number",
                "HTTP/1.1 200 OK\\nTransfer-Encoding: gzip\\n\\n | the transfer encoding gzip is not known",
                "HTTP/1.1 200 OK\\nTransfer-Encoding: chunked\\n\\nxyz\\n | a chunk has no size",
                "HTTP/1.1 200 OK\\nTransfer-Encoding: chunked\\n\\n\\n | a chunk has no size",
                "HTTP/1.1 200 OK\\nTransfer-Encoding: chunked\\n\\nfffffffff\\n | a chunk is too long",
                "HTTP/1.1 200 OK\\nTransfer-Encoding: chunked\\n\\n1\\nab\\n | a chunk is longer than it said"
            })
    void feed_notHttp_saysWhy(String response, String message) {
        assertThatThrownBy(() -> feed(response.replace("\\n", "\n")))
                .isInstanceOf(ProtocolException.class)
                .hasMessage(message);
    }

    @Test
    void feed_endlessHeader_isRefused() {
        assertThatThrownBy(() -> feed("HTTP/1.1 200 OK\r\nA: " + "x".repeat(20_000)))
                .hasMessage("a line of the response is longer than 16384 bytes");
        parser.reset();
        assertThatThrownBy(() -> {
                    feed("HTTP/1.1 200 OK\r\n");
                    for (int i = 0; i < 1_000; i++) {
                        feed("A" + i + ": b\r\n");
                    }
                })
                .hasMessage("there are too many headers");
    }
}
