/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.exposition;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A strict reader of the Prometheus text exposition format 0.0.4, which also takes OpenMetrics' {@code # EOF}.
 *
 * <p>Strict, because a payload that was cut short or is a web page must not pass for a few numbers: any line that is neither
 * a comment nor a sample is an error with its line number. Names may have colons. Time stamps and exemplars are skipped.
 * Histograms and summaries come as the samples they are made of.
 *
 * <p>Source of the grammar: Prometheus documentation, "Exposition formats".
 *
 * @since 0.1.0
 */
public final class ExpositionText {

    private static final int MAX_LABELS = 128;

    private final String text;
    private int position;
    private int line = 1;

    private ExpositionText(String text) {
        this.text = text;
    }

    /**
     * Reads the samples whose names are wanted; all lines are checked.
     *
     * @param maxSamples most samples kept
     * @throws ExpositionException if a line is wrong, the last line is cut short, or more samples are wanted
     */
    public static List<Sample> parse(String text, Predicate<String> wanted, int maxSamples) {
        return new ExpositionText(text).read(wanted, maxSamples);
    }

    private List<Sample> read(Predicate<String> wanted, int maxSamples) {
        List<Sample> samples = new ArrayList<>();
        boolean ended = text.isEmpty();
        while (position < text.length()) {
            skipBlanks();
            if (atEndOfLine()) {
                // An empty line says nothing.
                ended = endLine();
                continue;
            }
            if (text.charAt(position) == '#') {
                position = endOfLine();
            } else {
                Sample sample = sample();
                if (wanted.test(sample.name())) {
                    if (samples.size() == maxSamples) {
                        throw wrong("more than " + maxSamples + " samples");
                    }
                    samples.add(sample);
                }
            }
            ended = endLine();
        }
        if (!ended) {
            throw wrong("the text ends in the middle of a line");
        }
        return samples;
    }

    private Sample sample() {
        String name = name(true);
        skipBlanks();
        Map<String, String> labels = Map.of();
        if (position < text.length() && text.charAt(position) == '{') {
            labels = labels();
            skipBlanks();
        }
        double value = value();
        // A time stamp or an exemplar may follow; neither says anything about the value.
        position = endOfLine();
        return new Sample(name, labels, value);
    }

    private String name(boolean colons) {
        int start = position;
        while (position < text.length() && isNamePart(text.charAt(position), colons, position > start)) {
            position++;
        }
        if (position == start) {
            throw wrong("a name was expected but there is " + found());
        }
        return text.substring(start, position);
    }

    private static boolean isNamePart(char c, boolean colons, boolean digits) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || c == '_'
                || (colons && c == ':')
                || (digits && c >= '0' && c <= '9');
    }

    private Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>();
        position++;
        skipBlanks();
        while (position < text.length() && text.charAt(position) != '}') {
            String name = name(false);
            skipBlanks();
            expect('=');
            skipBlanks();
            if (labels.put(name, quoted()) != null) {
                throw wrong("the label " + name + " is given twice");
            }
            if (labels.size() > MAX_LABELS) {
                throw wrong("more than " + MAX_LABELS + " labels");
            }
            skipBlanks();
            if (position < text.length() && text.charAt(position) == ',') {
                position++;
                skipBlanks();
            } else if (position >= text.length() || text.charAt(position) != '}') {
                throw wrong("a comma or } was expected but there is " + found());
            }
        }
        expect('}');
        return labels;
    }

    private String quoted() {
        expect('"');
        StringBuilder value = new StringBuilder();
        while (position < text.length()) {
            char c = text.charAt(position++);
            if (c == '"') {
                return value.toString();
            }
            if (c == '\n') {
                break;
            }
            if (c == '\\' && position < text.length()) {
                char escaped = text.charAt(position++);
                switch (escaped) {
                    case 'n' -> value.append('\n');
                    case '"', '\\' -> value.append(escaped);
                    default -> value.append('\\').append(escaped);
                }
            } else {
                value.append(c);
            }
        }
        throw wrong("a label's value does not end");
    }

    private double value() {
        int start = position;
        while (position < text.length() && !isBlank(text.charAt(position)) && !atEndOfLine()) {
            position++;
        }
        String number = text.substring(start, position);
        return switch (number) {
            case "NaN" -> Double.NaN;
            case "+Inf", "Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> parsed(number);
        };
    }

    private double parsed(String number) {
        // Java also takes "1d", "0x1p3" and "Infinity", which are no numbers of this format.
        for (int i = 0; i < number.length(); i++) {
            char c = number.charAt(i);
            if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
                throw wrong("\"" + shortened(number) + "\" is not a number");
            }
        }
        try {
            return Double.parseDouble(number);
        } catch (NumberFormatException e) {
            throw wrong("\"" + shortened(number) + "\" is not a number");
        }
    }

    private void expect(char c) {
        if (position >= text.length() || text.charAt(position) != c) {
            throw wrong(c + " was expected but there is " + found());
        }
        position++;
    }

    private void skipBlanks() {
        while (position < text.length() && isBlank(text.charAt(position))) {
            position++;
        }
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private boolean atEndOfLine() {
        char c = text.charAt(position);
        return c == '\n' || (c == '\r' && position + 1 < text.length() && text.charAt(position + 1) == '\n');
    }

    private int endOfLine() {
        int end = text.indexOf('\n', position);
        return end < 0 ? text.length() : end;
    }

    /** Goes to the next line; false if the text ended without a line break. */
    private boolean endLine() {
        int end = text.indexOf('\n', position);
        if (end < 0) {
            return text.startsWith("# EOF", text.lastIndexOf('\n') + 1);
        }
        position = end + 1;
        line++;
        return true;
    }

    private String found() {
        return position >= text.length() ? "the end" : "\"" + shortened(text.substring(position, endOfLine())) + "\"";
    }

    private static String shortened(String found) {
        return (found.length() > 40 ? found.substring(0, 40) + "…" : found).replaceAll("\\p{Cntrl}", " ");
    }

    private ExpositionException wrong(String reason) {
        return new ExpositionException(line, reason);
    }
}
