/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.signals.scrape.MetricsText.Sample;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Random pages, written in every way the format allows; each failure names the seed that makes it again. */
class MetricsTextPropertyTest {

    private static final int PAGES = 400;
    private static final List<String> TYPES = List.of("counter", "gauge", "histogram", "summary", "untyped");
    private static final List<String> LABEL_PIECES = List.of(
            "a", "Z", "0", " ", "\\", "\"", "\n", "{", "}", ",", "=", "#", "\t", "ß", "→", "\uD83D\uDE00", "\\n");

    @Test
    void parse_randomPage_givesBackWhatWasWritten() {
        for (int seed = 0; seed < PAGES; seed++) {
            RandomPage page = new RandomPage(seed);

            MetricsText text = MetricsText.parse(page.bytes());

            assertThat(text.sampleCount()).as("seed %d", seed).isEqualTo(page.sampleCount);
            assertThat(text.ended()).as("seed %d", seed).isEqualTo(page.ended);
            page.samples.forEach((name, samples) ->
                    assertThat(text.samples(name)).as("seed %d", page.seed).isEqualTo(samples));
        }
    }

    @Test
    void parse_pageCutAnywhere_isRefusedOrHoldsOnlyWhatWasWritten() {
        for (int seed = 0; seed < 15; seed++) {
            RandomPage page = new RandomPage(seed);
            byte[] whole = page.bytes();
            for (int cut = 0; cut < whole.length; cut++) {
                boolean betweenLines = cut == 0 || whole[cut - 1] == '\n';
                try {
                    MetricsText text = MetricsText.parse(Arrays.copyOf(whole, cut));
                    boolean onlyLineBreakMissing = page.ended && cut == whole.length - 1;
                    assertThat(betweenLines || onlyLineBreakMissing)
                            .as("seed %d cut at %d", seed, cut)
                            .isTrue();
                    page.samples.forEach((name, samples) -> assertThat(text.samples(name))
                            .as("seed %d", page.seed)
                            .isEqualTo(samples.subList(0, text.samples(name).size())));
                } catch (MetricsTextException e) {
                    assertThat(betweenLines).as("seed %d cut at %d", seed, cut).isFalse();
                }
            }
        }
    }

    @Test
    void parse_pageWithRandomDamage_isReadOrRefusedWithALineOfThePage() {
        int refused = 0;
        for (int seed = 0; seed < 4 * PAGES; seed++) {
            Random random = new Random(seed);
            byte[] damaged = new RandomPage(seed).bytes();
            for (int i = random.nextInt(3); i >= 0; i--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            int lines = 1;
            for (byte each : damaged) {
                lines += each == '\n' ? 1 : 0;
            }
            try {
                MetricsText.parse(damaged);
            } catch (MetricsTextException e) {
                refused++;
                assertThat(e.line()).as("seed %d", seed).isBetween(1, lines);
                assertThat(e.getMessage()).as("seed %d", seed).hasSizeLessThan(200);
            }
        }
        assertThat(refused).as("damage that was noticed").isGreaterThan(PAGES);
    }

    /** A page and the samples on it. */
    private static final class RandomPage {

        final int seed;
        final Map<String, List<Sample>> samples = new TreeMap<>();
        int sampleCount;
        final boolean ended;
        private final Random random;
        private final StringBuilder text = new StringBuilder();

        RandomPage(int seed) {
            this.seed = seed;
            this.random = new Random(seed);
            text.append("# page ").append(seed).append('\n');
            for (int i = random.nextInt(6) + 1; i > 0; i--) {
                family(name("abcXYZ_:", "abcXYZ_:019") + i);
            }
            ended = random.nextBoolean();
            if (ended) {
                text.append("# EOF\n");
            }
        }

        byte[] bytes() {
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }

        private void family(String name) {
            if (random.nextBoolean()) {
                text.append("# HELP ").append(name).append(" Some \\\\ help {}\" ß.\n");
            }
            String type = TYPES.get(random.nextInt(TYPES.size()));
            if (random.nextBoolean()) {
                text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
            }
            for (int i = random.nextInt(5); i > 0; i--) {
                if (type.equals("histogram")) {
                    sample(name + "_bucket", Map.of("le", random.nextBoolean() ? "+Inf" : "0.5"));
                    sample(name + "_count", Map.of());
                } else {
                    sample(name, labels());
                }
                if (random.nextInt(8) == 0) {
                    text.append(random.nextBoolean() ? "\n" : "# a remark \" {\n");
                }
            }
        }

        private void sample(String name, Map<String, String> labels) {
            text.append(blanks(0)).append(name).append(blanks(0));
            if (!labels.isEmpty() || random.nextBoolean()) {
                text.append('{').append(blanks(0));
                List<String> pairs = new ArrayList<>();
                labels.forEach((label, value) ->
                        pairs.add(label + blanks(0) + "=" + blanks(0) + '"' + escaped(value) + '"' + blanks(0)));
                text.append(String.join("," + blanks(0), pairs));
                text.append(!pairs.isEmpty() && random.nextBoolean() ? "," : "").append(blanks(0));
                text.append('}');
            }
            double value = value();
            text.append(blanks(1)).append(written(value));
            if (random.nextInt(4) == 0) {
                text.append(blanks(1)).append(random.nextLong());
            }
            text.append(blanks(0)).append('\n');
            samples.computeIfAbsent(name, ignored -> new ArrayList<>()).add(new Sample(name, labels, value));
            sampleCount++;
        }

        private Map<String, String> labels() {
            Map<String, String> labels = new LinkedHashMap<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                StringBuilder value = new StringBuilder();
                for (int length = random.nextInt(8); length > 0; length--) {
                    value.append(LABEL_PIECES.get(random.nextInt(LABEL_PIECES.size())));
                }
                labels.put(name("abcXYZ_", "abcXYZ_019"), value.toString());
            }
            return labels;
        }

        private String name(String first, String others) {
            StringBuilder name = new StringBuilder().append(first.charAt(random.nextInt(first.length())));
            for (int length = random.nextInt(12); length > 0; length--) {
                name.append(others.charAt(random.nextInt(others.length())));
            }
            return name.toString();
        }

        private double value() {
            return switch (random.nextInt(8)) {
                case 0 -> Double.NaN;
                case 1 -> Double.POSITIVE_INFINITY;
                case 2 -> Double.NEGATIVE_INFINITY;
                case 3 -> random.nextInt(1000);
                case 4 -> random.nextGaussian();
                case 5 -> -0.0;
                default -> {
                    double any = Double.longBitsToDouble(random.nextLong());
                    yield Double.isFinite(any) ? any : Double.MIN_VALUE;
                }
            };
        }

        private String written(double value) {
            if (Double.isNaN(value)) {
                return random.nextBoolean() ? "NaN" : "nan";
            }
            if (Double.isInfinite(value)) {
                return value < 0 ? "-Inf" : random.nextBoolean() ? "+Inf" : "Inf";
            }
            String sign = value > 0 && random.nextInt(8) == 0 ? "+" : "";
            // BigDecimal has no negative zero.
            if (value != 0 && random.nextInt(3) == 0) {
                return sign + new BigDecimal(value).toPlainString();
            }
            String shortest = Double.toString(value);
            return sign
                    + (random.nextBoolean()
                            ? shortest.toLowerCase(Locale.ROOT)
                            : shortest.replace("E-", "e-0").replaceFirst("E(\\d)", "e+0$1"));
        }

        private static String escaped(String value) {
            return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        }

        private String blanks(int least) {
            int count = random.nextInt(6) == 0 ? least + random.nextInt(3) : least;
            return (random.nextBoolean() ? " " : "\t").repeat(count);
        }
    }
}
