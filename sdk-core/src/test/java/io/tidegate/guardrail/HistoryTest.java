/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HistoryTest {

    private static final long HOUR = Duration.ofHours(1).toNanos();
    private static final long TICK = Duration.ofMillis(250).toNanos();

    @Test
    void highestProposed_nothingInTheWindow_isTheFallback() {
        History history = History.startingAt(0, 9);
        assertThat(history.highestProposed(101, 100, 4)).isEqualTo(4);
        assertThat(history.highestProposed(100, 100, 4)).isEqualTo(9);
        assertThat(history.highestProposed(100, 100, 12)).isEqualTo(12);
    }

    @Test
    void added_andRemoved_areKeptApart() {
        History history = History.startingAt(0, 1)
                .withChange(10, 1, 5)
                .withChange(20, 5, 3)
                .withChange(30, 3, 4);
        assertThat(history.added(30, 100)).isEqualTo(5);
        assertThat(history.removed(30, 100)).isEqualTo(2);
        assertThat(history.added(110, 100)).isEqualTo(1);
        assertThat(history.added(109, 100)).isEqualTo(5);
    }

    @Test
    void withProposal_olderThanTheHorizon_isForgotten() {
        History history = History.startingAt(0, 9).withChange(0, 9, 8).withProposal(HOUR, 3, HOUR);
        assertThat(history.changes()).hasSize(1);
        assertThat(history.highestProposed(HOUR, HOUR, 0)).isEqualTo(9);

        History later = history.withProposal(HOUR + 1, 3, HOUR);
        assertThat(later.changes()).isEmpty();
        assertThat(later.highestProposed(HOUR + 1, HOUR, 0)).isEqualTo(3);
        assertThat(later.startNanos()).isZero();
    }

    @Test
    void withProposal_hoursOfFlapping_staysSmall() {
        History history = History.startingAt(0, 3);
        for (long tick = 1; tick <= 3 * 3600 * 4; tick++) {
            history = history.withProposal(tick * TICK, 3 + (int) (tick % 2), HOUR);
        }
        assertThat(history.proposals()).hasSizeLessThan(64);
    }

    @Test
    void withProposal_hoursOfNoise_staysSmall() {
        Random random = new Random(1);
        History history = History.startingAt(0, 3);
        for (long tick = 1; tick <= 2 * 3600 * 4; tick++) {
            history = history.withProposal(tick * TICK, random.nextInt(100_000), HOUR);
        }
        assertThat(history.proposals()).hasSizeLessThan(128);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void highestProposed_afterForgetting_isThatOfAllProposals(long seed) {
        Random random = new Random(seed);
        History history = History.startingAt(0, 3);
        Deque<long[]> all = new ArrayDeque<>();
        all.add(new long[] {0, 3});
        long now = 0;
        int level = 3;
        for (int i = 0; i < 5_000; i++) {
            now += random.nextInt(2_000);
            level = Math.max(0, level + random.nextInt(3) - 1);
            int proposed = random.nextInt(10) == 0 ? random.nextInt(20) : level;
            history = history.withProposal(now, proposed, 1_000_000);
            all.addLast(new long[] {now, proposed});
            long window = random.nextInt(1_000_001);
            long at = now;
            int expected = (int) all.stream()
                    .filter(each -> at - each[0] <= window)
                    .mapToLong(each -> each[1])
                    .max()
                    .orElse(0);
            assertThat(history.highestProposed(now, window, 0)).isEqualTo(expected);
            while (now - all.getFirst()[0] > 1_000_000) {
                all.removeFirst();
            }
        }
    }

    @Test
    void with_leavesTheOldOneAlone() {
        History history = History.startingAt(0, 3);
        history.withProposal(1, 4, HOUR);
        history.withChange(1, 3, 4);
        assertThat(history).isEqualTo(History.startingAt(0, 3));
    }
}
