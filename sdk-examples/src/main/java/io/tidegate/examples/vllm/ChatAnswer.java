/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes one answer, whole or as server-sent events, in the JSON of OpenAI and vLLM.
 *
 * <p>What is written gathers in a buffer until {@link #take()}, so that one network write can hold several events. Used
 * by one thread.
 */
final class ChatAnswer {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END_OF_EVENT = "\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);

    private final String id;
    private final long createdSeconds;
    private final String model;
    private final int promptTokens;
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(1024);

    /**
     * @param createdSeconds Unix time
     * @param promptTokens for the usage
     */
    ChatAnswer(String id, long createdSeconds, String model, int promptTokens) {
        this.id = id;
        this.createdSeconds = createdSeconds;
        this.model = model;
        this.promptTokens = promptTokens;
    }

    /** What was written since the last call. */
    byte[] take() {
        byte[] taken = buffer.toByteArray();
        buffer.reset();
        return taken;
    }

    /** The event that opens a stream. */
    void writeRoleEvent() {
        writeDeltaEvent("assistant", "", null);
    }

    /** An event with more text, or the end, or both. */
    void writeTextEvent(String text, @Nullable FinishReason finish) {
        writeDeltaEvent(null, text, finish);
    }

    private void writeDeltaEvent(@Nullable String role, String content, @Nullable FinishReason finish) {
        beginEvent();
        try (JsonGenerator json = beginObject("chat.completion.chunk")) {
            json.writeArrayPropertyStart("choices");
            json.writeStartObject();
            json.writeNumberProperty("index", 0);
            json.writeObjectPropertyStart("delta");
            if (role != null) {
                json.writeStringProperty("role", role);
            }
            json.writeStringProperty("content", content);
            json.writeEndObject();
            endChoice(json, finish);
            json.writeEndArray();
            json.writeEndObject();
        }
        endEvent();
    }

    /** The event with the usage and no choice. */
    void writeUsageEvent(int completionTokens) {
        beginEvent();
        try (JsonGenerator json = beginObject("chat.completion.chunk")) {
            json.writeArrayPropertyStart("choices");
            json.writeEndArray();
            writeUsage(json, completionTokens);
            json.writeEndObject();
        }
        endEvent();
    }

    /** An error in the middle of a stream, whose status has long been sent. */
    void writeErrorEvent(ApiException error) {
        beginEvent();
        buffer.writeBytes(errorJson(error));
        endEvent();
    }

    /** The end of every stream. */
    void writeDone() {
        buffer.writeBytes(DONE);
    }

    /** The whole answer of a request that does not stream. */
    void writeCompletion(int completionTokens, FinishReason finish) {
        try (JsonGenerator json = beginObject("chat.completion")) {
            json.writeArrayPropertyStart("choices");
            json.writeStartObject();
            json.writeNumberProperty("index", 0);
            json.writeObjectPropertyStart("message");
            json.writeStringProperty("role", "assistant");
            json.writeStringProperty("content", OutputText.ofTokens(0, completionTokens));
            json.writeEndObject();
            endChoice(json, finish);
            json.writeEndArray();
            writeUsage(json, completionTokens);
            json.writeEndObject();
        }
    }

    private void beginEvent() {
        buffer.writeBytes(DATA);
    }

    private void endEvent() {
        buffer.writeBytes(END_OF_EVENT);
    }

    private JsonGenerator beginObject(String object) {
        JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), buffer);
        json.writeStartObject();
        json.writeStringProperty("id", id);
        json.writeStringProperty("object", object);
        json.writeNumberProperty("created", createdSeconds);
        json.writeStringProperty("model", model);
        return json;
    }

    private static void endChoice(JsonGenerator json, @Nullable FinishReason finish) {
        json.writeNullProperty("logprobs");
        if (finish == null) {
            json.writeNullProperty("finish_reason");
        } else {
            json.writeStringProperty("finish_reason", finish.label());
        }
        json.writeEndObject();
    }

    private void writeUsage(JsonGenerator json, int completionTokens) {
        json.writeObjectPropertyStart("usage");
        json.writeNumberProperty("prompt_tokens", promptTokens);
        json.writeNumberProperty("total_tokens", promptTokens + completionTokens);
        json.writeNumberProperty("completion_tokens", completionTokens);
        json.writeEndObject();
    }

    /** The body of an error answer. */
    static byte[] errorJson(ApiException error) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), body)) {
            json.writeStartObject();
            json.writeObjectPropertyStart("error");
            json.writeStringProperty("message", error.message());
            json.writeStringProperty("type", error.type());
            json.writeStringProperty("param", error.param());
            json.writeNumberProperty("code", error.status());
            json.writeEndObject();
            json.writeEndObject();
        }
        return body.toByteArray();
    }

    /** The body that lists the one model served. */
    static byte[] modelsJson(String model, long createdSeconds, int maxModelLength) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), body)) {
            json.writeStartObject();
            json.writeStringProperty("object", "list");
            json.writeArrayPropertyStart("data");
            json.writeStartObject();
            json.writeStringProperty("id", model);
            json.writeStringProperty("object", "model");
            json.writeNumberProperty("created", createdSeconds);
            json.writeStringProperty("owned_by", "vllm");
            json.writeStringProperty("root", model);
            json.writeNullProperty("parent");
            json.writeNumberProperty("max_model_len", maxModelLength);
            json.writeEndObject();
            json.writeEndArray();
            json.writeEndObject();
        }
        return body.toByteArray();
    }

    /** The body that names the version. */
    static byte[] versionJson(String version) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), body)) {
            json.writeStartObject();
            json.writeStringProperty("version", version);
            json.writeEndObject();
        }
        return body.toByteArray();
    }
}
