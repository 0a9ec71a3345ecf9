/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ArrivalsTest {
    @Test
    void next_shortWindowOfABurstyProcess_stillHasTheMeanCount() {
        // Ten expected arrivals; without a residual first gap a variation of 5 would add twelve to each run.
        RateWindows windows = new RateWindows(new double[] {100}, new double[] {0.1}, new double[] {5});
        long arrivals = 0;
        int runs = 20_000;
        for (int seed = 0; seed < runs; seed++) {
            Arrivals process = new Arrivals(windows, seed);
            while (process.next()) {
                arrivals++;
            }
        }

        assertThat(arrivals / (double) runs).isCloseTo(10, within(0.5));
    }

    @Test
    void next_silentWindow_hasNoArrivalsAndEndsNothing() {
        RateWindows windows =
                new RateWindows(new double[] {10, 20, 30, 40}, new double[] {0, 5, 0, 5}, new double[] {1, 1, 1, 1});
        Arrivals process = new Arrivals(windows, 1);
        int second = 0;
        int fourth = 0;
        double latest = 0;
        while (process.next()) {
            assertThat(process.seconds()).isGreaterThanOrEqualTo(latest).isLessThan(40);
            latest = process.seconds();
            assertThat((latest > 10 && latest < 20) || (latest > 30)).isTrue();
            second += latest < 20 ? 1 : 0;
            fourth += latest > 30 ? 1 : 0;
        }

        assertThat(second).isBetween(25, 75);
        assertThat(fourth).isBetween(25, 75);
        assertThat(process.next()).isFalse();
    }

    @Test
    void windows_rateAndExpectation_followTheSteps() {
        RateWindows windows = new RateWindows(new double[] {10, 20}, new double[] {2, 8}, new double[] {1, 1});

        assertThat(windows.rateAt(0)).isEqualTo(2);
        assertThat(windows.rateAt(10)).isEqualTo(8);
        assertThat(windows.rateAt(20)).isZero();
        assertThat(windows.expectedUntil(11)).isEqualTo(28);
        assertThat(windows.expectedUntil(1e9)).isEqualTo(100);
    }
}
