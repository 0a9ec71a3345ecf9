/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatCallTest {

    private static ChatCall parse(String body) throws ChatCall.BadCallException {
        return ChatCall.parse(body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void parse_plainAndStructuredContent_countsTextOnly() throws Exception {
        ChatCall call = parse("""
                {"model":"m","stream":true,"max_tokens":50,"tools":[{"content":"not a message"}],
                 "messages":[{"role":"system","content":"12345678"},
                             {"role":"user","content":[{"type":"text","text":"1234"},
                                                       {"type":"image_url","image_url":{"url":"data:xxxxxxxx"}}]}]}""");

        assertThat(call).isEqualTo(new ChatCall("m", true, 3, 50));
        assertThat(call.expectedOutputTokens()).isEqualTo(50);
    }

    @Test
    void parse_withoutBounds_expectsTheMeanOfARealTrace() throws Exception {
        ChatCall call = parse("{\"messages\":[]}");

        assertThat(call).isEqualTo(new ChatCall("", false, 1, 0));
        assertThat(call.expectedOutputTokens()).isEqualTo(211);
        assertThat(parse("{\"messages\":[],\"max_completion_tokens\":-3}").maxTokens())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "[]", "{", "{\"messages\":[{]}", "{\"model\":\"m\"}", "{\"messages\":\"text\"}", "null"})
    void parse_noChatRequest_saysWhy(String body) {
        assertThatThrownBy(() -> parse(body))
                .isInstanceOf(ChatCall.BadCallException.class)
                .message()
                .startsWith("the body");
    }
}
