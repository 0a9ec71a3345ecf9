/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.trace.TraceEvent;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatRequestsTest {
    private final ChatRequests requests =
            new ChatRequests(URI.create("http://host:81/p/v1/chat/completions"), "a \"model\"\n\u00e4");

    private String text(TraceEvent event, long number) {
        StringBuilder text = new StringBuilder();
        for (ByteBuffer part : requests.request(event, number)) {
            text.append(StandardCharsets.ISO_8859_1.decode(part));
        }
        return text.toString();
    }

    private static String body(String request) {
        return request.substring(request.indexOf("\r\n\r\n") + 4);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1_155, 65_536, 65_537, 121_290, 300_000})
    void request_anyPromptLength_hasFourCharactersPerToken(int tokens) {
        for (long number : new long[] {0, 1, 65_535, Long.MAX_VALUE}) {
            String request = text(new TraceEvent(0, tokens, 9, "premium", "acme"), number);
            String body = body(request);
            String prompt = body.substring(body.indexOf("\"content\":\"") + 11, body.length() - 4);

            assertThat(prompt).hasSize(tokens * 4).matches("[a-z ]+");
            assertThat(body).endsWith("\"}]}");
            assertThat(request).contains("\r\nContent-Length: " + body.length() + "\r\n");
        }
    }

    @Test
    void request_head_namesServerTierAndTenant() {
        String request = text(new TraceEvent(0, 3, 9, "premium", "acme"), 1);

        assertThat(request.substring(0, request.indexOf("\r\n\r\n")).split("\r\n"))
                .containsExactly(
                        "POST /p/v1/chat/completions HTTP/1.1",
                        "Host: host:81",
                        "Content-Type: application/json",
                        "Accept: text/event-stream",
                        "Authorization: Bearer demo-acme",
                        "X-Tidegate-Tenant: acme",
                        "X-Tidegate-Tier: premium",
                        "Content-Length: " + body(request).length());
        assertThat(text(new TraceEvent(0, 3, 9, "", ""), 1))
                .contains("\r\nAuthorization: Bearer demo\r\nContent-Length: ")
                .doesNotContain("X-Tidegate");
    }

    @Test
    void request_nothingToSay_isStillAToken() {
        String body = body(text(new TraceEvent(0, 0, 0, "", ""), 1));

        assertThat(body).contains("\"max_tokens\":1,").containsPattern("\"content\":\"[a-z ]{4}\"");
    }

    @Test
    void request_modelName_isEscaped() {
        String body = body(text(new TraceEvent(0, 1, 1, "", ""), 1));

        assertThat(body).startsWith("{\"model\":\"a \\\"model\\\"\\n\u00c3\u00a4\",\"stream\":true,");
    }

    @Test
    void request_nextNumber_beginsDifferently() {
        TraceEvent event = new TraceEvent(0, 20, 1, "", "");

        assertThat(text(event, 1)).isNotEqualTo(text(event, 2)).isEqualTo(text(event, 1));
    }
}
