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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatStreamTest {
    private final ChatStream stream = new ChatStream();

    private void event(String data) throws ProtocolException {
        byte[] bytes = ("#" + data + "#").getBytes(StandardCharsets.UTF_8);
        stream.event(bytes, 1, bytes.length - 1);
    }

    @Test
    void event_roleAndEmptyText_isNoTextYet() throws ProtocolException {
        event("{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}");
        assertThat(stream.textSeen()).isFalse();
        event("{\"id\":\"x\",\"choices\":[{\"delta\":{\"content\":null},\"logprobs\":{\"content\":[]}}]}");
        assertThat(stream.textSeen()).isFalse();
        event("{\"id\":\"x\",\"choices\":[{\"delta\":{\"content\":\" \"}}]}");
        assertThat(stream.textSeen()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}",
                "{\"choices\":[{\"delta\":{\"reasoning\":\"hm\"}}]}",
                "{\"choices\":[{\"text\":\"hm\"}]}",
                "{\"choices\":[{\"delta\":{}},{\"delta\":{\"content\":\"\\u00e4\"}}]}"
            })
    void event_otherKindsOfText_count(String data) throws ProtocolException {
        event(data);

        assertThat(stream.textSeen()).isTrue();
    }

    @Test
    void outputTokens_usageAtTheEnd_isTaken() throws ProtocolException {
        event("{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}");
        assertThat(stream.outputTokens()).isZero();
        event(
                "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"details\":{\"completion_tokens\":9},\"completion_tokens\":42}}");
        event("[DONE]");

        assertThat(stream.isDone()).isTrue();
        assertThat(stream.outputTokens()).isEqualTo(42);
        assertThat(stream.error()).isNull();
    }

    @Test
    void outputTokens_longLastEvent_isKeptWhole() throws ProtocolException {
        event("{\"padding\":\"" + "x".repeat(5_000) + "\",\"usage\":{\"completion_tokens\":7}}");

        assertThat(stream.outputTokens()).isEqualTo(7);
    }

    @Test
    void outputTokens_noUsageOrNonsense_isZero() throws ProtocolException {
        assertThat(stream.outputTokens()).isZero();
        event("{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}");
        event("{\"usage\":{\"completion_tokens\":-3}}");
        assertThat(stream.outputTokens()).isZero();
        event("cut off {");
        assertThat(stream.outputTokens()).isZero();
    }

    @Test
    void event_error_isKept() throws ProtocolException {
        event("{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}");
        event("{\"error\":{\"code\":500,\"message\":\"engine died\"}}");

        assertThat(stream.error()).isEqualTo("engine died");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"error\":\"text\"}", "{\"error\":{}}", "{\"error\":[1]}"})
    void event_errorWithoutMessage_isToldSo(String data) throws ProtocolException {
        event(data);

        assertThat(stream.error()).isEqualTo("the server reported an error");
    }

    @Test
    void event_notAnObject_isRefused() {
        assertThatThrownBy(() -> event("7")).hasMessage("an event is not a JSON object");
        assertThatThrownBy(() -> event("{\"a\":")).hasMessageStartingWith("an event is not JSON: ");
        assertThatThrownBy(() -> event("")).isInstanceOf(ProtocolException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 1_000})
    void sse_piecesOfAnySize_giveTheDataLines(int size) throws ProtocolException {
        byte[] bytes =
                ": ping\n\nevent: x\nid: 1\ndata: one\n\ndata:two\r\n\r\ndata:  three\ndat\ndata\ndata:\n\ndata: cut"
                        .getBytes(StandardCharsets.UTF_8);
        List<String> found = new ArrayList<>();
        SseParser parser = new SseParser();
        for (int from = 0; from < bytes.length; from += size) {
            parser.feed(
                    bytes,
                    from,
                    Math.min(bytes.length, from + size),
                    (data, start, end) -> found.add(new String(data, start, end - start, StandardCharsets.UTF_8)));
        }

        assertThat(found).containsExactly("one", "two", " three", "");
    }

    @Test
    void sse_endlessLine_isRefused() {
        SseParser parser = new SseParser();
        byte[] bytes = new byte[1 << 16];

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100; i++) {
                        parser.feed(bytes, 0, bytes.length, (data, from, to) -> {});
                    }
                })
                .isInstanceOf(ProtocolException.class)
                .hasMessage("an event is longer than 1048576 bytes");
    }
}
