/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Reads files of one JSON object per line, of which the time and the two lengths are taken and the rest is skipped. */
final class JsonlRows {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int NANO_DIGITS = 9;
    /** Digits and a fraction, no exponent: bounds what a row can make BigDecimal do. */
    private static final Pattern TIME = Pattern.compile("\\d{1,15}(\\.\\d{1,20})?");

    private JsonlRows() {}

    /**
     * The fields of one line that a trace reader looks at; null where the line has none of that name.
     *
     * @param timestamp the text of the time
     * @param timestampQuoted whether the time was a JSON string and not a number
     * @param session whether there is a {@code session_id}
     */
    record Row(
            @Nullable String timestamp,
            boolean timestampQuoted,
            @Nullable Long inputLength,
            @Nullable Long outputLength,
            boolean session) {

        /** Whether all fields every format needs are there. */
        boolean isComplete() {
            return timestamp != null && inputLength != null && outputLength != null;
        }
    }

    /** How a format writes the time of a row. */
    interface Format {
        /** Returns whether the row's time is written in the format's way. */
        boolean hasTime(Row row);

        /** What the time must be, for an error message. */
        String timeRule();

        /** Powers of ten from the time's unit to a second: 3 for milliseconds. */
        int unitDigits();
    }

    /** Returns the row on a line if it is one, else null. */
    static @Nullable Row recognise(String line) {
        try {
            Row row = parse(line);
            return row.isComplete() ? row : null;
        } catch (JacksonException | IllegalArgumentException e) {
            return null;
        }
    }

    static Trace read(TraceInput input, TraceSettings settings, String name, Format format) {
        return EventFile.read(input, settings, name, in -> new Rows(in, format));
    }

    private static final class Rows implements EventRows {
        private final TraceInput input;
        private final Format format;
        private final LineReader lines;

        Rows(TraceInput input, Format format) throws IOException {
            this.input = input;
            this.format = format;
            this.lines = new LineReader(input);
        }

        @Override
        public @Nullable EventRow next() {
            String line;
            try {
                line = lines.next();
            } catch (IOException e) {
                throw input.unreadable(lines.line() + 1, e);
            }
            if (line == null) {
                return null;
            }
            Row row;
            try {
                row = parse(line);
            } catch (JacksonException e) {
                throw input.badRow(lines.line(), "the line is not a JSON object: " + e.getOriginalMessage());
            } catch (IllegalArgumentException e) {
                throw input.badRow(lines.line(), String.valueOf(e.getMessage()));
            }
            return new EventRow(
                    lines.line(),
                    time(input, lines.line(), row, format),
                    tokens(input, lines.line(), "input_length", row.inputLength()),
                    tokens(input, lines.line(), "output_length", row.outputLength()));
        }

        @Override
        public void note(List<String> notes) {
            // All rows are taken as they are.
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    private static Instant time(TraceInput input, long line, Row row, Format format) {
        String text = row.timestamp();
        if (text == null) {
            throw input.badRow(line, "timestamp is missing");
        }
        if (!format.hasTime(row) || !TIME.matcher(text).matches()) {
            throw input.badRow(
                    line,
                    "timestamp must be " + format.timeRule() + " but was "
                            + (row.timestampQuoted() ? "\"" + text + "\"" : text));
        }
        BigDecimal seconds = new BigDecimal(text).movePointLeft(format.unitDigits());
        long whole = seconds.longValue();
        BigDecimal fraction = seconds.subtract(BigDecimal.valueOf(whole));
        return Instant.ofEpochSecond(whole, fraction.movePointRight(NANO_DIGITS).longValue());
    }

    private static int tokens(TraceInput input, long line, String field, @Nullable Long value) {
        if (value == null) {
            throw input.badRow(line, field + " is missing");
        }
        if (value < 0 || value > EventFile.MAX_TOKENS) {
            throw input.badRow(line, field + " must be in 0.." + EventFile.MAX_TOKENS + " but was " + value);
        }
        return value.intValue();
    }

    private static Row parse(String line) {
        String timestamp = null;
        boolean quoted = false;
        Long inputLength = null;
        Long outputLength = null;
        boolean session = false;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("the line is not a JSON object");
            }
            String field;
            while ((field = parser.nextName()) != null) {
                JsonToken value = parser.nextToken();
                switch (field) {
                    case "timestamp" -> {
                        quoted = value == JsonToken.VALUE_STRING;
                        timestamp = value.isScalarValue() ? parser.getString() : null;
                    }
                    case "input_length" -> inputLength = wholeNumber(parser, field, value);
                    case "output_length" -> outputLength = wholeNumber(parser, field, value);
                    case "session_id" -> session = true;
                    default -> {}
                }
                parser.skipChildren();
            }
            if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
                throw new IllegalArgumentException("there is more than one JSON object on the line");
            }
        }
        return new Row(timestamp, quoted, inputLength, outputLength, session);
    }

    private static long wholeNumber(JsonParser parser, String field, JsonToken value) {
        if (value != JsonToken.VALUE_NUMBER_INT) {
            String text = value.isScalarValue() ? parser.getString() : value.asString();
            throw new IllegalArgumentException(field + " must be a whole number but was " + text);
        }
        return parser.getLongValue();
    }
}
