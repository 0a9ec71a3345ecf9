/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Refusals.RetryAfter;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RefusalsTest {

    @ParameterizedTest
    @CsvSource({
        "0, 1, 1.5",
        "1e9, 1, 1.5",
        "1.25e9, 1, 1.5",
        "10e9, 8, 12",
        "25e9, 20, 30",
        "3600e9, 20, 30",
        "9.2e18, 20, 30",
        "1e300, 20, 30",
        "-5e9, 1, 1.5"
    })
    void jittered_isAroundTheWaitWithinBounds(double waitNanos, double atLeast, double atMost) {
        for (long counter = -1000; counter < 1000; counter++) {
            assertThat(RetryAfter.jittered(waitNanos, counter).toNanos() / 1e9).isBetween(atLeast, atMost);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 10e9, 3600e9})
    void jittered_manyTogether_areSpreadEvenly(double waitNanos) {
        int count = 10_000;
        double[] seconds = LongStream.range(0, count)
                .mapToDouble(counter -> RetryAfter.jittered(waitNanos, counter).toNanos() / 1e9)
                .sorted()
                .toArray();

        double first = seconds[0];
        double width = seconds[count - 1] - first;
        for (int tenth = 1; tenth < 10; tenth++) {
            assertThat((seconds[count * tenth / 10] - first) / width)
                    .isBetween(tenth / 10.0 - 0.02, tenth / 10.0 + 0.02);
        }
        assertThat(width).isGreaterThan(0.39 * Math.min(Math.max(waitNanos / 1e9, 1.25), 25));
    }

    @Test
    void jittered_sameCounter_isTheSame() {
        assertThat(RetryAfter.jittered(5e9, 42)).isEqualTo(RetryAfter.jittered(5e9, 42));
        assertThat(RetryAfter.jittered(5e9, 42)).isNotEqualTo(RetryAfter.jittered(5e9, 43));
        assertThat(RetryAfter.jittered(5e9, Long.MIN_VALUE)).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(6));
    }

    @Test
    void get_numbersThatCountUp_areHandedOutAgainAfterAllWere() {
        Refusals refusals = new Refusals(Reason.QUEUE_FULL, 10_000_000_000L, 1);

        Set<Duration> different = IntStream.range(0, Refusals.DIFFERENT)
                .mapToObj(number -> refusals.get(number).retryAfter())
                .collect(Collectors.toSet());

        assertThat(different).hasSize(Refusals.DIFFERENT);
        assertThat(refusals.get(3)).isSameAs(refusals.get(3)).isSameAs(refusals.get(3L + Refusals.DIFFERENT));
        assertThat(refusals.get(-1)).isSameAs(refusals.get(Refusals.DIFFERENT - 1L));
        assertThat(refusals.get(Long.MAX_VALUE).reason()).isEqualTo(Reason.QUEUE_FULL);
    }

    @Test
    void get_sameSeed_isEqual() {
        Refusals one = new Refusals(Reason.NO_ROOM, 0, 99);
        Refusals other = new Refusals(Reason.NO_ROOM, 0, 99);
        Refusals next = new Refusals(Reason.NO_ROOM, 0, 99 + Refusals.DIFFERENT);

        assertThat(one.get(7)).isEqualTo(other.get(7)).isNotEqualTo(next.get(7));
    }
}
