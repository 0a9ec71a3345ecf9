/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.exposition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpositionTextTest {

    private static List<Sample> parse(String text) {
        return ExpositionText.parse(text, name -> true, 1_000_000);
    }

    @Test
    void parse_commentsBlankLinesAndEveryKindOfSample_areRead() {
        assertThat(parse("""
                        # HELP vllm:num_requests_running Number of requests.
                        # TYPE vllm:num_requests_running gauge
                        vllm:num_requests_running{engine="0",model_name="a\\"b\\\\c\\nd"} 3.0

                        plain 1
                          indented	{ a = "1" , b="2", } 2.5e3 1395066363000
                        bucket{le="+Inf"} +Inf
                        nan NaN
                        low -Inf
                        # EOF
                        """))
                .containsExactly(
                        new Sample("vllm:num_requests_running", Map.of("engine", "0", "model_name", "a\"b\\c\nd"), 3),
                        new Sample("plain", Map.of(), 1),
                        new Sample("indented", Map.of("a", "1", "b", "2"), 2500),
                        new Sample("bucket", Map.of("le", "+Inf"), Double.POSITIVE_INFINITY),
                        new Sample("nan", Map.of(), Double.NaN),
                        new Sample("low", Map.of(), Double.NEGATIVE_INFINITY));
    }

    @Test
    void parse_windowsLineEnds_areTakenToo() {
        assertThat(parse("a 1\r\n\r\nb{x=\"y\"} 2\r\n"))
                .extracting(Sample::value)
                .containsExactly(1.0, 2.0);
    }

    @Test
    void parse_emptyText_hasNoSamples() {
        assertThat(parse("")).isEmpty();
    }

    static Stream<Arguments> wrongTexts() {
        return Stream.of(
                arguments("<!DOCTYPE html>\n", 1, "a name was expected but there is \"<!DOCTYPE html>\""),
                arguments("a 1\nb{x=\"1\" 2\n", 2, "a comma or } was expected"),
                arguments("a 1\n\nb{x=\"1\n", 3, "a label's value does not end"),
                arguments("a{x=1} 2\n", 1, "\" was expected but there is \"1} 2\""),
                arguments("a{x=\"1\",x=\"2\"} 2\n", 1, "the label x is given twice"),
                arguments("a one\n", 1, "\"one\" is not a number"),
                arguments("a 0x10\n", 1, "\"0x10\" is not a number"),
                arguments("a 1d\n", 1, "\"1d\" is not a number"),
                arguments("a\n", 1, "\"\" is not a number"),
                arguments("a 1\nb 2", 2, "the text ends in the middle of a line"),
                arguments("{\"error\":\"x\"}\n", 1, "a name was expected"));
    }

    @ParameterizedTest
    @MethodSource("wrongTexts")
    void parse_wrongText_namesLineAndReason(String text, int line, String reason) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOfSatisfying(
                        ExpositionException.class, e -> assertThat(e.line()).isEqualTo(line))
                .hasMessageContaining("line " + line + ": ")
                .hasMessageContaining(reason);
    }

    @Test
    void parse_tooManySamples_areRefused() {
        assertThatThrownBy(() -> ExpositionText.parse("a 1\na 2\na 3\n", name -> true, 2))
                .hasMessageContaining("more than 2 samples");
        assertThat(ExpositionText.parse("a 1\na 2\nb 3\n", "b"::equals, 1)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void parse_anythingWritten_isReadBackTheSame(long seed) {
        Random random = new Random(seed);
        List<Sample> written = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            Sample sample = sample(random);
            written.add(sample);
            text.append(line(sample));
        }

        assertThat(parse(text.toString())).isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15})
    void parse_damagedText_isReadOrRefusedButNeverBreaks(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder(line(sample(random)) + line(sample(random)));
            for (int j = random.nextInt(4); j >= 0; j--) {
                text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(0x250));
            }
            try {
                assertThat(parse(text.toString())).hasSizeLessThanOrEqualTo(4);
            } catch (ExpositionException e) {
                assertThat(e.line()).isBetween(1, 8);
            }
        }
    }

    private static Sample sample(Random random) {
        Map<String, String> labels = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            labels.put(
                    "l" + i,
                    random.ints(random.nextInt(6), 0, 6)
                            .collect(
                                    StringBuilder::new,
                                    (text, c) -> text.append("a\"\\\n}é".charAt(c)),
                                    StringBuilder::append)
                            .toString());
        }
        double[] values = {0, 1, -1.5, 1e-300, 1e300, Double.NaN, Double.POSITIVE_INFINITY, random.nextGaussian()};
        return new Sample("ns:m_" + random.nextInt(9), labels, values[random.nextInt(values.length)]);
    }

    private static String line(Sample sample) {
        StringBuilder text = new StringBuilder(sample.name());
        if (!sample.labels().isEmpty()) {
            text.append('{');
            sample.labels()
                    .forEach((name, value) -> text.append(name)
                            .append("=\"")
                            .append(value.replace("\\", "\\\\")
                                    .replace("\"", "\\\"")
                                    .replace("\n", "\\n"))
                            .append("\","));
            text.append('}');
        }
        String value = Double.isInfinite(sample.value())
                ? sample.value() > 0 ? "+Inf" : "-Inf"
                : String.valueOf(sample.value()).toUpperCase(Locale.ROOT).replace("NAN", "NaN");
        return text.append(' ').append(value).append('\n').toString();
    }
}
