/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

/**
 * The part of a chat completion request that this server acts on. Other fields are accepted and have no effect.
 *
 * @param model name asked for, or null for whichever is served
 * @param promptTokens a quarter of the characters (UTF-16 units) of all message contents, rounded up, at least 1
 * @param maxTokens {@code max_completion_tokens}, else {@code max_tokens}, else null
 * @param ignoreEos vLLM's extension: answer with exactly {@code maxTokens} tokens
 * @param stream answer by server-sent events
 * @param includeUsage end the stream with an event that holds the usage
 */
record ChatRequest(
        @Nullable String model,
        int promptTokens,
        @Nullable Integer maxTokens,
        boolean ignoreEos,
        boolean stream,
        boolean includeUsage) {

    /** Characters a token stands for, in prompts and answers. */
    static final int CHARACTERS_PER_TOKEN = 4;

    private static final JsonFactory JSON = new JsonFactory();

    /**
     * Reads a request body.
     *
     * @throws ApiException when it is not JSON, or a field has no meaning
     */
    static ChatRequest read(byte[] body) {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
            return new Reader(json).read();
        } catch (JacksonException e) {
            throw ApiException.badRequest(null, "The body is not valid JSON" + where(e) + ".");
        }
    }

    private static String where(JacksonException e) {
        TokenStreamLocation at = e.getLocation();
        return at == null ? "" : ": look at line " + at.getLineNr() + ", column " + at.getColumnNr();
    }

    private static final class Reader {
        private final JsonParser json;
        private @Nullable String model;
        private long characters;
        private boolean hasMessages;
        private @Nullable Integer maxTokens;
        private @Nullable Integer maxCompletionTokens;
        private boolean ignoreEos;
        private boolean stream;
        private boolean hasStreamOptions;
        private boolean includeUsage;

        Reader(JsonParser json) {
            this.json = json;
        }

        ChatRequest read() {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw ApiException.badRequest(null, "The body must be a JSON object.");
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                readField(name);
            }
            if (json.nextToken() != null) {
                throw ApiException.badRequest(null, "The body must be one JSON object.");
            }
            if (!hasMessages) {
                throw ApiException.badRequest("messages", "messages must have at least one message.");
            }
            if (hasStreamOptions && !stream) {
                throw ApiException.badRequest("stream_options", "stream_options needs stream to be true.");
            }
            long promptTokens = Math.max(1, (characters + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN);
            return new ChatRequest(
                    model,
                    (int) Math.min(promptTokens, Integer.MAX_VALUE),
                    maxCompletionTokens == null ? maxTokens : maxCompletionTokens,
                    ignoreEos,
                    stream,
                    includeUsage);
        }

        private void readField(String name) {
            boolean isNull = json.currentToken() == JsonToken.VALUE_NULL;
            switch (name) {
                case "model" -> model = isNull ? null : string(name);
                case "messages" -> readMessages();
                case "max_tokens" -> maxTokens = isNull ? null : positive(name);
                case "max_completion_tokens" -> maxCompletionTokens = isNull ? null : positive(name);
                case "ignore_eos" -> ignoreEos = !isNull && flag(name);
                case "stream" -> stream = !isNull && flag(name);
                case "stream_options" -> readStreamOptions();
                case "n" -> requireOneAnswer();
                default -> json.skipChildren();
            }
        }

        private void readMessages() {
            require(JsonToken.START_ARRAY, "messages", "an array of messages");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(JsonToken.START_OBJECT, "messages", "an array of objects");
                hasMessages = true;
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    boolean isContent = json.currentName().equals("content");
                    json.nextToken();
                    if (isContent) {
                        readContent();
                    } else {
                        json.skipChildren();
                    }
                }
            }
        }

        private void readContent() {
            switch (json.currentToken()) {
                case VALUE_NULL -> {}
                case VALUE_STRING -> characters += json.getStringLength();
                case START_ARRAY -> {
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        readPart();
                    }
                }
                default -> throw invalidContent();
            }
        }

        private void readPart() {
            require(JsonToken.START_OBJECT, "messages", "content made of objects");
            boolean isText = false;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (name.equals("type")) {
                    isText = value == JsonToken.VALUE_STRING && json.getString().equals("text");
                } else if (name.equals("text") && value == JsonToken.VALUE_STRING) {
                    characters += json.getStringLength();
                } else {
                    json.skipChildren();
                }
            }
            if (!isText) {
                throw invalidContent();
            }
        }

        private static ApiException invalidContent() {
            return ApiException.badRequest(
                    "messages", "The content of a message must be a string or an array of parts of type text.");
        }

        private void readStreamOptions() {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            require(JsonToken.START_OBJECT, "stream_options", "an object");
            hasStreamOptions = true;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                boolean isUsage = json.currentName().equals("include_usage");
                json.nextToken();
                if (isUsage) {
                    includeUsage = flag("stream_options");
                } else {
                    json.skipChildren();
                }
            }
        }

        private void requireOneAnswer() {
            if (json.currentToken() != JsonToken.VALUE_NULL && positive("n") != 1) {
                throw ApiException.badRequest("n", "This server gives one answer a request: n must be 1.");
            }
        }

        private String string(String name) {
            require(JsonToken.VALUE_STRING, name, "a string");
            return json.getString();
        }

        private boolean flag(String name) {
            return switch (json.currentToken()) {
                case VALUE_TRUE -> true;
                case VALUE_FALSE -> false;
                default -> throw ApiException.badRequest(name, name + " must hold true or false.");
            };
        }

        private int positive(String name) {
            require(JsonToken.VALUE_NUMBER_INT, name, "an integer");
            BigInteger value = json.getBigIntegerValue();
            if (value.signum() < 1) {
                throw ApiException.badRequest(name, name + " must be at least 1 but was " + value + ".");
            }
            return value.min(BigInteger.valueOf(Integer.MAX_VALUE)).intValue();
        }

        private void require(JsonToken expected, String name, String what) {
            if (json.currentToken() != expected) {
                throw ApiException.badRequest(name, name + " must be " + what + ".");
            }
        }
    }
}
