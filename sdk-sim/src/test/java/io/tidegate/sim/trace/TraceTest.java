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
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class TraceTest {
    private static final long SECOND = 1_000_000_000L;

    private static TraceEvent at(double seconds) {
        return new TraceEvent(Math.round(seconds * SECOND), 10, 20, "", "");
    }

    private static List<TraceEvent> events(Trace trace) {
        List<TraceEvent> events = new ArrayList<>();
        trace.forEach(events::add);
        return events;
    }

    private static Trace seconds(int count) {
        List<TraceEvent> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            events.add(at(i));
        }
        return Trace.of("seconds", events);
    }

    @Test
    void of_unsortedEvents_areSorted() {
        Trace trace = Trace.of("x", List.of(at(2), at(1)));

        assertThat(events(trace)).containsExactly(at(1), at(2));
        assertThat(trace.duration()).isEqualTo(Duration.ofSeconds(2));
        assertThat(trace).hasToString("x (list, 2.0 s)");
    }

    @Test
    void slice_middle_excludesItsEndAndStartsAtZero() {
        Trace slice = seconds(10).slice(Duration.ofSeconds(2), Duration.ofSeconds(3));

        assertThat(events(slice)).containsExactly(at(0), at(1), at(2));
        assertThat(slice.duration()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void slice_beyondTheEnd_keepsTheLastEvent() {
        Trace slice = seconds(10).slice(Duration.ofSeconds(8), Duration.ofSeconds(60));

        assertThat(events(slice)).containsExactly(at(0), at(1));
        assertThat(slice.duration()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void slice_outsideOfTheTrace_isRefused() {
        Trace trace = seconds(10);

        assertThatThrownBy(() -> trace.slice(Duration.ofSeconds(9), Duration.ofSeconds(1)))
                .hasMessage("from must be within the trace (9.0 s) but was 9.0 s");
        assertThatThrownBy(() -> trace.slice(Duration.ofSeconds(-1), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> trace.slice(Duration.ZERO, Duration.ZERO))
                .hasMessage("length must be above 0 but was 0.0 s");
    }

    @Test
    void sampled_halfOfManyEvents_keepsHalfAndAlwaysTheSame() {
        Trace trace = seconds(20_000);

        List<TraceEvent> half = events(trace.sampled(0.5, 7));

        assertThat(half).hasSizeBetween(9_700, 10_300);
        assertThat(events(trace.sampled(0.5, 7))).isEqualTo(half);
        assertThat(events(trace.sampled(0.5, 8))).isNotEqualTo(half);
        assertThat(trace.sampled(0.5, 7).notes()).containsExactly("each event was kept with probability 0.5 (seed 7)");
        assertThat(trace.sampled(0.5, 7).duration()).isEqualTo(trace.duration());
    }

    @Test
    void sampled_lowerProbability_keepsASubset() {
        Trace trace = seconds(5_000);

        assertThat(new HashSet<>(events(trace.sampled(0.5, 7)))).containsAll(events(trace.sampled(0.2, 7)));
    }

    @Test
    void sampled_allOrNothing_keepsAllOrNothing() {
        Trace trace = seconds(100);

        assertThat(trace.sampled(1, 7)).isSameAs(trace);
        assertThat(events(trace.sampled(0, 7))).isEmpty();
        assertThatThrownBy(() -> trace.sampled(1.01, 7)).hasMessage("probability must be in 0..1 but was 1.01");
        assertThatThrownBy(() -> trace.sampled(Double.NaN, 7)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void assigned_eventsWithoutNames_getThemByShares() {
        Trace trace = seconds(20_000).assigned(Shares.defaultTiers(), Shares.zipfTenants(162), 3);

        List<TraceEvent> events = events(trace);
        assertThat(share(events, "premium")).isCloseTo(0.2, within(0.015));
        assertThat(share(events, "standard")).isCloseTo(0.5, within(0.015));
        assertThat(share(events, "batch")).isCloseTo(0.3, within(0.015));
        assertThat(events.stream()
                                .filter(event -> event.tenant().equals("tenant-1"))
                                .count()
                        / 20_000.0)
                .isCloseTo(0.16, within(0.01));
        assertThat(events).isEqualTo(events(trace));
        assertThat(events)
                .extracting(TraceEvent::offsetNanos)
                .isEqualTo(events(seconds(20_000)).stream()
                        .map(TraceEvent::offsetNanos)
                        .toList());
    }

    private static double share(List<TraceEvent> events, String tier) {
        return (double) events.stream()
                        .filter(event -> event.tier().equals(tier))
                        .count()
                / events.size();
    }

    @Test
    void assigned_eventsWithNames_keepThem() {
        Trace trace =
                Trace.of("x", List.of(new TraceEvent(0, 1, 1, "gold", "acme"), new TraceEvent(1, 1, 1, "", "acme")));

        List<TraceEvent> events = events(trace.assigned(Shares.of(Map.of("batch", 1.0)), Shares.zipfTenants(5), 3));

        assertThat(events)
                .containsExactly(new TraceEvent(0, 1, 1, "gold", "acme"), new TraceEvent(1, 1, 1, "batch", "acme"));
    }

    @Test
    void stats_fewEvents_countsSecondsOfTraceTime() {
        TraceStats stats = Trace.of(
                        "x",
                        List.of(
                                new TraceEvent(0, 10, 1, "", ""),
                                new TraceEvent(SECOND - 1, 20, 2, "", ""),
                                new TraceEvent(SECOND, 30, 3, "", ""),
                                new TraceEvent(4 * SECOND, 40, 6, "", "")))
                .stats();

        assertThat(stats).isEqualTo(new TraceStats(4, Duration.ofSeconds(4), 1, 2, 25, 3));
    }

    @Test
    void stats_noEvents_areZero() {
        assertThat(Trace.of("x", List.of()).stats()).isEqualTo(new TraceStats(0, Duration.ZERO, 0, 0, 0, 0));
    }

    @Test
    void next_afterTheLast_throws() {
        Trace trace = seconds(2);
        for (Trace any : List.of(
                trace,
                trace.sampled(0, 1),
                trace.slice(Duration.ZERO, Duration.ofNanos(1)),
                trace.assigned(Shares.defaultTiers(), Shares.zipfTenants(2), 1),
                BuiltInDay.builder().build().trace())) {
            Iterator<TraceEvent> events = any.iterator();
            while (events.hasNext()) {
                events.next();
            }
            assertThatThrownBy(events::next).isInstanceOf(NoSuchElementException.class);
        }
    }

    @Test
    void generated_iteratesAnewEachTime() {
        Trace trace = Trace.generated(
                "mine", Duration.ofSeconds(5), () -> List.of(at(1)).iterator());

        assertThat(events(trace)).isEqualTo(events(trace)).containsExactly(at(1));
        assertThat(trace.format()).isEqualTo("generated");
        assertThat(trace.duration()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void event_impossibleValues_areRefused() {
        assertThatThrownBy(() -> new TraceEvent(-1, 1, 1, "", "")).hasMessage("offsetNanos must be >= 0 but was -1");
        assertThatThrownBy(() -> new TraceEvent(1, -1, 1, "", "")).hasMessage("promptTokens must be >= 0 but was -1");
        assertThatThrownBy(() -> new TraceEvent(1, 1, -1, "", "")).hasMessage("outputTokens must be >= 0 but was -1");
        assertThatThrownBy(() -> new TraceEvent(1, 1, 1, "a\r\nb", ""))
                .hasMessage("tier must be visible ASCII, at most 64 characters");
        assertThatThrownBy(() -> new TraceEvent(1, 1, 1, "", "x".repeat(65)))
                .hasMessage("tenant must be visible ASCII, at most 64 characters");
    }

    @Test
    void scaled_below1_thins() {
        Trace trace = seconds(20_000).scaled(0.25, 7);

        assertThat(events(trace)).isEqualTo(events(seconds(20_000).sampled(0.25, 7)));
    }

    @Test
    void scaled_wholeNumber_repeatsEachEventThatOften() {
        List<TraceEvent> events = events(seconds(1_000).scaled(3, 7));

        assertThat(events).hasSize(3_000);
        // The originals are among them.
        assertThat(events.stream().filter(event -> event.offsetNanos() % SECOND == 0))
                .hasSizeGreaterThanOrEqualTo(1_000);
    }

    @Test
    void scaled_fraction_isMetWithinThreeSigma() {
        // 10,000 events that are there twice or thrice; the standard deviation of their number is 46.
        assertThat(events(seconds(10_000).scaled(2.3, 7))).hasSizeBetween(22_862, 23_138);
    }

    @Test
    void scaled_copies_comeInOrderAndNotBeyondTheEnd() {
        Trace trace = seconds(500).scaled(5, 7, Duration.ofSeconds(20));
        List<TraceEvent> events = events(trace);

        assertThat(events).isSortedAccordingTo((one, other) -> Long.compare(one.offsetNanos(), other.offsetNanos()));
        assertThat(events.get(events.size() - 1).offsetNanos()).isEqualTo(499 * SECOND);
        assertThat(trace.duration()).isEqualTo(Duration.ofSeconds(499));
    }

    @Test
    void scaled_noShift_putsCopiesWhereTheirOriginalIs() {
        assertThat(events(seconds(2).scaled(2, 7, Duration.ZERO))).containsExactly(at(0), at(0), at(1), at(1));
    }

    @Test
    void scaled_poisson_hasTheBurstinessOfItsOriginalOverLongTimes() {
        Trace trace = Generators.steady(10, Duration.ofHours(3), Lengths.fixed(1, 1), 3)
                .scaled(4, 1);
        double[] counts = new double[1_080];
        events(trace).forEach(event -> counts[(int) Math.min(1_079, event.offsetNanos() / (10 * SECOND))]++);
        double mean = Statistics.mean(counts);
        double variation = Statistics.variation(counts);

        // Index of dispersion 4 and not 1; of 1,080 counts its standard deviation is 0.17.
        assertThat(variation * variation * mean).isBetween(3.4, 4.5);
    }

    @Test
    void scaled_sameSeed_givesTheSameEvents() {
        Trace trace = seconds(100);

        assertThat(events(trace.scaled(2.5, 3)))
                .isEqualTo(events(trace.scaled(2.5, 3)))
                .isNotEqualTo(events(trace.scaled(2.5, 4)));
    }

    @Test
    void scaled_toNothing_isRefused() {
        assertThatThrownBy(() -> seconds(1).scaled(0, 1))
                .hasMessage("factor must be above 0 and at most 10000 but was 0.0");
    }

    @Test
    void repeatedFor_longer_startsAgainAtTheEnd() {
        Trace trace = seconds(3).repeatedFor(Duration.ofSeconds(5));

        assertThat(events(trace)).containsExactly(at(0), at(1), at(2), at(2), at(3), at(4), at(4));
        assertThat(trace.duration()).isEqualTo(Duration.ofSeconds(5));
        assertThat(trace.notes()).containsExactly("the trace was repeated every 2.0 s");
    }

    @Test
    void repeatedFor_shorter_cuts() {
        assertThat(events(seconds(5).repeatedFor(Duration.ofSeconds(2)))).containsExactly(at(0), at(1));
    }

    @Test
    void repeatedFor_traceOfNoLength_isRefused() {
        assertThatThrownBy(() -> seconds(1).repeatedFor(Duration.ofSeconds(2)))
                .hasMessage("a trace of no length cannot be repeated");
    }

    @Test
    void named_changesTheNameOnly() {
        Trace trace = seconds(3).named("other");

        assertThat(trace).hasToString("other (list, 2.0 s)");
        assertThat(events(trace)).isEqualTo(events(seconds(3)));
    }
}
