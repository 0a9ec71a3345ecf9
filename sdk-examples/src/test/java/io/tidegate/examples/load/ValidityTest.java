/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ValidityTest {
    private static TierLoad tier(String name, @Nullable Duration slo) {
        LatencySummary none = new LatencySummary(0, 0, 0, 0, 0);
        RecentLoad recent = new RecentLoad(0, 0, 0, none, OptionalDouble.empty());
        return new TierLoad(name, slo, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty(), none, none, 0, Map.of(), recent);
    }

    private static LoadSnapshot load(double p99Millis, long refused, TierLoad... tiers) {
        LatencySummary lateness = new LatencySummary(3_000, 0.0003, 0.0006, p99Millis / 1e3, 0.009);
        return new LoadSnapshot(Duration.ofMinutes(10), 3_000, 0, refused, lateness, new ArrayList<>(List.of(tiers)));
    }

    private static LoadSnapshot usual(double p99Millis, long refused) {
        return load(
                p99Millis,
                refused,
                tier("batch", Duration.ofSeconds(30)),
                tier("other", null),
                tier("premium", Duration.ofSeconds(2)));
    }

    @Test
    void of_punctualDriver_isValid() {
        assertThat(Validity.of(usual(1.2, 0), 10))
                .isEqualTo(new Validity(
                        true,
                        "p99 lateness 1.2 ms x 10 = 12 ms, at most 5 % of the tightest SLO (premium TTFT 2 s): 100 ms",
                        ""));
    }

    @Test
    void of_exactlyTheBound_isValid() {
        assertThat(Validity.of(usual(10, 0), 10).valid()).isTrue();
        assertThat(Validity.of(usual(10.001, 0), 10).valid()).isFalse();
    }

    @Test
    void of_lateDriver_isNotValidAndSaysWhatHelps() {
        assertThat(Validity.of(usual(15.34, 0), 12.5))
                .isEqualTo(new Validity(
                        false,
                        "p99 lateness 15.3 ms x 12.5 = 192 ms, more than 5 % of the tightest SLO (premium TTFT 2 s): 100 ms",
                        "the driver sent requests too late: lower the time scale or sample the trace"));
    }

    @Test
    void of_requestsLeftOut_isNotValid() {
        Validity validity = Validity.of(usual(1.2, 6), 10);

        assertThat(validity.valid()).isFalse();
        assertThat(validity.reason())
                .isEqualTo("the driver left out 6 requests because too many were open: sample the trace");
    }

    @Test
    void of_nothingSent_isNotValid() {
        LoadSnapshot nothing = new LoadSnapshot(
                Duration.ZERO,
                0,
                0,
                0,
                new LatencySummary(0, 0, 0, 0, 0),
                List.of(tier("premium", Duration.ofSeconds(2))));

        assertThat(Validity.of(nothing, 1))
                .isEqualTo(new Validity(false, "no request was sent", "no request was sent"));
    }

    @Test
    void of_noSlo_cannotBeJudged() {
        assertThatThrownBy(() -> Validity.of(load(1, 0, tier("other", null)), 1))
                .hasMessage("no tier has an SLO");
    }
}
