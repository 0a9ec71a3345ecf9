/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatRequestTest {
    private static ChatRequest read(String json) {
        return ChatRequest.read(json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void read_everyField_isUnderstood() {
        ChatRequest request = read("""
                {"model": "m", "temperature": 0.5, "tools": [{"a": {}}], "ignore_eos": true, "max_tokens": 7, "stream": true,
                 "messages": [{"role": "system", "content": "12345678"}, {"role": "user", "content": "9"}],
                 "stream_options": {"include_usage": true, "x": []}, "n": 1}""");

        assertThat(request).isEqualTo(new ChatRequest("m", 3, 7, true, true, true));
    }

    @Test
    void read_messagesOnly_hasDefaults() {
        assertThat(read("{\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}"))
                .isEqualTo(new ChatRequest(null, 1, null, false, false, false));
    }

    @Test
    void read_nulls_areDefaults() {
        assertThat(read("""
                                {"model": null, "max_tokens": null, "max_completion_tokens": null, "ignore_eos": null, "n": null,
                                 "stream": null, "stream_options": null, "messages": [{"content": null}]}""")).isEqualTo(new ChatRequest(null, 1, null, false, false, false));
    }

    @Test
    void read_contentParts_countTheirText() {
        ChatRequest request = read("""
                {"messages": [{"content": [{"type": "text", "text": "abcd"}, {"text": "efgh", "type": "text"}]}]}""");

        assertThat(request.promptTokens()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "4, 1", "5, 2", "4000, 1000", "4001, 1001"})
    void read_characters_areAQuarterTokenEach(int characters, int tokens) {
        String json = "{\"messages\":[{\"content\":\"%s\"}]}".formatted("x".repeat(characters));

        assertThat(read(json).promptTokens()).isEqualTo(tokens);
    }

    @Test
    void read_escapesAndUnicode_countAsCharacters() {
        assertThat(read("{\"messages\":[{\"content\":\"\\n\\u00e9é\\\"5\"}]}").promptTokens())
                .isEqualTo(2);
    }

    @Test
    void read_maxCompletionTokens_winsOverMaxTokens() {
        assertThat(read("{\"max_completion_tokens\":3,\"max_tokens\":9,\"messages\":[{}]}")
                        .maxTokens())
                .isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{",
                "{\"messages\":[{}]",
                "{\"messages\":[{}]} {}",
                "{\"messages\":[{}],}",
                "not json"
            })
    void read_notOneJsonObject_isRefused(String json) {
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> read(json))
                .satisfies(e -> assertThat(e.status()).isEqualTo(400))
                .withMessageContaining("JSON");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "messages       | {}",
                "messages       | {\"messages\": []}",
                "messages       | {\"messages\": null}",
                "messages       | {\"messages\": \"hi\"}",
                "messages       | {\"messages\": [\"hi\"]}",
                "messages       | {\"messages\": [{\"content\": 3}]}",
                "messages       | {\"messages\": [{\"content\": [\"a\"]}]}",
                "messages       | {\"messages\": [{\"content\": [{\"type\": \"image_url\"}]}]}",
                "max_tokens     | {\"messages\": [{}], \"max_tokens\": 0}",
                "max_tokens     | {\"messages\": [{}], \"max_tokens\": -99999999999999999999}",
                "max_tokens     | {\"messages\": [{}], \"max_tokens\": 1.5}",
                "max_tokens     | {\"messages\": [{}], \"max_tokens\": \"9\"}",
                "max_completion_tokens | {\"messages\": [{}], \"max_completion_tokens\": 0}",
                "model          | {\"messages\": [{}], \"model\": 3}",
                "stream         | {\"messages\": [{}], \"stream\": \"yes\"}",
                "ignore_eos     | {\"messages\": [{}], \"ignore_eos\": 1}",
                "n              | {\"messages\": [{}], \"n\": 2}",
                "stream_options | {\"messages\": [{}], \"stream_options\": {}}",
                "stream_options | {\"messages\": [{}], \"stream\": true, \"stream_options\": true}",
            })
    void read_fieldWithoutMeaning_namesTheField(String param, String json) {
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> read(json))
                .satisfies(e -> assertThat(e.status()).isEqualTo(400))
                .satisfies(e -> assertThat(e.param()).isEqualTo(param));
    }
}
