/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.guardrail.PoolModel.MINUTE;
import static io.tidegate.guardrail.PoolModel.SECOND;
import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PendingCapTest {

    private final PendingCap cap = PendingCap.forMax(100);

    @ParameterizedTest
    @CsvSource({"1, 10", "40, 10", "41, 11", "100, 25", "2147483647, 536870912"})
    void forMax_isAQuarterOrTen(int max, int most) {
        assertThat(PendingCap.forMax(max).most()).isEqualTo(Math.min(most, 1_000_000));
    }

    /** Two ready, {@code due} asked for at 0 and not ready, with 60 s to become so. */
    private Narrowing narrow(PendingCap guardrail, History history, long atSeconds, int due, int proposed) {
        Long[] dueNanos = new Long[due];
        java.util.Arrays.fill(dueNanos, 60 * SECOND);
        return guardrail.narrow(
                view().ready(2)
                        .desired(2 + due)
                        .due(dueNanos)
                        .timeToReady(60)
                        .at(Duration.ofSeconds(atSeconds))
                        .build(),
                history,
                proposed);
    }

    @ParameterizedTest
    @CsvSource({"0, 50, 27", "0, 27, 27", "20, 50, 27", "25, 50, 27", "30, 50, 32", "30, 10, 10"})
    void narrow_tooManyDue_holdsAtTheCap(int due, int proposed, int left) {
        assertThat(narrow(cap, History.startingAt(0, 2), 1, due, proposed).replicas())
                .isEqualTo(left);
    }

    @Test
    void narrow_saysHowManyAreOutstanding() {
        assertThat(narrow(cap, History.startingAt(0, 2), 1, 20, 50))
                .isEqualTo(new Narrowing("pending cap", 27, "20 are asked for and not ready, and at most 25 may be"));
    }

    @Test
    void narrow_overdue_waitsSinceTheLastRaiseAndSaysHowLong() {
        History history = History.startingAt(0, 2).withChange(0, 2, 4).withChange(80 * SECOND, 4, 5);
        assertThat(narrow(cap, history, 90, 3, 6).replicas()).isEqualTo(6);
        assertThat(narrow(cap, history, 100, 3, 6))
                .isEqualTo(new Narrowing("pending cap", 5, "3 replicas are overdue for 10 s; the next try is in 40 s"));
        assertThat(narrow(cap, history, 140, 3, 6).replicas()).isEqualTo(6);
        assertThat(narrow(cap, history, 100, 3, 4).replicas()).isEqualTo(4);
    }

    @Test
    void narrow_raisedWhileOverdue_waitsTwiceAsLong() {
        History once = History.startingAt(0, 2).withChange(0, 2, 4).withChange(100 * SECOND, 4, 5);
        assertThat(narrow(cap, once, 219, 3, 6).replicas()).isEqualTo(5);
        assertThat(narrow(cap, once, 220, 3, 6).replicas()).isEqualTo(6);
        History twice = once.withChange(220 * SECOND, 5, 6);
        assertThat(narrow(cap, twice, 459, 4, 7).replicas()).isEqualTo(6);
        assertThat(narrow(cap, twice, 460, 4, 7).replicas()).isEqualTo(7);
    }

    @Test
    void narrow_oneBecameReady_startsAnew() {
        History history = History.startingAt(0, 2).withChange(0, 2, 4).withChange(100 * SECOND, 4, 5);
        History ready = history.withMarks(history.marks().withReady(105 * SECOND));
        assertThat(narrow(cap, history, 110, 3, 6).replicas()).isEqualTo(5);
        assertThat(narrow(cap, ready, 110, 3, 6).replicas()).isEqualTo(6);
    }

    @Test
    void narrow_clockWraps_measuresByDifference() {
        long start = Long.MAX_VALUE - 10 * SECOND;
        History history = History.startingAt(start, 2).withChange(start, 2, 3);
        Narrowing narrowing = cap.narrow(
                view().ready(2)
                        .desired(3)
                        .due(start + 20 * SECOND)
                        .timeToReady(20)
                        .atNanos(start + 40 * SECOND)
                        .build(),
                history,
                4);
        assertThat(narrowing.why()).isEqualTo("1 replica is overdue for 10 s; the next try is in 20 s");
    }

    @Test
    void new_impossible_isRejected() {
        Duration minute = Duration.ofNanos(MINUTE);
        assertThatIllegalArgumentException().isThrownBy(() -> new PendingCap(0, minute, minute));
        assertThatIllegalArgumentException().isThrownBy(() -> new PendingCap(1, Duration.ZERO, minute));
        assertThatIllegalArgumentException().isThrownBy(() -> new PendingCap(1, minute.plusNanos(1), minute));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PendingCap(1, minute, Duration.ofMinutes(31)))
                .withMessage("longestWait must be at most PT30M but was PT31M");
    }
}
