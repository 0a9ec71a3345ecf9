/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StabilizationTest {

    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final long HOUR = Duration.ofHours(1).toNanos();

    private final Stabilization guardrail = new Stabilization(WINDOW);

    private Narrowing narrow(History history, Duration now, int current, int proposed) {
        return guardrail.narrow(view().ready(current).at(now).build(), history, proposed);
    }

    @Test
    void narrow_down_onlyToTheHighestOfTheWindow() {
        History history = History.startingAt(0, 10)
                .withProposal(Duration.ofSeconds(100).toNanos(), 7, HOUR)
                .withProposal(Duration.ofSeconds(200).toNanos(), 3, HOUR);

        assertThat(narrow(history, Duration.ofSeconds(200), 10, 3).replicas()).isEqualTo(10);
        assertThat(narrow(history, Duration.ofSeconds(301), 10, 3))
                .isEqualTo(new Narrowing("stabilization", 7, "7 were wanted within the last 300 s"));
        assertThat(narrow(history, Duration.ofSeconds(401), 10, 3)).isEqualTo(Narrowing.none("stabilization", 3));
    }

    @Test
    void narrow_atTheEdge_theProposalStillCounts() {
        History history = History.startingAt(0, 10);

        assertThat(narrow(history, WINDOW, 10, 3).replicas()).isEqualTo(10);
        assertThat(narrow(history, WINDOW.plusNanos(1), 10, 3).replicas()).isEqualTo(3);
    }

    @Test
    void narrow_up_isNotDelayed() {
        assertThat(narrow(History.startingAt(0, 1), Duration.ZERO, 1, 8)).isEqualTo(Narrowing.none("stabilization", 8));
    }

    @Test
    void narrow_moreWasWantedThanThereIs_neverGoesUpByItself() {
        History history = History.startingAt(0, 5).withProposal(1, 50, HOUR);
        assertThat(narrow(history, Duration.ofSeconds(1), 5, 3).replicas()).isEqualTo(5);
    }

    @Test
    void narrow_restartedAtAnyTick_holdsForOneWindow() {
        Duration restart = Duration.ofDays(3);
        History fresh = History.startingAt(restart.toNanos(), 8);
        assertThat(narrow(fresh, restart.plus(WINDOW), 8, 0).replicas()).isEqualTo(8);
        assertThat(narrow(fresh, restart.plus(WINDOW).plusNanos(1), 8, 0).replicas())
                .isZero();
    }

    @Test
    void narrow_noWindow_isAtOnce() {
        History history = History.startingAt(0, 10);
        assertThat(new Stabilization(Duration.ZERO)
                        .narrow(view().ready(10).atNanos(1).build(), history, 3)
                        .replicas())
                .isEqualTo(3);
    }

    @Test
    void narrow_clockWraps_measuresByDifference() {
        History history = History.startingAt(Long.MAX_VALUE - 5, 10);
        assertThat(guardrail
                        .narrow(view().ready(10).atNanos(Long.MIN_VALUE + 5).build(), history, 3)
                        .replicas())
                .isEqualTo(10);
    }

    @Test
    void new_negative_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Stabilization(Duration.ofNanos(-1)))
                .withMessageContaining("window");
    }

    @Test
    void new_windowBeyondTheHistory_isRejectedRatherThanForgotten() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Stabilization(Duration.ofHours(2)))
                .withMessage("window must be 0 to 1 hour but was PT2H");
        assertThat(new Stabilization(Duration.ofHours(1)).window()).isEqualTo(Duration.ofHours(1));
    }
}
