/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What a gateway must know of a chat completion request; the body itself is passed on untouched.
 *
 * @param model the model asked for; empty if it names none
 * @param stream whether the answer is to be streamed
 * @param promptTokens estimate: one token for four characters of the messages
 * @param maxTokens bound on the output; 0 if it sets none
 */
record ChatCall(String model, boolean stream, long promptTokens, long maxTokens) {

    private static final JsonFactory JSON = new JsonFactory();
    private static final int CHARACTERS_PER_TOKEN = 4;

    /** Output expected of requests that set no bound: the mean of the Azure LLM inference trace 2023 (conversation), 211. */
    private static final int EXPECTED_OUTPUT = 211;

    /** A body that is no chat completion request. */
    static final class BadCallException extends Exception {

        private static final long serialVersionUID = 1L;

        BadCallException(String message) {
            super(message);
        }
    }

    /** Tokens the answer will probably have. */
    long expectedOutputTokens() {
        return maxTokens > 0 ? Math.min(maxTokens, 8L * EXPECTED_OUTPUT) : EXPECTED_OUTPUT;
    }

    static ChatCall parse(byte[] body) throws BadCallException {
        String model = "";
        boolean stream = false;
        long maxTokens = 0;
        long characters = 0;
        boolean messages = false;
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new BadCallException("the body must be a JSON object");
            }
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                switch (name) {
                    case "model" -> model = value == JsonToken.VALUE_STRING ? json.getString() : "";
                    case "stream" -> stream = value == JsonToken.VALUE_TRUE;
                    case "max_tokens", "max_completion_tokens" ->
                        maxTokens = value == JsonToken.VALUE_NUMBER_INT ? Math.max(0, json.getLongValue()) : 0;
                    case "messages" -> {
                        messages = value == JsonToken.START_ARRAY;
                        characters = characters(json);
                    }
                    default -> json.skipChildren();
                }
            }
        } catch (JacksonException e) {
            throw new BadCallException("the body is not valid JSON: " + e.getOriginalMessage());
        }
        if (!messages) {
            throw new BadCallException("the body has no messages");
        }
        long promptTokens = Math.max(1, (characters + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN);
        return new ChatCall(model, stream, promptTokens, maxTokens);
    }

    /** Length of all texts in the value the parser stands on, whatever their nesting. */
    private static long characters(JsonParser json) {
        if (!json.currentToken().isStructStart()) {
            return 0;
        }
        long sum = 0;
        boolean counted = false;
        for (int depth = 1; depth > 0; ) {
            JsonToken token = json.nextToken();
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.PROPERTY_NAME) {
                counted = json.currentName().equals("content")
                        || json.currentName().equals("text");
            } else if (token == JsonToken.VALUE_STRING && counted) {
                sum += json.getStringLength();
            }
        }
        return sum;
    }
}
