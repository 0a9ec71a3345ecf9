/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/** Objects of one line of JSON, asked field by field; a field that is missing or of another kind is an {@link IllegalArgumentException}. */
final class Json {

    /** Bytes of the longest line that is written or read. */
    static final int MAX_LINE = 4 << 20;

    /** What is written can be read again: both sides have the same limits. */
    private static final int MAX_DEPTH = 64;

    /**
     * Everything beyond ASCII is written as an escape: no byte can be mistaken for a line break by any tool, lone surrogates survive,
     * and nothing can steer a terminal.
     */
    static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_LINE)
                    .maxNameLength(MAX_LINE)
                    .maxNumberLength(64)
                    .build())
            .streamWriteConstraints(
                    StreamWriteConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            // Names of signals and policies come from outside and must not fill a table that is never emptied.
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    private final Map<String, Object> fields;

    private Json(Map<String, Object> fields) {
        this.fields = fields;
    }

    /** The object that a parser is about to begin. */
    static Json read(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT || !(value(parser) instanceof Json whole)) {
            throw new IllegalArgumentException("it is no JSON object");
        }
        if (parser.nextToken() != null) {
            throw new IllegalArgumentException("something follows the end of the object");
        }
        return whole;
    }

    private static Object value(JsonParser parser) {
        JsonToken token = parser.currentToken();
        switch (token) {
            case START_OBJECT -> {
                Map<String, Object> object = new LinkedHashMap<>();
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    String name = name(parser.currentName());
                    if (parser.nextToken() != JsonToken.VALUE_NULL) {
                        object.put(name, value(parser));
                    }
                }
                return new Json(object);
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                return list;
            }
            case VALUE_STRING -> {
                return parser.getString();
            }
            case VALUE_NUMBER_INT -> {
                Number number = parser.getNumberValue();
                if (number instanceof BigInteger) {
                    throw new IllegalArgumentException("the number " + number + " is too large");
                }
                return number.longValue();
            }
            case VALUE_NUMBER_FLOAT -> {
                return parser.getDoubleValue();
            }
            case VALUE_TRUE, VALUE_FALSE -> {
                return token == JsonToken.VALUE_TRUE;
            }
            case VALUE_NULL -> {
                return Optional.empty();
            }
            default -> throw new IllegalArgumentException("a value was expected and not " + token);
        }
    }

    /** What a name begins with in which something stands for characters that no parser takes in a name. */
    private static final char ESCAPE = '~';

    /**
     * A text as the name of a field. Lone surrogates, which parsers refuse in names, are written as {@code ~d800}, in a name that
     * begins with {@code ~}; a text that does so itself is written in the same way.
     */
    static String key(String text) {
        boolean plain = !text.startsWith("~");
        for (int i = 0; plain && i < text.length(); i++) {
            plain = !lone(text, i);
        }
        if (plain) {
            return text;
        }
        StringBuilder name = new StringBuilder().append(ESCAPE);
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each == ESCAPE || lone(text, i)) {
                name.append(ESCAPE).append(HexFormat.of().toHexDigits(each));
            } else {
                name.append(each);
            }
        }
        return name.toString();
    }

    private static boolean lone(String text, int at) {
        char each = text.charAt(at);
        if (Character.isHighSurrogate(each)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(each) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    private static String name(String key) {
        if (!key.startsWith("~")) {
            return key;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 1; i < key.length(); i++) {
            char each = key.charAt(i);
            if (each == ESCAPE) {
                text.append((char) HexFormat.fromHexDigits(key, i + 1, i + 5));
                i += 4;
            } else {
                text.append(each);
            }
        }
        return text.toString();
    }

    boolean has(String name) {
        return fields.containsKey(name);
    }

    Iterable<String> names() {
        return fields.keySet();
    }

    private <T> T field(String name, Class<T> type, String expected) {
        Object found = fields.get(name);
        if (!type.isInstance(found)) {
            throw new IllegalArgumentException(found == null ? name + " is missing" : name + " is not " + expected);
        }
        return type.cast(found);
    }

    String text(String name) {
        return field(name, String.class, "a text");
    }

    String textOr(String name, String otherwise) {
        return has(name) ? text(name) : otherwise;
    }

    long whole(String name) {
        return field(name, Long.class, "a whole number");
    }

    int integer(String name) {
        return Math.toIntExact(whole(name));
    }

    double number(String name) {
        return number(field(name, Object.class, "a number"));
    }

    boolean flag(String name) {
        return field(name, Boolean.class, "true or false");
    }

    Instant instant(String name) {
        return Instant.parse(text(name));
    }

    Duration duration(String name) {
        return Duration.parse(text(name));
    }

    <E extends Enum<E>> E choice(String name, Class<E> type) {
        return constant(type, text(name));
    }

    Json object(String name) {
        return field(name, Json.class, "an object");
    }

    Optional<Json> optional(String name) {
        return has(name) ? Optional.of(object(name)) : Optional.empty();
    }

    List<Json> objects(String name) {
        List<Json> objects = new ArrayList<>();
        for (Object each : field(name, List.class, "a list")) {
            if (!(each instanceof Json object)) {
                throw new IllegalArgumentException(name + " is not a list of objects");
            }
            objects.add(object);
        }
        return objects;
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (Object each : field(name, List.class, "a list")) {
            if (!(each instanceof String text)) {
                throw new IllegalArgumentException(name + " is not a list of texts");
            }
            texts.add(text);
        }
        return texts;
    }

    /** Numbers that belong together in groups of so many. */
    Numbers numbers(String name, int group) {
        List<?> all = field(name, List.class, "a list");
        if (all.size() % group != 0) {
            throw new IllegalArgumentException(name + " has " + all.size() + " numbers, no multiple of " + group);
        }
        return new Numbers(name, all);
    }

    /** A list of numbers, taken one by one. */
    static final class Numbers {

        private final String name;
        private final List<?> all;
        private int next;

        private Numbers(String name, List<?> all) {
            this.name = name;
            this.all = all;
        }

        boolean more() {
            return next < all.size();
        }

        long whole() {
            if (all.get(next++) instanceof Long whole) {
                return whole;
            }
            throw new IllegalArgumentException(name + " has something that is no whole number");
        }

        int integer() {
            return Math.toIntExact(whole());
        }

        double number() {
            return Json.number(all.get(next++));
        }
    }

    /** Numbers that JSON has no form for are texts. */
    private static double number(@Nullable Object value) {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        if (value instanceof String text) {
            return switch (text) {
                case "NaN" -> Double.NaN;
                case "Infinity" -> Double.POSITIVE_INFINITY;
                case "-Infinity" -> Double.NEGATIVE_INFINITY;
                default -> throw new IllegalArgumentException("a number was expected and not " + text);
            };
        }
        throw new IllegalArgumentException("a number was expected and not " + value);
    }

    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    static <E extends Enum<E>> E constant(Class<E> type, String name) {
        return Enum.valueOf(type, name.toUpperCase(Locale.ROOT));
    }
}
