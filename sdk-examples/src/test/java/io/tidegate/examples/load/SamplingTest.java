/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.sim.trace.BuiltInDay;
import io.tidegate.sim.trace.Trace;
import org.junit.jupiter.api.Test;

class SamplingTest {
    @Test
    void suggest_peakAboveTheBudget_givesTheShareThatFits() {
        assertThat(Sampling.suggest(60, 10, 300)).isEqualTo(0.5);
        assertThat(Sampling.suggest(60, 100, 300)).isEqualTo(0.05);
    }

    @Test
    void suggest_peakWithinTheBudget_keepsAll() {
        assertThat(Sampling.suggest(30, 10, 300)).isEqualTo(1);
        assertThat(Sampling.suggest(0, 10, 300)).isEqualTo(1);
    }

    @Test
    void suggest_followed_bringsThePeakNearTheBudget() {
        Trace trace = BuiltInDay.builder().meanRate(60).build().trace();
        double probability = Sampling.suggest(trace.stats(), 10);

        double peak = trace.sampled(probability, 1).stats().peakPerSecond() * 10;

        assertThat(probability).isLessThan(0.25);
        assertThat(peak).isBetween(240.0, 450.0);
    }

    @Test
    void suggest_impossibleArguments_areRefused() {
        assertThatThrownBy(() -> Sampling.suggest(-1, 10, 300))
                .hasMessage("peakPerSecond must be >= 0 and finite but was -1.0");
        assertThatThrownBy(() -> Sampling.suggest(1, 0.5, 300))
                .hasMessage("timeScale must be >= 1 and finite but was 0.5");
        assertThatThrownBy(() -> Sampling.suggest(1, 10, 0)).hasMessage("realPerSecond must be above 0 but was 0.0");
    }
}
