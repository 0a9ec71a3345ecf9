/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static io.tidegate.sim.trace.TraceFile.count;
import static io.tidegate.sim.trace.TraceFile.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.sim.trace.Generators.Spacing;
import io.tidegate.sim.trace.Generators.Stage;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratorsTest {
    private static final Lengths ONE = Lengths.fixed(1, 1);
    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    private static long between(Trace trace, double fromSeconds, double toSeconds) {
        return events(trace).stream()
                .filter(event -> event.offsetNanos() >= fromSeconds * 1e9 && event.offsetNanos() < toSeconds * 1e9)
                .count();
    }

    /** Asserts that a Poisson number is within three standard deviations of its mean. */
    private static void assertPoisson(long number, double mean) {
        assertThat((double) number).isBetween(mean - 3 * Math.sqrt(mean), mean + 3 * Math.sqrt(mean));
    }

    @Test
    void stages_counted_haveExactlyTheRoundedNumberEach() {
        Trace trace = Generators.stages(
                List.of(new Stage(Duration.ofSeconds(100), 3.004), new Stage(Duration.ofMillis(2_500), 0.5)),
                Spacing.COUNTED,
                ONE,
                4);

        assertThat(between(trace, 0, 100)).isEqualTo(300);
        // 1.25 is rounded to 1.
        assertThat(between(trace, 100, 102.5)).isEqualTo(1);
        assertThat(trace.duration()).isEqualTo(Duration.ofMillis(102_500));
    }

    @Test
    void stages_counted_spreadsThemEvenlyAtRandom() {
        Trace trace = Generators.stages(List.of(new Stage(Duration.ofSeconds(1_000), 10)), Spacing.COUNTED, ONE, 1);

        // Binomial: 10,000 tries at a tenth, standard deviation 30.
        for (int part = 0; part < 10; part++) {
            assertThat(between(trace, part * 100, part * 100 + 100)).isBetween(900L, 1_100L);
        }
        assertThat(events(trace))
                .isSortedAccordingTo((one, other) -> Long.compare(one.offsetNanos(), other.offsetNanos()));
    }

    @Test
    void stages_poisson_meetEachRate() {
        Trace trace = Generators.stages(
                List.of(new Stage(TEN_MINUTES, 2), new Stage(TEN_MINUTES, 0), new Stage(TEN_MINUTES, 8)),
                Spacing.POISSON,
                ONE,
                1);

        assertPoisson(between(trace, 0, 600), 1_200);
        assertThat(between(trace, 600, 1_200)).isZero();
        assertPoisson(between(trace, 1_200, 1_800), 4_800);
    }

    @Test
    void stages_none_areRefused() {
        assertThatThrownBy(() -> Generators.stages(List.of(), Spacing.COUNTED, ONE, 1))
                .hasMessage("there must be at least one time with a rate");
    }

    @Test
    void step_hasBothRates() {
        Trace trace = Generators.step(2, 10, TEN_MINUTES, TEN_MINUTES, ONE, 1);

        assertPoisson(between(trace, 0, 600), 1_200);
        assertPoisson(between(trace, 600, 1_200), 6_000);
    }

    @Test
    void ramp_risesEvenly() {
        Trace trace = Generators.ramp(0, 20, Duration.ofSeconds(1_000), ONE, 1);

        // A quarter of 10,000 in the first half.
        assertPoisson(between(trace, 0, 500), 2_500);
        assertPoisson(between(trace, 500, 1_000), 7_500);
    }

    @Test
    void flash_hasRiseHoldAndFall() {
        Trace trace = Generators.flash(
                10, 5, TEN_MINUTES, Duration.ofSeconds(100), TEN_MINUTES, Duration.ofSeconds(200), TEN_MINUTES, ONE, 1);

        assertPoisson(between(trace, 0, 600), 6_000);
        assertPoisson(between(trace, 600, 700), 3_000);
        assertPoisson(between(trace, 700, 1_300), 30_000);
        assertPoisson(between(trace, 1_300, 1_500), 6_000);
        assertPoisson(between(trace, 1_500, 2_100), 6_000);
    }

    @Test
    void flash_withoutRiseHoldAndFall_isStillThere() {
        Trace trace =
                Generators.flash(10, 5, TEN_MINUTES, Duration.ZERO, Duration.ZERO, Duration.ZERO, TEN_MINUTES, ONE, 1);

        assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(20));
    }

    @Test
    void storm_isAShortOverload() {
        Trace trace = Generators.storm(6, 30, TEN_MINUTES, Duration.ofMinutes(2), TEN_MINUTES, ONE, 1);

        assertPoisson(between(trace, 600, 720), 3_600);
        assertPoisson(between(trace, 720, 1_320), 3_600);
    }

    @Test
    void hourly_meetsMeanShapeAndWeekend() {
        Trace trace = Generators.hourly(1, BuiltInDay.hourlyMultipliers(), 7, 0.5, ONE, 1);

        assertPoisson(between(trace, 0, 86_400), 86_400);
        assertPoisson(between(trace, 5 * 86_400, 6 * 86_400), 43_200);
        // Hour 20 of straight lines between middles: three quarters of its own mean, an eighth of each neighbour's.
        double hour = 3_600 * (0.75 * 1.4657 + 0.125 * (1.2228 + 1.4746));
        assertPoisson(between(trace, 20 * 3_600, 21 * 3_600), hour);
    }

    @Test
    void sinusoid_isHighestInTheAfternoon() {
        Trace trace = Generators.sinusoid(2, 0.6, 1, 1, ONE, 1);

        assertPoisson(count(trace), 172_800);
        // The mean of a cosine over 2 h around its top is sin(15 deg) / (pi / 12) = 0.98862.
        assertPoisson(between(trace, 14 * 3_600, 16 * 3_600), 14_400 * (1 + 0.6 * 0.98862));
        assertPoisson(between(trace, 2 * 3_600, 4 * 3_600), 14_400 * (1 - 0.6 * 0.98862));
    }

    @Test
    void any_sameSeed_givesTheSameEvents() {
        Trace trace = Generators.steady(5, TEN_MINUTES, Lengths.conversation(), 3);

        assertThat(events(trace))
                .isEqualTo(events(trace))
                .isEqualTo(events(Generators.steady(5, TEN_MINUTES, Lengths.conversation(), 3)))
                .isNotEqualTo(events(Generators.steady(5, TEN_MINUTES, Lengths.conversation(), 4)));
    }

    @Test
    void any_knownSeed_givesTheseEvents() {
        List<TraceEvent> events = events(Generators.steady(5, TEN_MINUTES, Lengths.conversation(), 1));

        assertThat(events.subList(0, 2))
                .containsExactly(
                        new TraceEvent(119_393_110, 2_137, 144, "", ""),
                        new TraceEvent(205_062_255, 6_675, 476, "", ""));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, 1_000_001, Double.POSITIVE_INFINITY})
    void steady_rateOutOfRange_isRefused(double rate) {
        assertThatThrownBy(() -> Generators.steady(rate, TEN_MINUTES, ONE, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a rate must be in 0..1000000.0 but was " + rate);
    }

    @Test
    void steady_noLength_isRefused() {
        assertThatThrownBy(() -> Generators.steady(1, Duration.ZERO, ONE, 1))
                .hasMessage("a length must be above 0 and at most ten years but was PT0S");
    }

    @Test
    void hourly_notADay_isRefused() {
        assertThatThrownBy(() -> Generators.hourly(1, Collections.nCopies(23, 1.0), 1, 1, ONE, 1))
                .hasMessage("hourlyMultipliers must be 24 but there were 23");
    }
}
