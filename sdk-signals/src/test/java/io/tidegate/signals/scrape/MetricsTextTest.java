/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tidegate.signals.scrape.MetricsText.Bounds;
import io.tidegate.signals.scrape.MetricsText.Sample;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsTextTest {

    private static MetricsText parse(String page) {
        return MetricsText.parse(page.getBytes(StandardCharsets.UTF_8));
    }

    private static MetricsTextException failure(String page) {
        return catchThrowableOfType(MetricsTextException.class, () -> parse(page));
    }

    @Test
    void parse_nameWithColonAndLabels_keepsThem() {
        MetricsText text = parse("vllm:num_requests_waiting{engine=\"0\",model_name=\"org/model-8B\"} 5.0\n");

        assertThat(text.samples("vllm:num_requests_waiting"))
                .containsExactly(new Sample(
                        "vllm:num_requests_waiting", Map.of("engine", "0", "model_name", "org/model-8B"), 5));
    }

    @Test
    void parse_escapesInLabelValue_areUndone() {
        MetricsText text = parse("x{path=\"C:\\\\dir\",said=\"a \\\"b\\\", } # {\",lines=\"1\\n2\"} 1\n");

        assertThat(text.samples("x").get(0).labels())
                .containsOnly(
                        Map.entry("path", "C:\\dir"), Map.entry("said", "a \"b\", } # {"), Map.entry("lines", "1\n2"));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "-0.5, -0.5",
        "+7, 7",
        ".5, 0.5",
        "5., 5",
        "3.9024848896e+010, 39024848896",
        "1E-3, 0.001",
        "1e400, Infinity",
        "NaN, NaN",
        "nan, NaN",
        "+Inf, Infinity",
        "Inf, Infinity",
        "-Inf, -Infinity",
        "-infinity, -Infinity"
    })
    void parse_number_isReadAsWritten(String written, Double value) {
        assertThat(parse("x " + written + "\n").samples("x").get(0).value()).isEqualTo(value);
    }

    @Test
    void parse_blanksTabsEmptyLinesAndTrailingComma_areTaken() {
        MetricsText text = parse("\n  x \t { a = \"1\" , } \t 2   1395066363000  \n\t\nx{} 3 -7\ny{a=\"1\"}4\n");

        assertThat(text.samples("x"))
                .containsExactly(new Sample("x", Map.of("a", "1"), 2), new Sample("x", Map.of(), 3));
        assertThat(text.samples("y")).containsExactly(new Sample("y", Map.of("a", "1"), 4));
    }

    @Test
    void parse_histogram_givesItsPartsAsSamples() {
        MetricsText text = parse("""
                # HELP t_seconds Time, with a \\n in the help.
                # TYPE t_seconds histogram
                t_seconds_bucket{le="0.5"} 1
                t_seconds_bucket{le="+Inf"} 3
                t_seconds_count 3
                t_seconds_sum 4.5
                """);

        assertThat(text.samples("t_seconds_bucket"))
                .containsExactly(
                        new Sample("t_seconds_bucket", Map.of("le", "0.5"), 1),
                        new Sample("t_seconds_bucket", Map.of("le", "+Inf"), 3));
        assertThat(text.samples("t_seconds_sum").get(0).value()).isEqualTo(4.5);
        assertThat(text.samples("t_seconds")).isEmpty();
        assertThat(text.sampleCount()).isEqualTo(4);
    }

    @Test
    void parse_openMetricsPage_isTaken() {
        MetricsText text = parse("""
                # TYPE t_seconds histogram
                # UNIT t_seconds seconds
                t_seconds_bucket{le="+Inf"} 3 1520879607.789 # {trace_id="a b"} 0.67 1520879607.1
                t_seconds_count 3
                # EOF""");

        assertThat(text.ended()).isTrue();
        assertThat(text.samples("t_seconds_bucket").get(0).value()).isEqualTo(3);
    }

    @Test
    void ended_textAfterEof_isFalse() {
        assertThat(parse("# EOF\nx 1\n").ended()).isFalse();
        assertThat(parse("x 1\n# EOF\n").ended()).isTrue();
        assertThat(parse("x 1\n").ended()).isFalse();
    }

    @Test
    void parse_otherComments_areSkipped() {
        assertThat(parse("# anything { goes \" here\n#\n#EOF of something\nx 1\n")
                        .sampleCount())
                .isEqualTo(1);
    }

    @Test
    void parse_emptyPage_hasNoSamples() {
        assertThat(MetricsText.parse(new byte[0]).sampleCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "x ",
                "x one",
                "x 1 2 3",
                "x 0x1p3",
                "x 1_000",
                "x 1d",
                "x 1,5",
                "x --1",
                "x 1e",
                "x 1 later",
                "x 1 NaN",
                "x-1 2",
                "x.y 1",
                "9x 1",
                "xä 1",
                "{a=\"b\"} 1",
                "{\"x\"} 1",
                "x{a=\"b\" 1",
                "x{a=\"b} 1",
                "x{a=\"b\\\"} 1",
                "x{a=\"b\\",
                "x{a='b'} 1",
                "x{a=b} 1",
                "x{a} 1",
                "x{=\"b\"} 1",
                "x{,} 1",
                "x{a=\"b\",,} 1",
                "x{a=\"b\"c=\"d\"} 1",
                "x{a:b=\"c\"} 1",
                "x{1a=\"c\"} 1",
                "x{a=\"b\",a=\"c\"} 1",
                "x{a=\"\\t\"} 1",
                "x{a=\"b\"}",
                "x 1 # no exemplar",
                "x 1 # {a=\"b\"}",
                "x 1 # {a=\"b\"} 1 2 3",
                "x 1\r",
                "# TYPE x",
                "# TYPE x number",
                "# TYPE x gauge gauge",
                "# TYPE x-y gauge",
                "# HELP 9x help",
                "<!DOCTYPE html>",
                "{\"status\":\"success\"}",
                "upstream connect error or disconnect/reset before headers",
                "\uFEFFx 1"
            })
    void parse_malformedLine_namesTheLine(String line) {
        MetricsTextException failure = failure("# TYPE ok gauge\nok 1\n" + line + "\nok 2\n");

        assertThat(failure).isNotNull();
        assertThat(failure.line()).isEqualTo(3);
        assertThat(failure).hasMessageStartingWith("line 3: ");
    }

    @Test
    void parse_malformedLineOfUnwantedMetric_spoilsThePageAsWell() {
        byte[] page = "wanted 1\nother one\n".getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> MetricsText.parse(page, Bounds.DEFAULT, "wanted"::equals))
                .hasMessage("line 2: not a number: \"one\"");
    }

    @Test
    void parse_unwantedMetric_isCountedAndNotKept() {
        byte[] page = "wanted 1\nother 2\n".getBytes(StandardCharsets.UTF_8);

        MetricsText text = MetricsText.parse(page, Bounds.DEFAULT, "wanted"::equals);

        assertThat(text.samples("wanted")).hasSize(1);
        assertThat(text.samples("other")).isEmpty();
        assertThat(text.sampleCount()).isEqualTo(2);
    }

    @Test
    void parse_lastLineWithoutLineBreak_isTakenForCutShort() {
        assertThat(failure("x 1\ny 12"))
                .hasMessage("line 2: the page ends inside this line")
                .extracting(MetricsTextException::line)
                .isEqualTo(2);
    }

    @Test
    void parse_notUtf8_namesTheLine() {
        byte[] page = "x 1\ny{a=\"?\"} 1\n".getBytes(StandardCharsets.UTF_8);
        page[8] = (byte) 0xFF;

        assertThatThrownBy(() -> MetricsText.parse(page)).hasMessage("line 2: not UTF-8");
    }

    @Test
    void parse_moreBytesThanAllowed_isRefused() {
        byte[] page = "x 1\n".getBytes(StandardCharsets.UTF_8);

        assertThat(MetricsText.parse(page, new Bounds(4, 1), name -> true).sampleCount())
                .isEqualTo(1);
        assertThatThrownBy(() -> MetricsText.parse(page, new Bounds(3, 1), name -> true))
                .hasMessage("longer than 3 bytes")
                .extracting(failure -> ((MetricsTextException) failure).line())
                .isEqualTo(0);
    }

    @Test
    void parse_moreSamplesThanAllowed_isRefused() {
        byte[] page = "x 1\nx 2\nx 3\n".getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> MetricsText.parse(page, new Bounds(100, 2), name -> false))
                .hasMessage("line 3: more than 2 samples");
    }

    @Test
    void parse_moreLabelsThanAllowed_isRefused() {
        StringBuilder line = new StringBuilder("x{");
        for (int i = 0; i < 129; i++) {
            line.append("a").append(i).append("=\"\",");
        }

        assertThat(failure(line + "} 1\n")).hasMessage("line 1: more than 128 labels");
    }

    @Test
    void parse_longOrUnprintableText_isNotRepeatedInTheMessage() {
        assertThat(failure("x \u001B[31m" + "y".repeat(10_000) + "\n").getMessage())
                .hasSizeLessThan(100)
                .doesNotContain("\u001B");
    }

    @Test
    void bounds_outOfRange_areRefused() {
        assertThatThrownBy(() -> new Bounds(0, 1)).hasMessageContaining("maxBytes");
        assertThatThrownBy(() -> new Bounds(Integer.MAX_VALUE, 1)).hasMessageContaining("maxBytes");
        assertThatThrownBy(() -> new Bounds(1, 0)).hasMessageContaining("maxSamples");
    }
}
