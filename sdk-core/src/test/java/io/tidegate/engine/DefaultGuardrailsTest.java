/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Fallback;
import io.tidegate.guardrail.Narrowing;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The engine with every guardrail and policy that a pool has by default, over an hour or so. Numbers are seconds since the start. */
class DefaultGuardrailsTest {

    private static Duration minutes(long minutes) {
        return Duration.ofMinutes(minutes);
    }

    /** The guardrail that was first to change the number. */
    private static String firstToNarrow(WholePool pool) {
        return pool.state().latest().orElseThrow().narrowings().stream()
                .filter(Narrowing::narrowed)
                .findFirst()
                .orElseThrow()
                .guardrail();
    }

    @Test
    void day_upWithLoadAtOnce_downAfterItsWindowByOneAMinute() {
        try (WholePool pool = new WholePool(1).start(1, 20)) {
            pool.load(1, minutes(5));
            assertThat(pool.most(0, 300)).as("1 request/s: half of one").isEqualTo(1);
            pool.load(16, minutes(15));
            assertThat(pool.desired.get(330)).as("8 are full").isGreaterThanOrEqualTo(10);
            assertThat(pool.least(330, 1200)).isGreaterThanOrEqualTo(10);
            assertThat(pool.refused()).isZero();
            pool.load(1, minutes(30));
            assertThat(pool.least(1200, 1490)).as("5 minutes").isGreaterThanOrEqualTo(10);
            for (int second = 1210; second < 3000; second++) {
                int before = pool.desired.get(second - 1);
                assertThat(pool.desired.get(second)).isBetween(before - 1, before);
            }
            assertThat(pool.desired.get(1800)).isBetween(4, 6);
            assertThat(pool.desired.get(2100)).isEqualTo(1);
        }
    }

    @Test
    void signal_missing_holdsAndIsNamed_andAWindowAfterItIsBackGoesDown() {
        try (WholePool pool = new WholePool(1).withGauge().start(1, 20)) {
            pool.load(8, minutes(12));
            int before = pool.desired.get(719);
            assertThat(before).isBetween(5, 7);
            pool.gauge.fails = true;
            pool.load(0.5, minutes(4));
            assertThat(firstToNarrow(pool)).isEqualTo("complete data");
            pool.load(0.5, minutes(16));
            assertThat(firstToNarrow(pool)).isEqualTo("fallback");
            assertThat(pool.least(720, 1920)).isEqualTo(before);
            assertThat(pool.most(720, 1920)).isEqualTo(before);
            pool.gauge.fails = false;
            pool.load(0.5, minutes(15));
            assertThat(pool.least(1920, 2220)).isEqualTo(before);
            assertThat(pool.desired.get(2250)).isEqualTo(before - 1);
            assertThat(pool.desired.get(2600)).isEqualTo(1);
        }
    }

    @Test
    void quiet_toNoneTenMinutesAfterTheLastRequest_andARequestWakesItAtOnce() {
        try (WholePool pool = new WholePool(1).start(0, 20)) {
            pool.load(1, minutes(10));
            pool.load(0, minutes(15));
            assertThat(pool.least(0, 1199)).isEqualTo(1);
            assertThat(pool.desired.get(1215))
                    .as("the last is answered before 610")
                    .isZero();
            pool.ask();
            assertThat(pool.cluster.desired).as("no time has passed").isEqualTo(1);
            pool.load(0, minutes(2));
            assertThat(pool.gate.load().tiers().get(0).closed()).isEqualTo(601);
            assertThat(pool.refused()).isZero();
        }
    }

    @Test
    void status_silentForTenMinutes_staysAndThenRecovers() {
        try (WholePool pool = new WholePool(1).start(1, 20)) {
            pool.load(6, minutes(12));
            int before = pool.desired.get(719);
            assertThat(before).isEqualTo(4);
            pool.cluster.silent = true;
            pool.load(1, minutes(5));
            pool.load(16, minutes(5));
            assertThat(pool.cluster.desired).isEqualTo(before);
            pool.cluster.silent = false;
            pool.load(16, minutes(5));
            assertThat(pool.desired.get(1385))
                    .as("at most a minute until it is tried again")
                    .isGreaterThanOrEqualTo(8);
            assertThat(pool.desired.get(1500)).isGreaterThanOrEqualTo(10);
            pool.load(1, minutes(25));
            assertThat(pool.desired.get(3100)).isEqualTo(1);
        }
    }

    @Test
    void status_silentWhileIdle_goesDownAWindowAfterItIsHeard() {
        try (WholePool pool = new WholePool(8).start(1, 20)) {
            pool.load(1, minutes(2));
            pool.cluster.silent = true;
            pool.load(1, minutes(4));
            assertThat(firstToNarrow(pool)).isEqualTo("complete data");
            pool.load(1, minutes(6));
            assertThat(firstToNarrow(pool)).isEqualTo("fallback");
            pool.cluster.silent = false;
            pool.load(1, minutes(15));
            assertThat(pool.least(0, 1020)).isEqualTo(8);
            assertThat(pool.desired.get(1040)).isEqualTo(7);
            assertThat(pool.desired.get(1500)).isEqualTo(1);
        }
    }

    @Test
    void signals_allOutForFiveMinutes_fallsBackAlthoughTheBackendAnswers_andEndsAfterThreePollsAndAWindow() {
        try (WholePool pool =
                new WholePool(2).withGauge().start(all -> all.bounds(1, 20).fallback(new Fallback(6)), null)) {
            pool.load(1, minutes(12));
            assertThat(pool.desired.get(719)).isEqualTo(1);
            pool.gauge.fails = true;
            pool.load(1, minutes(15));
            assertThat(pool.most(600, 1000)).isEqualTo(1);
            assertThat(pool.desired.get(1040)).isEqualTo(6);
            assertThat(pool.least(1040, 1620)).isEqualTo(6);
            pool.gauge.fails = false;
            pool.load(1, Duration.ofSeconds(30));
            assertThat(pool.explain()).contains("of 3 complete polls");
            pool.load(1, Duration.ofSeconds(30));
            assertThat(pool.explain()).doesNotContain("of 3 complete polls");
            pool.load(1, minutes(14));
            assertThat(pool.least(1620, 1920)).isEqualTo(6);
            assertThat(pool.desired.get(1950)).isEqualTo(5);
            assertThat(pool.desired.get(2300)).isEqualTo(1);
        }
    }

    @Test
    void restart_withMemory_idleAtOnce_goesDownAfterItsWindow() {
        MapMemory memory = new MapMemory();
        try (WholePool pool = new WholePool(1).start(all -> all.bounds(1, 20), memory)) {
            pool.load(10, minutes(20));
            int before = pool.desired.get(1199);
            assertThat(before).isEqualTo(7);
            pool.restart(1, 20, memory);
            pool.load(0, minutes(12));
            assertThat(pool.least(1200, 1499)).isEqualTo(before);
            assertThat(pool.desired.get(1510)).isEqualTo(before - 1);
            assertThat(pool.desired.get(1900)).isEqualTo(1);
        }
    }

    @Test
    void idle_fromNoneWithAMinimumOfOneAndFewAtMost_isNeverStuck() {
        try (WholePool pool = new WholePool(0).start(1, 2)) {
            pool.load(0, minutes(10));
            assertThat(pool.least(0, 600)).isEqualTo(1);
            assertThat(pool.most(0, 600)).isEqualTo(1);
            pool.load(20, minutes(5));
            assertThat(pool.desired.get(601)).isEqualTo(2);
            pool.load(0, minutes(12));
            assertThat(pool.least(601, 1200)).isEqualTo(2);
            assertThat(pool.desired.get(1500)).isEqualTo(1);
        }
    }

    @Test
    void due_neverReady_isBoundedAndGoesDownAgain() {
        try (WholePool pool = new WholePool(1).start(1, 20)) {
            pool.cluster.comes = false;
            pool.load(1, minutes(5));
            pool.load(16, minutes(20));
            assertThat(pool.desired.get(1499)).as("10 may be due").isEqualTo(11);
            assertThat(pool.most(0, 1500)).isEqualTo(11);
            pool.load(0.5, minutes(18));
            assertThat(pool.least(1500, 1790)).isEqualTo(11);
            assertThat(pool.desired.get(2570)).isEqualTo(1);
            assertThat(pool.state().view().orElseThrow().replicas().due()).isZero();
        }
    }
}
