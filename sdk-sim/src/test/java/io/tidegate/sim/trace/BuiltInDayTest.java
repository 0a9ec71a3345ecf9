/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuiltInDayTest {
    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    private static List<TraceEvent> events(BuiltInDay day) {
        List<TraceEvent> events = new ArrayList<>();
        day.trace().forEach(events::add);
        return events;
    }

    /** A day long and busy enough that shares and quantiles scatter little. */
    private static BuiltInDay busyDay() {
        return BuiltInDay.builder()
                .duration(Duration.ofHours(1))
                .meanRate(50)
                .bursts(List.of())
                .build();
    }

    @Test
    void hourlyMultipliers_haveMeanOneAndTheirLowestAtFour() {
        List<Double> multipliers = BuiltInDay.hourlyMultipliers();

        assertThat(multipliers).hasSize(24);
        assertThat(multipliers.stream()
                        .mapToDouble(Double::doubleValue)
                        .average()
                        .orElseThrow())
                .isCloseTo(1, within(1e-4));
        assertThat(multipliers.indexOf(multipliers.stream().min(Double::compare).orElseThrow()))
                .isEqualTo(4);
    }

    @Test
    void trace_defaults_haveTheMeanRateAndTheFlashCrowdOnTop() {
        BuiltInDay day = BuiltInDay.builder().build();

        Trace trace = day.trace();

        assertThat(trace.name()).isEqualTo("built-in day");
        assertThat(trace.format()).isEqualTo("built-in");
        assertThat(trace.duration()).isEqualTo(TEN_MINUTES);
        double crowd = day.expectedEvents(TEN_MINUTES)
                - BuiltInDay.builder().bursts(List.of()).build().expectedEvents(TEN_MINUTES);
        // 1.5 times the usual rate for 75 s around the ninth hour of the day, in which it is about 1.1 times the mean.
        assertThat(crowd).isBetween(550.0, 700.0);
        assertThat(day.expectedEvents(TEN_MINUTES) - crowd).isCloseTo(3_000, within(1.0));
        double scatter = 4 * 1.094 * Math.sqrt(3_600);
        assertThat((double) trace.stats().events()).isCloseTo(day.expectedEvents(TEN_MINUTES), within(scatter));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 4, 11.25, 23.9})
    void expectedEvents_anyStartHour_isTheMeanRateTimesTheDuration(double startHour) {
        BuiltInDay day = BuiltInDay.builder()
                .startHour(startHour)
                .meanRate(7)
                .bursts(List.of())
                .build();

        assertThat(day.expectedEvents(TEN_MINUTES)).isCloseTo(4_200, within(0.5));
    }

    @Test
    void trace_shape_followsTheRate() {
        BuiltInDay day = BuiltInDay.builder().meanRate(60).build();
        int[] counts = new int[24];
        for (TraceEvent event : events(day)) {
            counts[(int) (event.offsetNanos() / 25_000_000_000L)]++;
        }

        for (int i = 0; i < 24; i++) {
            double expected = day.expectedEvents(Duration.ofSeconds(25L * (i + 1)))
                    - day.expectedEvents(Duration.ofSeconds(25L * i));
            assertThat((double) counts[i]).isCloseTo(expected, within(5 * 1.094 * Math.sqrt(expected)));
        }
    }

    @Test
    void rateAt_startOfDefaults_risesFromTheNightAndFallsAtTheEnd() {
        BuiltInDay day = BuiltInDay.builder().meanRate(1).bursts(List.of()).build();

        double night = day.rateAt(Duration.ofSeconds(12));
        double morning = day.rateAt(Duration.ofSeconds(137));
        double evening = day.rateAt(Duration.ofSeconds(425));
        double end = day.rateAt(Duration.ofSeconds(590));
        assertThat(night).isLessThan(0.65);
        assertThat(morning).isGreaterThan(1.1);
        assertThat(evening).isGreaterThan(1.4);
        assertThat(end).isLessThan(0.7);
        assertThat(day.rateAt(Duration.ofSeconds(601))).isZero();
        assertThat(day.rateAt(Duration.ofSeconds(-1))).isZero();
    }

    @Test
    void rateAt_flashCrowd_multipliesFromItsStartToItsEnd() {
        BuiltInDay calm = BuiltInDay.builder().bursts(List.of()).build();
        BuiltInDay day = BuiltInDay.builder().build();

        Burst crowd = day.bursts().get(0);
        assertThat(crowd.start()).isEqualTo(Duration.ofSeconds(100));
        assertThat(crowd.start().plus(crowd.length()))
                .isEqualTo(Duration.ofSeconds(175))
                .isLessThan(TEN_MINUTES.dividedBy(2));
        for (double second : new double[] {100.1, 130, 174.9}) {
            Duration at = Duration.ofMillis((long) (second * 1_000));
            assertThat(day.rateAt(at) / calm.rateAt(at)).isCloseTo(2.5, within(0.01));
        }
        for (double second : new double[] {99.9, 175.1}) {
            Duration at = Duration.ofMillis((long) (second * 1_000));
            assertThat(day.rateAt(at)).isCloseTo(calm.rateAt(at), within(1e-9));
        }
        assertThat(calm.rateAt(Duration.ofSeconds(100))).isGreaterThan(calm.rateAt(Duration.ofSeconds(75)));
    }

    @Test
    void trace_gaps_varyLikeThoseOfTheAzureTrace() {
        BuiltInDay day = busyDay();
        List<TraceEvent> events = events(day);

        // In expected arrivals instead of seconds every gap has mean 1, whatever the hour.
        double[] gaps = new double[events.size() - 1];
        for (int i = 0; i < gaps.length; i++) {
            double from = events.get(i).offsetNanos() / 1e9;
            double to = events.get(i + 1).offsetNanos() / 1e9;
            gaps[i] = (to - from) * day.rateAt(Duration.ofNanos((long) ((from + to) / 2 * 1e9)));
        }

        assertThat(Statistics.mean(gaps)).isCloseTo(1, within(0.01));
        assertThat(Statistics.variation(gaps)).isCloseTo(1.094, within(0.015));
    }

    @Test
    void trace_lengths_haveThePublishedQuantiles() {
        List<TraceEvent> events = events(busyDay());
        int[] prompt =
                events.stream().mapToInt(TraceEvent::promptTokens).sorted().toArray();
        int[] output =
                events.stream().mapToInt(TraceEvent::outputTokens).sorted().toArray();

        // The medians sit where a percentile more is another length, so they may scatter by a few percent.
        assertQuantiles(
                prompt, Map.of(0.10, 207.0, 0.25, 396.0, 0.50, 1_020.0, 0.75, 1_189.0, 0.90, 2_734.5, 0.95, 4_083.0));
        assertQuantiles(output, Map.of(0.10, 54.0, 0.25, 85.0, 0.50, 129.0, 0.75, 395.0, 0.90, 424.0, 0.99, 601.0));
        assertThat(prompt[0]).isEqualTo(29);
        assertThat(output[0]).isEqualTo(16);
        assertThat(prompt[prompt.length - 1]).isLessThanOrEqualTo(14_050);
        assertThat(output[output.length - 1]).isLessThanOrEqualTo(1_000);
        assertThat(Arrays.stream(prompt).average().orElseThrow()).isCloseTo(1_154.7, within(40.0));
        assertThat(Arrays.stream(output).average().orElseThrow()).isCloseTo(211.1, within(2.5));
    }

    private static void assertQuantiles(int[] sorted, Map<Double, Double> published) {
        published.forEach((probability, length) -> assertThat((double) sorted[(int) (probability * sorted.length)])
                .as("quantile %s", probability)
                .isCloseTo(length, within(0.03 * length)));
    }

    @Test
    void trace_tiersAndTenants_haveTheirShares() {
        List<TraceEvent> events = events(busyDay());
        Map<String, Double> tiers = shares(events, TraceEvent::tier);
        Map<String, Double> tenants = shares(events, TraceEvent::tenant);

        assertThat(tiers.get("premium")).isCloseTo(0.2, within(0.005));
        assertThat(tiers.get("standard")).isCloseTo(0.5, within(0.006));
        assertThat(tiers.get("batch")).isCloseTo(0.3, within(0.006));
        assertThat(tenants.get("tenant-1")).isCloseTo(0.16, within(0.005));
        double topTen = tenants.values().stream()
                .sorted(Comparator.reverseOrder())
                .limit(10)
                .mapToDouble(Double::doubleValue)
                .sum();
        assertThat(topTen).isCloseTo(0.632, within(0.006));
    }

    @Test
    void trace_flashCrowd_bringsMostlyStandardAndBatch() {
        BuiltInDay day = BuiltInDay.builder().meanRate(100).build();
        List<TraceEvent> inside = events(day).stream()
                .filter(event -> event.offsetNanos() >= 100_000_000_000L && event.offsetNanos() < 175_000_000_000L)
                .toList();

        // Two fifths of the requests are usual ones, three fifths are the crowd's.
        Map<String, Double> tiers = shares(inside, TraceEvent::tier);
        assertThat(tiers.get("premium")).isCloseTo(0.4 * 0.2 + 0.6 * 0.05, within(0.01));
        assertThat(tiers.get("standard")).isCloseTo(0.5, within(0.02));
        assertThat(tiers.get("batch")).isCloseTo(0.4 * 0.3 + 0.6 * 0.45, within(0.02));
    }

    private static Map<String, Double> shares(List<TraceEvent> events, Function<TraceEvent, String> name) {
        Map<String, Double> shares = new HashMap<>();
        events.forEach(event -> shares.merge(name.apply(event), 1.0 / events.size(), Double::sum));
        return shares;
    }

    @Test
    void trace_sameSeed_isTheSameOnEveryJvm() {
        List<TraceEvent> events = events(BuiltInDay.builder().seed(42).build());

        assertThat(events).isEqualTo(events(BuiltInDay.builder().seed(42).build()));
        assertThat(events).isNotEqualTo(events(BuiltInDay.builder().seed(43).build()));
        // Recorded once: other JVMs and processors must draw the very same day.
        assertThat(events.size()).isEqualTo(3_548);
        assertThat(events.subList(0, 2))
                .containsExactly(
                        new TraceEvent(195_865_835, 315, 78, "batch", "tenant-8"),
                        new TraceEvent(286_001_056, 99, 401, "batch", "tenant-2"));
        int hash = 1;
        for (TraceEvent event : events) {
            hash = 31 * hash
                    + Objects.hash(
                            event.offsetNanos(),
                            event.promptTokens(),
                            event.outputTokens(),
                            event.tier(),
                            event.tenant());
        }
        assertThat(hash).isEqualTo(1_378_192_879);
    }

    @Test
    void trace_otherTierShares_leaveArrivalsAndLengthsAlone() {
        List<TraceEvent> events = events(BuiltInDay.builder().build());
        List<TraceEvent> onlyBatch = events(
                BuiltInDay.builder().tiers(Shares.of(Map.of("batch", 1.0))).build());

        assertThat(onlyBatch)
                .extracting(TraceEvent::offsetNanos)
                .isEqualTo(events.stream().map(TraceEvent::offsetNanos).toList());
        assertThat(onlyBatch)
                .extracting(TraceEvent::outputTokens)
                .isEqualTo(events.stream().map(TraceEvent::outputTokens).toList());
    }

    @Test
    void build_burstBeyondTheDay_isRefused() {
        BuiltInDay.Builder builder = BuiltInDay.builder()
                .bursts(List.of(new Burst(Duration.ofSeconds(590), Duration.ofSeconds(11), 2, Shares.defaultTiers())));

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a burst must end within the day of PT10M but starts at PT9M50S and lasts PT11S");
    }

    @Test
    void build_burstsFromStartToEndAndOverlapping_addUp() {
        Burst all = new Burst(Duration.ZERO, TEN_MINUTES, 2, Shares.of(Map.of("batch", 1.0)));
        BuiltInDay day = BuiltInDay.builder().bursts(List.of(all, all)).build();

        assertThat(day.expectedEvents(TEN_MINUTES)).isCloseTo(9_000, within(2.0));
        assertThat(shares(events(day), TraceEvent::tier).get("batch")).isCloseTo(2.0 / 3 + 0.1, within(0.02));
    }

    @Test
    void builder_valuesOutOfRange_areRefused() {
        BuiltInDay.Builder builder = BuiltInDay.builder();

        assertThatThrownBy(() -> builder.meanRate(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.meanRate(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.startHour(24)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.duration(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Burst(Duration.ZERO, Duration.ZERO, 2, Shares.defaultTiers()))
                .hasMessage("length must be above 0 but was PT0S");
        assertThatThrownBy(() -> new Burst(Duration.ofSeconds(-1), TEN_MINUTES, 2, Shares.defaultTiers()))
                .hasMessage("start must be >= 0 but was PT-1S");
        assertThatThrownBy(() -> new Burst(Duration.ZERO, TEN_MINUTES, 0.9, Shares.defaultTiers()))
                .hasMessage("multiplier must be >= 1 and finite but was 0.9");
    }
}
