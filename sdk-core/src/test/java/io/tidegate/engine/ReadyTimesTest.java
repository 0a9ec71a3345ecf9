/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReadyTimesTest {

    private final ReadyTimes times = new ReadyTimes(Duration.ofMinutes(2));

    private void measure(int... seconds) {
        for (int each : seconds) {
            times.add(Duration.ofSeconds(each));
        }
    }

    @Test
    void expected_nothingMeasured_isAsConfigured() {
        assertThat(times.expected()).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void expected_oneMeasured_isThat() {
        measure(40);
        assertThat(times.expected()).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void expected_several_isTheMedian_soThatOneOutlierDoesNotCount() {
        measure(40, 41, 3600);
        assertThat(times.expected()).isEqualTo(Duration.ofSeconds(41));
    }

    @Test
    void expected_evenNumber_isTheLongerOfTheMiddle() {
        measure(40, 60);
        assertThat(times.expected()).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void expected_moreThanFifteen_onlyTheLastCount() {
        for (int i = 0; i < 100; i++) {
            measure(500);
        }
        for (int i = 0; i < 8; i++) {
            measure(30);
        }
        assertThat(times.expected()).isEqualTo(Duration.ofSeconds(30));
    }
}
