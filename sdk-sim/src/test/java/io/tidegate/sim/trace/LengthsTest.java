/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static io.tidegate.sim.trace.TraceFile.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.function.ToIntFunction;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LengthsTest {
    private static List<TraceEvent> drawn(Lengths lengths) {
        return events(Generators.steady(20, Duration.ofSeconds(2_500), lengths, 1));
    }

    private static double mean(List<TraceEvent> events, ToIntFunction<TraceEvent> tokens) {
        return events.stream().mapToInt(tokens).average().orElseThrow();
    }

    private static void assertMeans(Lengths lengths, double prompt, double output, double percent) {
        List<TraceEvent> events = drawn(lengths);
        assertThat(mean(events, TraceEvent::promptTokens)).isCloseTo(prompt, Percentage.withPercentage(percent));
        assertThat(mean(events, TraceEvent::outputTokens)).isCloseTo(output, Percentage.withPercentage(percent));
    }

    @Test
    void fixed_isTheSameForAll() {
        assertThat(drawn(Lengths.fixed(4_000, 1_000)))
                .allMatch(event -> event.promptTokens() == 4_000 && event.outputTokens() == 1_000);
    }

    @Test
    void mooncake_hasNearlyTheMeansOfItsSource() {
        assertMeans(Lengths.mooncake(), 9_792, 199, 5);
    }

    @Test
    void ragPulse_hasNearlyTheMeansOfItsSource() {
        assertMeans(Lengths.ragPulse(), 2_923, 273, 5);
    }

    @Test
    void serveGenLarge_hasNearlyTheMeansOfItsMixture() {
        assertMeans(Lengths.serveGenLarge(), 941, 153, 6);
    }

    @Test
    void deepSeek_hasNearlyTheMeansOfItsMixture() {
        assertMeans(Lengths.deepSeek(), 1_287, 1_612, 6);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.6, 0, 0.4, 1})
    void quantiles_rankCorrelation_isMet(double correlation) {
        double[] probabilities = {0, 1};
        double[] tokens = {1, 1_000_000};

        // 50,000 requests: the standard deviation of an estimate is below 0.0045.
        assertThat(Statistics.rankCorrelation(drawn(Lengths.quantiles(probabilities, tokens, tokens, correlation))))
                .isCloseTo(correlation, within(0.014));
    }

    @Test
    void quantiles_middle_isMet() {
        Lengths lengths = Lengths.quantiles(
                new double[] {0.1, 0.5, 0.9}, new double[] {10, 100, 1_000}, new double[] {5, 5, 5}, 0);
        int[] prompts = drawn(lengths).stream()
                .mapToInt(TraceEvent::promptTokens)
                .sorted()
                .toArray();

        // Of 50,000 uniform numbers the median is within 0.0067 of a half (3 sigma); a probability of 0.4 spans a
        // factor of 10.
        assertThat((double) prompts[prompts.length / 2]).isBetween(96.0, 104.0);
        assertThat(prompts[0]).isEqualTo(10);
        assertThat(prompts[prompts.length - 1]).isEqualTo(1_000);
    }

    @Test
    void quantiles_falling_areRefused() {
        assertThatThrownBy(
                        () -> Lengths.quantiles(new double[] {0.1, 0.5}, new double[] {10, 9}, new double[] {5, 5}, 0))
                .hasMessage("promptTokens must rise but 9.0 follows 10.0");
    }

    @Test
    void quantiles_ofDifferentNumber_areRefused() {
        assertThatThrownBy(() -> Lengths.quantiles(new double[] {0.1, 0.5}, new double[] {10}, new double[] {5, 5}, 0))
                .hasMessage("there must be one length for each of the 2 probabilities but there were 1 and 2");
    }

    @Test
    void fixed_negative_isRefused() {
        assertThatThrownBy(() -> Lengths.fixed(-1, 1)).hasMessage("promptTokens must be in 0..10000000 but was -1");
    }
}
