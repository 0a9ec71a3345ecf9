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

    @Test
    void attainment_nothingEvaluated_isEmpty() {
        assertThat(new SloWindow(0).attainment(0)).isEmpty();
        assertThat(new SloWindow(0).attainment(Duration.ofDays(30).toNanos())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            longs = {0, -7, 123_456_789_012_345L, Long.MAX_VALUE - 150_000_000_000L, Long.MAX_VALUE, Long.MIN_VALUE})
    void attainment_fiveMinutes_areCountedAndOlderForgotten(long start) {
        SloWindow window = new SloWindow(start);
        window.record(false, start);
        window.record(true, start + 100 * SECOND);
        window.record(true, start + 200 * SECOND);
        window.record(true, start + 299 * SECOND);

        assertThat(window.attainment(start + 299 * SECOND)).isEqualTo(OptionalDouble.of(0.75));
        assertThat(window.attainment(start + 300 * SECOND)).isEqualTo(OptionalDouble.of(1.0));
        assertThat(window.attainment(start + 600 * SECOND)).isEmpty();
    }

    @Test
    void record_aRoundLater_reusesTheBucketFromZero() {
        SloWindow window = new SloWindow(0);
        for (int i = 0; i < 100; i++) {
            window.record(false, 2 * SECOND);
        }
        window.record(true, 302 * SECOND);

        assertThat(window.attainment(302 * SECOND)).isEqualTo(OptionalDouble.of(1.0));
    }

    @Test
    void attainment_afterALongSilence_isEmptyThoughBucketsAreFull() {
        SloWindow window = new SloWindow(0);
        for (int i = 0; i < 60; i++) {
            window.record(true, i * 5L * SECOND);
        }

        assertThat(window.attainment(Duration.ofDays(2).toNanos())).isEmpty();
    }
}
