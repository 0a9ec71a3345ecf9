/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Work;
import org.junit.jupiter.api.Test;

class InFlightLogTest {

    private final InFlightLog log = new InFlightLog();

    @Test
    void at_nothingSeen_isNothing() {
        assertThat(log.at(5)).isEqualTo(Work.NONE);
    }

    @Test
    void at_betweenTwoLooks_isOnTheLineBetween() {
        log.add(100, new Work(10, 1000));
        log.add(200, new Work(20, 0));

        assertThat(log.at(100)).isEqualTo(new Work(10, 1000));
        assertThat(log.at(150)).isEqualTo(new Work(15, 500));
        assertThat(log.at(200)).isEqualTo(new Work(20, 0));
        assertThat(log.at(0)).as("before all").isEqualTo(new Work(10, 1000));
        assertThat(log.at(900)).as("after all").isEqualTo(new Work(20, 0));
    }

    @Test
    void at_twoLooksAtOneInstant_isTheSecond() {
        log.add(100, Work.slots(1));
        log.add(100, Work.slots(2));

        assertThat(log.at(100)).isEqualTo(Work.slots(2));
    }

    @Test
    void at_clockThatComesRoundAndMoreLooksThanAreKept_isStillRight() {
        long start = Long.MAX_VALUE - 500;
        for (int i = 0; i < 2000; i++) {
            log.add(start + i, Work.slots(i));
        }

        assertThat(log.at(start + 1999)).isEqualTo(Work.slots(1999));
        assertThat(log.at(start + 1600)).isEqualTo(Work.slots(1600));
        assertThat(log.at(start)).as("the oldest there is").isEqualTo(Work.slots(1488));
    }
}
