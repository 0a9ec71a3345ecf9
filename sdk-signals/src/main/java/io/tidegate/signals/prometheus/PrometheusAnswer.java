/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * An answer of Prometheus' {@code /api/v1/query}, read strictly: what is not as the API says spoils it.
 *
 * @param success whether its status is {@code success}
 * @param error type and words of the error, if it is not; empty if none are given
 * @param series of an instant vector, or one without labels for a scalar
 * @param warnings what else it says, for people
 * @param partial whether it says of itself that it is not of all data
 */
record PrometheusAnswer(boolean success, String error, List<Series> series, List<String> warnings, boolean partial) {

    /** More than any query for a signal gives. */
    private static final int MAX_SERIES = 10_000;

    private static final int MAX_WARNINGS = 10;

    /** What Go writes: no hexadecimal, no suffixes, no blanks. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /**
     * One series, or a scalar.
     *
     * @param labels empty for a scalar
     * @param atSeconds when it was computed, by the server's clock, since 1970
     * @param value null if the server says null; NaN and the infinities are possible
     */
    record Series(
            Map<String, String> labels,
            double atSeconds,
            @Nullable Double value) {}

    /** What is no such answer, in words. */
    static final class BadAnswer extends Exception {

        private static final long serialVersionUID = 1L;

        BadAnswer(String reason) {
            super(reason);
        }
    }

    static PrometheusAnswer read(byte[] body) throws BadAnswer {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
            return new Reader(json).answer();
        } catch (JacksonException e) {
            throw new BadAnswer("not JSON: " + e.getOriginalMessage());
        }
    }

    private static final class Reader {

        private final JsonParser json;
        private final List<Series> series = new ArrayList<>();
        private final List<String> warnings = new ArrayList<>();
        private String status = "";
        private String errorType = "";
        private String error = "";
        private String resultType = "";
        private boolean result;
        private boolean valueless;
        private boolean partial;

        Reader(JsonParser json) {
            this.json = json;
        }

        PrometheusAnswer answer() throws BadAnswer {
            expect(json.nextToken(), JsonToken.START_OBJECT, "an object");
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "status" -> status = text(name);
                    case "errorType" -> errorType = text(name);
                    case "error" -> error = text(name);
                    case "data" -> data();
                    case "warnings" -> warnings();
                    case "isPartial" -> partial = json.currentToken() == JsonToken.VALUE_TRUE;
                    default -> json.skipChildren();
                }
            }
            if (json.nextToken() != null) {
                throw new BadAnswer("it goes on after its end");
            }
            boolean success = status.equals("success");
            if (!success && !status.equals("error")) {
                throw new BadAnswer("its status is neither success nor error");
            }
            if (success && !result) {
                throw new BadAnswer("it has no result");
            }
            if (success && !resultType.equals("vector") && !resultType.equals("scalar")) {
                throw new BadAnswer("its result type is " + resultType + ", not vector or scalar");
            }
            // Only now: a matrix has values of another form, and its type is the better reason.
            if (success && valueless) {
                throw new BadAnswer("a series has no value; a native histogram is none");
            }
            String said = errorType.isEmpty() || error.isEmpty() ? errorType + error : errorType + ": " + error;
            return new PrometheusAnswer(success, said, List.copyOf(series), List.copyOf(warnings), partial);
        }

        private void data() throws BadAnswer {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            expect(json.currentToken(), JsonToken.START_OBJECT, "data");
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "resultType" -> resultType = text(name);
                    case "result" -> result();
                    default -> json.skipChildren();
                }
            }
        }

        /** A vector is an array of objects and a scalar one of two values; the type may come later. */
        private void result() throws BadAnswer {
            result = true;
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            expect(json.currentToken(), JsonToken.START_ARRAY, "result");
            JsonToken next = json.nextToken();
            if (next == JsonToken.START_OBJECT) {
                for (; next == JsonToken.START_OBJECT; next = json.nextToken()) {
                    if (series.size() == MAX_SERIES) {
                        throw new BadAnswer("more than " + MAX_SERIES + " series");
                    }
                    series.add(series());
                }
                expect(next, JsonToken.END_ARRAY, "the end of result");
            } else if (next != JsonToken.END_ARRAY) {
                series.add(pair(next));
            }
        }

        private Series series() throws BadAnswer {
            Map<String, String> labels = Map.of();
            Series valued = null;
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken token = json.nextToken();
                switch (name) {
                    case "metric" -> labels = labels();
                    case "value" -> {
                        if (token == JsonToken.VALUE_NULL) {
                            valued = new Series(Map.of(), Double.NaN, null);
                        } else {
                            expect(token, JsonToken.START_ARRAY, "value");
                            valued = pair(json.nextToken());
                        }
                    }
                    default -> json.skipChildren();
                }
            }
            if (valued == null) {
                valueless = true;
                return new Series(labels, Double.NaN, null);
            }
            return new Series(labels, valued.atSeconds(), valued.value());
        }

        /** Time and value, up to the end of their array. */
        private Series pair(@Nullable JsonToken first) throws BadAnswer {
            if (first != JsonToken.VALUE_NUMBER_INT && first != JsonToken.VALUE_NUMBER_FLOAT) {
                throw new BadAnswer("a value has no time");
            }
            double atSeconds = json.getDoubleValue();
            if (!Double.isFinite(atSeconds)) {
                throw new BadAnswer("a value has no time");
            }
            JsonToken second = json.nextToken();
            Double value = second == JsonToken.VALUE_NULL ? null : number(text("a value"));
            expect(json.nextToken(), JsonToken.END_ARRAY, "the end of a value");
            return new Series(Map.of(), atSeconds, value);
        }

        private static double number(String text) throws BadAnswer {
            if (NUMBER.matcher(text).matches()) {
                return Double.parseDouble(text);
            }
            return switch (text) {
                case "NaN" -> Double.NaN;
                case "Inf", "+Inf" -> Double.POSITIVE_INFINITY;
                case "-Inf" -> Double.NEGATIVE_INFINITY;
                default -> throw new BadAnswer("not a number: " + text);
            };
        }

        private Map<String, String> labels() throws BadAnswer {
            expect(json.currentToken(), JsonToken.START_OBJECT, "metric");
            Map<String, String> labels = new HashMap<>();
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                json.nextToken();
                labels.put(name, text(name));
            }
            return labels;
        }

        private void warnings() throws BadAnswer {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            expect(json.currentToken(), JsonToken.START_ARRAY, "warnings");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                String warning = text("a warning");
                if (warnings.size() < MAX_WARNINGS) {
                    warnings.add(warning);
                }
            }
        }

        private String text(String what) throws BadAnswer {
            expect(json.currentToken(), JsonToken.VALUE_STRING, what);
            return json.getString();
        }

        private static void expect(@Nullable JsonToken found, JsonToken wanted, String what) throws BadAnswer {
            if (found != wanted) {
                throw new BadAnswer(what + " is expected, not " + (found == null ? "the end" : found.name()));
            }
        }
    }
}
