/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SloWindowTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Counts counts = new Counts();

    /** What is counted, as a lane does it: whoever counts turns the window before. */
    private static final class Counts {
        long evaluated;
        long kept;

        void record(SloWindow window, boolean keptPromise, long now) {
            if (window.isOver(now)) {
                window.turn(now, evaluated, kept);
            }
            evaluated++;
            kept += keptPromise ? 1 : 0;
        }

        OptionalDouble attainment(SloWindow window, long now) {
            return window.attainment(now, evaluated, kept);
        }
    }

    @Test
    void attainment_nothingEvaluated_isEmpty() {
        assertThat(counts.attainment(new SloWindow(0), 0)).isEmpty();
        assertThat(counts.attainment(new SloWindow(0), Duration.ofDays(30).toNanos()))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            longs = {0, -7, 123_456_789_012_345L, Long.MAX_VALUE - 150_000_000_000L, Long.MAX_VALUE, Long.MIN_VALUE})
    void attainment_fiveMinutes_areCountedAndOlderForgotten(long start) {
        SloWindow window = new SloWindow(start);
        counts.record(window, false, start);
        counts.record(window, true, start + 100 * SECOND);
        counts.record(window, true, start + 200 * SECOND);
        counts.record(window, true, start + 299 * SECOND);

        assertThat(counts.attainment(window, start + 299 * SECOND)).isEqualTo(OptionalDouble.of(0.75));
        assertThat(counts.attainment(window, start + 300 * SECOND)).isEqualTo(OptionalDouble.of(1.0));
        assertThat(counts.attainment(window, start + 600 * SECOND)).isEmpty();
    }

    @Test
    void record_aRoundLater_beginsFromZero() {
        SloWindow window = new SloWindow(0);
        for (int i = 0; i < 100; i++) {
            counts.record(window, false, 2 * SECOND);
        }
        counts.record(window, true, 302 * SECOND);

        assertThat(counts.attainment(window, 302 * SECOND)).isEqualTo(OptionalDouble.of(1.0));
    }

    @Test
    void attainment_afterALongSilence_isEmptyThoughPeriodsAreFull() {
        SloWindow window = new SloWindow(0);
        for (int i = 0; i < 60; i++) {
            counts.record(window, true, i * 5L * SECOND);
        }

        assertThat(counts.attainment(window, Duration.ofDays(2).toNanos())).isEmpty();
    }

    /** A caller that read the clock before another and comes after it must not count a period twice, or go back. */
    @Test
    void turn_withAnEarlierTime_changesNothing() {
        SloWindow window = new SloWindow(0);
        counts.record(window, true, 100 * SECOND);
        window.turn(7 * SECOND, 0, 0);
        counts.record(window, false, 101 * SECOND);

        assertThat(window.isOver(104 * SECOND)).isFalse();
        assertThat(counts.attainment(window, 104 * SECOND)).isEqualTo(OptionalDouble.of(0.5));
        assertThat(counts.attainment(window, 399 * SECOND)).isEqualTo(OptionalDouble.of(0.5));
        assertThat(counts.attainment(window, 400 * SECOND)).isEmpty();
    }
}
