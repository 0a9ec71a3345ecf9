/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Replicas;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WaitEstimatorTest {

    private static final long SECOND = 1_000_000_000L;

    private final WaitEstimator waits = new WaitEstimator();

    @Test
    void nanosUntilGranted_nothingReturnedYet_isUnknown() {
        assertThat(waits.nanosUntilGranted(1, 32, supply(1), 0)).isEqualTo(WaitEstimator.UNKNOWN);
    }

    @Test
    void nanosUntilGranted_noReplicaReadyOrDue_isUnknown() {
        waits.returned(8 * SECOND);

        assertThat(waits.nanosUntilGranted(1, 0, supply(0), 0)).isEqualTo(WaitEstimator.UNKNOWN);
    }

    @Test
    void nanosUntilGranted_fullPool_isLittlesLaw() {
        waits.returned(8 * SECOND);

        assertNanos(waits.nanosUntilGranted(30, 32, supply(1), 0), 7_500_000_000L);
    }

    /** The worked example of the class: 20 are served at 4/s until the second replica comes, 10 at 8/s after that. */
    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MAX_VALUE - 2 * SECOND, Long.MIN_VALUE})
    void nanosUntilGranted_replicaDueMeanwhile_addsItsRateFromThen(long now) {
        waits.returned(8 * SECOND);

        assertNanos(waits.nanosUntilGranted(30, 32, supply(1, now + 5 * SECOND), now), 6_250_000_000L);
    }

    @Test
    void nanosUntilGranted_servedBeforeTheReplicaIsDue_doesNotCountIt() {
        waits.returned(8 * SECOND);

        assertNanos(waits.nanosUntilGranted(20, 32, supply(1, 5 * SECOND), 0), 5 * SECOND);
        assertNanos(waits.nanosUntilGranted(4, 32, supply(1, 5 * SECOND), 0), SECOND);
    }

    @Test
    void nanosUntilGranted_severalDueAcrossTheWrap_areCountedSoonestFirst() {
        waits.returned(8 * SECOND);
        long now = Long.MAX_VALUE - SECOND / 2;

        // 4/s for 0.25 s, 8/s for 0.75 s, then 12/s: 1 + 6, and 11 more.
        assertNanos(
                waits.nanosUntilGranted(18, 32, supply(1, now + SECOND, now + SECOND / 4), now),
                SECOND + 11 * SECOND / 12);
    }

    @Test
    void nanosUntilGranted_replicaLate_isExpectedNow() {
        waits.returned(8 * SECOND);

        assertNanos(waits.nanosUntilGranted(32, 32, supply(1, -60 * SECOND), 0), 4 * SECOND);
    }

    @Test
    void nanosUntilGranted_fromZero_startsWhenTheFirstReplicaIsReady() {
        waits.returned(8 * SECOND);

        // 32 slots for 8 s each: 4/s from the 60th second on.
        assertNanos(waits.nanosUntilGranted(4, 0, supply(0, 60 * SECOND), 0), 61 * SECOND);
    }

    @Test
    void nanosUntilGranted_replicasThatHoldNothing_isVeryLongAndNotNegative() {
        waits.returned(8 * SECOND);
        Supply useless = new Supply(new Replicas(1, 0, List.of(5 * SECOND)), Work.NONE, true);

        long wait = waits.nanosUntilGranted(1, 0, useless, 0);

        assertThat(wait).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void nanosUntilGranted_beyondALong_isVeryLongAndNotNegative() {
        waits.returned(Long.MAX_VALUE / 2);

        assertThat(waits.nanosUntilGranted(1_000_000, 1, supply(1, Long.MAX_VALUE - 5), 0))
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void returned_manyOfAnotherLength_movesTheMeanThere() {
        waits.returned(8 * SECOND);
        for (int i = 0; i < 400; i++) {
            waits.returned(2 * SECOND);
        }

        assertThat(waits.nanosUntilGranted(1, 1, supply(1), 0)).isCloseTo(2 * SECOND, within(SECOND / 1000));
    }

    /** To the nanosecond, but for the rounding of a division. */
    private static void assertNanos(long wait, long expected) {
        assertThat(wait).isCloseTo(expected, within(2L));
    }

    private static Supply supply(int ready, Long... due) {
        return new Supply(new Replicas(ready + due.length, ready, Arrays.asList(due)), Work.slots(32), due.length > 0);
    }
}
