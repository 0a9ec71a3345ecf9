/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MimirOffsetTest {

    private static final double DAY = 86_400;

    private final FakeObservation seen = new FakeObservation().replicas(4);
    private final Autoscaler mimir = MimirOffset.of(MimirOffset.Settings.DEFAULTS);

    /** Looks until the window of 60 s for rises has passed. */
    private int settle(double from) {
        for (double now = from; now < from + 60; now += 15) {
            mimir.look(seen.at(now));
        }
        return mimir.look(seen.at(from + 60));
    }

    @Test
    @DisplayName("mimir PR#7775, predictiveScalingPeriod 6d23h30m: in the first week there is only the present")
    void look_firstWeek_followsThePresent() {
        // The target is 0.8·10 = 8 requests/s.
        seen.rateAgo = ago -> ago > 0 ? 1000 : 40;

        assertThat(settle(3 * DAY)).isEqualTo(5);
    }

    @Test
    @DisplayName("mimir PR#7775, [30m] offset 6d23h30m: what came in the half hour after this moment a week ago")
    void look_rushAWeekAgo_isPreparedFor() {
        double begin = 8 * DAY;
        // The rush began 20 min after this moment, a week ago.
        seen.rateAgo = ago -> ago > 0 && begin - ago > DAY + 1200 ? 56 : 16;

        assertThat(settle(begin)).isEqualTo(7);
    }

    @Test
    @DisplayName("mimir PR#7775: a rush more than half an hour after this moment a week ago is not seen yet")
    void look_laterRush_isNotSeen() {
        double begin = 8 * DAY;
        seen.rateAgo = ago -> ago > 0 && begin - ago > DAY + 2000 ? 56 : 32;

        assertThat(settle(begin)).isEqualTo(4);
    }

    @Test
    @DisplayName("mimir PR#16529: HPA takes the maximum of the triggers, so the past can only raise")
    void look_quietWeekAgo_followsThePresent() {
        seen.rateAgo = ago -> ago > 0 ? 1 : 56;

        assertThat(settle(8 * DAY)).isEqualTo(7);
    }

    @Test
    @DisplayName("mimir Helm chart, behavior: up by 50 % or 15 pods in 120 s")
    void look_muchMore_risesBy15() {
        seen.rateAgo = ago -> 800;

        assertThat(settle(DAY)).isEqualTo(19);
    }

    @Test
    @DisplayName("mimir Helm chart, behavior: down by 10 % in 120 s, after 600 s")
    void look_muchLess_fallsBy10Percent() {
        seen.rateAgo = ago -> 8;
        seen.replicas(20);
        double now = 15;
        while (seen.at(now).obey(mimir) == 20) {
            now += 15;
        }

        assertThat(now).isEqualTo(615);
        assertThat(seen.specified).isEqualTo(18);
    }
}
