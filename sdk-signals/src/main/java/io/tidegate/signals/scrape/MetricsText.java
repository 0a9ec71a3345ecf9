/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * One page in the Prometheus text format (0.0.4), read strictly.
 *
 * <p>One line that does not fit the format spoils the page: what else is on it cannot be trusted then. A page must end with
 * a line break, so that one cut short is noticed. Of OpenMetrics 1.0 it also takes {@code # UNIT}, {@code # EOF}, time stamps
 * in seconds and exemplars. Quoted metric names, which servers give only to clients that ask for them, are not read.
 *
 * <p>Every sample is on its own: the parts of a histogram or summary are samples like others, and {@code HELP}, {@code TYPE},
 * time stamps and exemplars are checked for form and dropped. A number too large for a double reads as infinite. The same
 * name and labels may come twice; whoever adds samples up has to look for that.
 *
 * <p>Immutable.
 *
 * @since 0.1.0
 */
public final class MetricsText {

    private final Map<String, List<Sample>> samples;
    private final int sampleCount;
    private final boolean ended;

    private MetricsText(Map<String, List<Sample>> samples, int sampleCount, boolean ended) {
        samples.replaceAll((name, each) -> List.copyOf(each));
        this.samples = Map.copyOf(samples);
        this.sampleCount = sampleCount;
        this.ended = ended;
    }

    /**
     * One measured value.
     *
     * @param name name of the metric, with the suffix of its part: {@code vllm:e2e_request_latency_seconds_count}
     * @param labels label values by label name, unescaped
     * @param value any double; NaN and the infinities are part of the format
     */
    public record Sample(String name, Map<String, String> labels, double value) {
        public Sample {
            labels = Map.copyOf(labels);
        }
    }

    /**
     * What is too much; more than this spoils the page.
     *
     * @param maxBytes longest page, in bytes after decompression; 1 to 1 GiB, 4 MiB by default
     * @param maxSamples most samples, kept or not; positive, 50,000 by default
     */
    public record Bounds(int maxBytes, int maxSamples) {

        /** 4 MiB and 50,000 samples: about a hundred times what a vLLM server says. */
        public static final Bounds DEFAULT = new Bounds(4 << 20, 50_000);

        public Bounds {
            if (maxBytes < 1 || maxBytes > 1 << 30) {
                throw new IllegalArgumentException("maxBytes must be from 1 to 1 GiB but was " + maxBytes);
            }
            if (maxSamples < 1) {
                throw new IllegalArgumentException("maxSamples must be positive but was " + maxSamples);
            }
        }
    }

    /**
     * Reads a page within {@link Bounds#DEFAULT} and keeps every sample.
     *
     * @throws MetricsTextException if the page is too large or any line is wrong
     */
    public static MetricsText parse(byte[] utf8) {
        return parse(utf8, Bounds.DEFAULT, name -> true);
    }

    /**
     * Reads a page.
     *
     * @param wanted names of the samples to keep; the others are checked as well
     * @throws MetricsTextException if the page is too large or any line is wrong
     */
    public static MetricsText parse(byte[] utf8, Bounds bounds, Predicate<String> wanted) {
        if (utf8.length > bounds.maxBytes()) {
            throw new MetricsTextException(0, "longer than " + bounds.maxBytes() + " bytes");
        }
        return new Parser(decoded(utf8), bounds.maxSamples(), wanted).page();
    }

    private static String decoded(byte[] utf8) {
        ByteBuffer bytes = ByteBuffer.wrap(utf8);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            int line = 1;
            for (int i = 0; i < bytes.position(); i++) {
                line += utf8[i] == '\n' ? 1 : 0;
            }
            throw new MetricsTextException(line, "not UTF-8");
        }
    }

    /** The samples of that name in the order of the page; empty if it has none, or they were not wanted. */
    public List<Sample> samples(String name) {
        return samples.getOrDefault(name, List.of());
    }

    /** Samples on the page, kept or not. */
    public int sampleCount() {
        return sampleCount;
    }

    /** Whether {@code # EOF} came last, without which an OpenMetrics page is not whole. */
    public boolean ended() {
        return ended;
    }

    /** Walks once over the text; {@code at} is the next character, {@code end} the end of its line. */
    private static final class Parser {

        private static final Set<String> TYPES = Set.of(
                "counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram");
        private static final int MAX_LABELS = 128;
        private static final int MAX_SHOWN = 40;
        private static final String EOF = "# EOF";

        private final String text;
        private final int maxSamples;
        private final Predicate<String> wanted;
        private final Map<String, List<Sample>> samples = new HashMap<>();
        private final Map<String, String> labels = new LinkedHashMap<>();
        private int sampleCount;
        private boolean ended;
        private int line;
        private int at;
        private int end;

        Parser(String text, int maxSamples, Predicate<String> wanted) {
            this.text = text;
            this.maxSamples = maxSamples;
            this.wanted = wanted;
        }

        MetricsText page() {
            for (int start = 0; start < text.length(); start = end + 1) {
                line++;
                at = start;
                int feed = text.indexOf('\n', start);
                end = feed < 0 ? text.length() : feed;
                boolean eof = text.startsWith(EOF, at) && end - at == EOF.length();
                if (feed < 0 && !eof) {
                    throw wrong("the page ends inside this line");
                }
                readLine();
                ended = eof;
            }
            return new MetricsText(samples, sampleCount, ended);
        }

        private void readLine() {
            skipBlanks();
            if (at == end) {
                return;
            }
            if (text.charAt(at) == '#') {
                at++;
                readComment();
            } else {
                readSample();
            }
        }

        private void readComment() {
            skipBlanks();
            switch (word()) {
                case "HELP", "UNIT" -> metricName();
                case "TYPE" -> {
                    metricName();
                    skipBlanks();
                    String type = word();
                    if (!TYPES.contains(type)) {
                        throw wrong("no such type: " + shown(type));
                    }
                    expectEnd();
                }
                default -> {} // free text
            }
        }

        private void readSample() {
            if (++sampleCount > maxSamples) {
                throw wrong("more than " + maxSamples + " samples");
            }
            String name = metricName();
            skipBlanks();
            labels.clear();
            if (peek('{')) {
                readLabels(labels);
            }
            double value = number();
            if (at < end && !peek('#')) {
                timestamp();
            }
            if (peek('#')) {
                readExemplar();
            }
            expectEnd();
            if (wanted.test(name)) {
                samples.computeIfAbsent(name, ignored -> new ArrayList<>()).add(new Sample(name, labels, value));
            }
        }

        private void readExemplar() {
            at++;
            skipBlanks();
            readLabels(new HashMap<>());
            number();
            if (at < end) {
                timestamp();
            }
        }

        private void readLabels(Map<String, String> into) {
            expect('{');
            skipBlanks();
            while (!peek('}')) {
                String label = labelName();
                skipBlanks();
                expect('=');
                skipBlanks();
                if (into.put(label, labelValue()) != null) {
                    throw wrong("label " + shown(label) + " comes twice");
                }
                if (into.size() > MAX_LABELS) {
                    throw wrong("more than " + MAX_LABELS + " labels");
                }
                skipBlanks();
                if (!peek('}')) {
                    expect(',');
                    skipBlanks();
                }
            }
            at++;
        }

        private String labelValue() {
            expect('"');
            StringBuilder unescaped = new StringBuilder();
            while (at < end) {
                char next = text.charAt(at++);
                if (next == '"') {
                    return unescaped.toString();
                }
                if (next != '\\') {
                    unescaped.append(next);
                } else if (at < end) {
                    unescaped.append(escaped());
                }
            }
            throw wrong("a label value has no end");
        }

        private char escaped() {
            char escape = text.charAt(at++);
            return switch (escape) {
                case '\\', '"' -> escape;
                case 'n' -> '\n';
                default -> throw wrong("no such escape in a label value: \\" + shown(String.valueOf(escape)));
            };
        }

        private String metricName() {
            skipBlanks();
            int start = at;
            while (at < end && (isLabelCharacter(at, start) || text.charAt(at) == ':')) {
                at++;
            }
            String name = name("metric", start);
            // Else foo-1 would read as a metric foo with the value -1.
            if (at < end && !isBlank(at) && !peek('{')) {
                throw wrong("a blank or { is expected after " + name + ", not " + rest());
            }
            return name;
        }

        private String labelName() {
            int start = at;
            while (at < end && isLabelCharacter(at, start)) {
                at++;
            }
            return name("label", start);
        }

        private boolean isLabelCharacter(int index, int start) {
            char c = text.charAt(index);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            boolean digit = c >= '0' && c <= '9';
            return letter || c == '_' || (digit && index > start);
        }

        private String name(String kind, int start) {
            if (at == start) {
                throw wrong("a " + kind + " name is expected, not " + rest());
            }
            return text.substring(start, at);
        }

        private double number() {
            skipBlanks();
            String word = word();
            skipBlanks();
            if (word.chars().allMatch(c -> "0123456789+-.eE".indexOf(c) >= 0)) {
                try {
                    return Double.parseDouble(word);
                } catch (NumberFormatException e) {
                    throw wrong(word.isEmpty() ? "a number is missing" : "not a number: " + shown(word));
                }
            }
            return switch (word.toLowerCase(Locale.ROOT)) {
                case "nan" -> Double.NaN;
                case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
                case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
                default -> throw wrong("not a number: " + shown(word));
            };
        }

        private void timestamp() {
            if (!Double.isFinite(number())) {
                throw wrong("a time stamp is not finite");
            }
        }

        private String word() {
            int start = at;
            while (at < end && !isBlank(at)) {
                at++;
            }
            return text.substring(start, at);
        }

        private void skipBlanks() {
            while (at < end && isBlank(at)) {
                at++;
            }
        }

        private boolean isBlank(int index) {
            char c = text.charAt(index);
            return c == ' ' || c == '\t';
        }

        private boolean peek(char wantedNext) {
            return at < end && text.charAt(at) == wantedNext;
        }

        private void expect(char wantedNext) {
            if (!peek(wantedNext)) {
                throw wrong("a " + wantedNext + " is expected, not " + rest());
            }
            at++;
        }

        private void expectEnd() {
            skipBlanks();
            if (at < end) {
                throw wrong("the line should end before " + rest());
            }
        }

        private String rest() {
            return at >= end ? "the end of the line" : shown(text.substring(at, end));
        }

        private static String shown(String found) {
            String some = found.length() <= MAX_SHOWN ? found : found.substring(0, MAX_SHOWN) + "...";
            return "\"" + some.replaceAll("\\p{Cntrl}", "?") + "\"";
        }

        private MetricsTextException wrong(String reason) {
            return new MetricsTextException(line, reason);
        }
    }
}
