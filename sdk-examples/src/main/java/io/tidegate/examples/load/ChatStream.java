/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.net.ProtocolException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Follows the events of one streamed chat completion: when the first text came, how many tokens the server counted, whether
 * the stream ended as it should.
 *
 * <p>JSON is parsed until the first text and once at the end, not per token: the driver shares its machine with what it
 * measures.
 */
final class ChatStream {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] DONE = {'[', 'D', 'O', 'N', 'E', ']'};
    private static final byte[] ERROR = {'{', '"', 'e', 'r', 'r', 'o', 'r', '"'};

    private boolean textSeen;
    private boolean done;
    private @Nullable String error;
    private byte[] last = new byte[512];
    private int lastLength;

    /** Whether text of the answer has come. */
    boolean textSeen() {
        return textSeen;
    }

    /** Whether the closing {@code [DONE]} has come. */
    boolean isDone() {
        return done;
    }

    /** What the server reported to have gone wrong, or null. */
    @Nullable
    String error() {
        return error;
    }

    /** Takes the data of the next event in. */
    void event(byte[] bytes, int from, int to) throws ProtocolException {
        if (startsWith(bytes, from, to, DONE)) {
            done = true;
            return;
        }
        if (!textSeen || startsWith(bytes, from, to, ERROR)) {
            Chunk chunk = parse(bytes, from, to);
            textSeen |= chunk.text();
            if (chunk.error() != null) {
                error = chunk.error();
            }
        }
        if (to - from > last.length) {
            last = Arrays.copyOf(last, Math.max(to - from, last.length * 2));
        }
        System.arraycopy(bytes, from, last, 0, to - from);
        lastLength = to - from;
    }

    /** Returns the tokens of the answer as the last event told them, or 0 if it did not. */
    int outputTokens() {
        try {
            return lastLength == 0 ? 0 : parse(last, 0, lastLength).completionTokens();
        } catch (ProtocolException e) {
            return 0;
        }
    }

    private static boolean startsWith(byte[] bytes, int from, int to, byte[] prefix) {
        return to - from >= prefix.length && Arrays.equals(bytes, from, from + prefix.length, prefix, 0, prefix.length);
    }

    private record Chunk(
            boolean text, int completionTokens, @Nullable String error) {}

    private static Chunk parse(byte[] bytes, int from, int to) throws ProtocolException {
        boolean text = false;
        int tokens = 0;
        String error = null;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), bytes, from, to - from)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new ProtocolException("an event is not a JSON object");
            }
            String field;
            while ((field = parser.nextName()) != null) {
                JsonToken value = parser.nextToken();
                if (field.equals("choices") && value == JsonToken.START_ARRAY) {
                    text = hasText(parser);
                } else if (field.equals("usage") && value == JsonToken.START_OBJECT) {
                    tokens = completionTokens(parser);
                } else if (field.equals("error") && value != JsonToken.VALUE_NULL) {
                    error = errorMessage(parser, value);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (JacksonException e) {
            throw new ProtocolException("an event is not JSON: " + e.getOriginalMessage());
        }
        return new Chunk(text, tokens, error);
    }

    /** Looks for a text that is not empty anywhere in the choices: of a message's delta, of its reasoning, or plain. */
    private static boolean hasText(JsonParser parser) {
        boolean text = false;
        int depth = 1;
        String field = "";
        while (depth > 0) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                break;
            }
            switch (token) {
                case START_ARRAY, START_OBJECT -> depth++;
                case END_ARRAY, END_OBJECT -> depth--;
                case PROPERTY_NAME -> field = parser.currentName();
                case VALUE_STRING -> text |= isTextField(field) && parser.getStringLength() > 0;
                default -> {}
            }
        }
        return text;
    }

    private static boolean isTextField(String field) {
        return switch (field) {
            case "content", "reasoning_content", "reasoning", "text" -> true;
            default -> false;
        };
    }

    private static int completionTokens(JsonParser parser) {
        int tokens = 0;
        String field;
        while ((field = parser.nextName()) != null) {
            JsonToken value = parser.nextToken();
            if (field.equals("completion_tokens") && value == JsonToken.VALUE_NUMBER_INT) {
                tokens = Math.max(0, parser.getIntValue());
            } else {
                parser.skipChildren();
            }
        }
        return tokens;
    }

    private static String errorMessage(JsonParser parser, JsonToken value) {
        if (value != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return "the server reported an error";
        }
        String message = "the server reported an error";
        String field;
        while ((field = parser.nextName()) != null) {
            JsonToken inner = parser.nextToken();
            if (field.equals("message") && inner == JsonToken.VALUE_STRING) {
                message = parser.getString();
            } else {
                parser.skipChildren();
            }
        }
        return message;
    }
}
