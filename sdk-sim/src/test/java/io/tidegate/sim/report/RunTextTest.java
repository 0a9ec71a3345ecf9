/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RunTextTest {

    @Test
    void of_run_hasTiersReplicasAndTimes() {
        assertThat(RunText.of(Scores.run("tidegate", "gate", 7, 990, 24))).isEqualTo("""
                        day: scaler tidegate, admission gate, seed 7, 7200 s

                        tier      requests  attained %  late  shed  expired  left  lost  TTFT p50     p90     p99  TPOT p50    p99
                        premium        400      100.00     0     0        0     0     0    250 ms  1.50 s  3.12 s     31 ms  55 ms
                        standard       600       98.33     5     5        0     0     0    250 ms  1.50 s  3.12 s     31 ms  55 ms
                        all           1000       99.00     5     5        0     0     0    250 ms  1.50 s  3.12 s     31 ms  55 ms

                        Replicas: 24.00 replica-hours, mean 12.00, peak 14 where the bound needs 8; 12 ups, 10 downs, 3 reversals within 10 min; cost 240.00
                        Requests sent again: 5; thrown out of an engine's cache: 1
                        """);
    }
}
