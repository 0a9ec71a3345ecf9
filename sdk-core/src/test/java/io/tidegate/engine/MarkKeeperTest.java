/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MarkKeeperTest {

    private static final long S = 1_000_000_000L;

    private static MarkKeeper keeper(long start) {
        MarkKeeper keeper = new MarkKeeper(start, Instant.EPOCH);
        keeper.period(Duration.ofMillis(250));
        return keeper;
    }

    private static Map<String, Signal> signal(long atNanos) {
        return Map.of("gpu", new Signal.Known(1, "ratio", atNanos, "dcgm"));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 1, Long.MIN_VALUE})
    void clock_stoodStill_isAJump(long start) {
        MarkKeeper keeper = keeper(start);
        keeper.clock(start + 5 * S, Instant.ofEpochSecond(5));
        assertThat(keeper.marks().jumpNanos()).isEqualTo(start);
        keeper.clock(start + 10 * S + 1, Instant.ofEpochSecond(10));
        assertThat(keeper.marks().jumpNanos()).isEqualTo(start + 10 * S + 1);
    }

    @Test
    void clock_wallAtItsEnds_isAJump() {
        MarkKeeper keeper = keeper(0);
        keeper.clock(S, Instant.MAX);
        assertThat(keeper.marks().jumpNanos()).isEqualTo(S);
        keeper.clock(2 * S, Instant.MIN);
        assertThat(keeper.marks().jumpNanos()).isEqualTo(2 * S);
        // The difference of which the absolute value overflows.
        Instant wall = Instant.ofEpochSecond(2);
        keeper = keeper(0);
        keeper.clock(2 * S, wall);
        keeper.clock(2 * S, wall.plusNanos(Long.MIN_VALUE));
        assertThat(keeper.marks().jumpNanos()).isEqualTo(2 * S);
    }

    @Test
    void period_shortened_theFirstGapIsStillOfTheOneBefore() {
        MarkKeeper keeper = keeper(0);
        keeper.period(Duration.ofMinutes(10));
        keeper.clock(60 * S, Instant.ofEpochSecond(60));
        keeper.period(Duration.ofMillis(250));
        keeper.clock(600 * S, Instant.ofEpochSecond(600));
        assertThat(keeper.marks().jumpNanos()).isZero();
        keeper.clock(610 * S, Instant.ofEpochSecond(610));
        assertThat(keeper.marks().jumpNanos()).isEqualTo(610 * S);
    }

    @Test
    void status_ready_isMarkedWhenOneMoreIsOrNoneIsDue() {
        MarkKeeper keeper = keeper(0);
        keeper.status(S, 2, 2);
        assertThat(keeper.marks().readyNanos()).isEqualTo(S);
        keeper.status(2 * S, 2, 2);
        keeper.status(3 * S, 1, 3);
        assertThat(keeper.marks().readyNanos()).isEqualTo(S);
        keeper.status(4 * S, 2, 2);
        assertThat(keeper.marks().readyNanos()).isEqualTo(4 * S);
        keeper.status(5 * S, 2, 0);
        assertThat(keeper.marks().readyNanos()).isEqualTo(5 * S);
    }

    @Test
    void evidence_goodPolls_needANewerStatusAndNewerSignals() {
        MarkKeeper keeper = keeper(0);
        keeper.evidence(S, true, true, S, signal(S));
        assertThat(keeper.marks().goodPolls()).isEqualTo(1);
        keeper.evidence(2 * S, true, true, 2 * S, signal(S));
        keeper.evidence(2 * S, true, true, S, signal(2 * S));
        assertThat(keeper.marks().goodPolls()).as("one of both is not newer").isEqualTo(1);
        keeper.evidence(3 * S, true, true, 2 * S, signal(2 * S));
        assertThat(keeper.marks().goodPolls()).isEqualTo(2);
        keeper.evidence(4 * S, false, true, 3 * S, Map.of());
        assertThat(keeper.marks().goodPolls()).isZero();
        assertThat(keeper.marks().incompleteNanos()).isEqualTo(4 * S);
        keeper.evidence(5 * S, true, true, 3 * S, signal(5 * S));
        assertThat(keeper.marks().goodPolls())
                .as("the status is that of the bad poll")
                .isZero();
        keeper.evidence(6 * S, true, true, 6 * S, signal(6 * S));
        assertThat(keeper.marks().goodPolls()).isEqualTo(1);
    }

    @Test
    void evidence_heard_isTheNewestSignal_butNeverTheFuture() {
        MarkKeeper keeper = keeper(0);
        keeper.evidence(5 * S, true, true, 4 * S, signal(3 * S));
        assertThat(keeper.marks().heardNanos()).isEqualTo(3 * S);
        keeper.evidence(9 * S, true, false, 4 * S, signal(8 * S));
        assertThat(keeper.marks().heardNanos()).isEqualTo(8 * S);
        keeper.evidence(10 * S, false, true, 10 * S, Map.of("gpu", new Signal.Missing("dcgm", "no answer")));
        assertThat(keeper.marks().heardNanos())
                .as("a backend that answers says nothing of load")
                .isEqualTo(8 * S);
        keeper.evidence(11 * S, true, false, 4 * S, signal(5_000_000 * S));
        assertThat(keeper.marks().heardNanos()).isEqualTo(11 * S);
    }

    @Test
    void evidence_heard_withoutSignals_isTheStatus() {
        MarkKeeper keeper = keeper(0);
        keeper.evidence(5 * S, true, true, 4 * S, Map.of());
        assertThat(keeper.marks().heardNanos()).isEqualTo(4 * S);
        keeper.evidence(60 * S, false, false, 5 * S, Map.of());
        assertThat(keeper.marks().heardNanos()).isEqualTo(4 * S);
    }
}
