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

import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Tier;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlapDampingTest {

    private static final long HOUR = History.HORIZON.toNanos();

    private final FlapDamping damping = new FlapDamping();

    /** From 5 to 4 at 0. */
    private static History fell() {
        return History.startingAt(0, 5).withChange(0, 5, 4);
    }

    private Narrowing up(PoolViews views, History history, long atNanos, double demand) {
        int wanted = Double.isNaN(demand) ? 5 : (int) Math.ceil(demand);
        return damping.narrow(
                views.atNanos(atNanos).build(), history.withProposal(atNanos, wanted, demand, HOUR), wanted);
    }

    @ParameterizedTest
    @CsvSource({"4.1, 4", "4.5, 4", "4.6, 4", "4.61, 5", "4.7, 5", "8, 8", "NaN, 5"})
    void narrow_upSoonAfterDown_isHeldWithinTheBand(double demand, int left) {
        assertThat(up(view().ready(4), fell(), 2 * MINUTE, demand).replicas()).isEqualTo(left);
    }

    @Test
    void narrow_held_saysWhy() {
        assertThat(up(view().ready(4), fell(), 2 * MINUTE, 4.5))
                .isEqualTo(new Narrowing(
                        "flap damping",
                        4,
                        "it went down 120 s ago, nobody waits, and a demand of 4.50 is at most 15 % above 4"));
    }

    @Test
    void narrow_windowOver_isNotHeld() {
        assertThat(up(view().ready(4), fell(), 5 * MINUTE, 4.5).replicas()).isEqualTo(4);
        assertThat(up(view().ready(4), fell(), 5 * MINUTE + 1, 4.5).replicas()).isEqualTo(5);
    }

    @Test
    void narrow_realNeed_passesAtOnce() {
        Tier tier = Tier.builder("premium").build();
        assertThat(up(view().ready(4).tier(1, 1, 1), fell(), MINUTE, 4.5).replicas())
                .isEqualTo(5);
        assertThat(up(view().ready(4).tier(SafetyPromiseTest.tier(tier, 100, 0, 100, 2)), fell(), MINUTE, 4.5)
                        .replicas())
                .isEqualTo(5);
        assertThat(up(view().ready(4).evidence(new Evidence(List.of("all"), 0, true)), fell(), MINUTE, 4.5)
                        .replicas())
                .isEqualTo(5);
        assertThat(up(view().ready(0), History.startingAt(0, 1).withChange(0, 1, 0), MINUTE, 0.1)
                        .replicas())
                .isEqualTo(1);
    }

    @Test
    void narrow_upAfterUp_isNotHeld() {
        History history = fell().withChange(MINUTE, 4, 5);
        assertThat(up(view().ready(5), history, 2 * MINUTE, 5.2).replicas()).isEqualTo(6);
        assertThat(up(view().ready(4), History.startingAt(0, 4), MINUTE, 4.2).replicas())
                .isEqualTo(5);
    }

    /** Minutes for which a lower answer must hold at an instant, after these changes. */
    private int minutes(History history, long atNanos) {
        int windows = 0;
        for (int minutes : new int[] {5, 10, 20, 40}) {
            // All wanted 9 until so many minutes ago, and 2 since.
            History asked = new History(history.startNanos(), List.of(), history.changes(), history.marks())
                    .withProposal(atNanos - minutes * MINUTE, 9, HOUR)
                    .withProposal(atNanos, 2, HOUR);
            if (damping.narrow(view().ready(9).atNanos(atNanos).build(), asked, 2)
                    .narrowed()) {
                windows = minutes;
            }
        }
        return windows;
    }

    @Test
    void narrow_regrets_doubleTheWindowUpToFour() {
        History once = fell().withChange(5 * MINUTE, 4, 9);
        assertThat(minutes(fell(), MINUTE)).isZero();
        assertThat(minutes(once, 6 * MINUTE)).isEqualTo(10);

        History twice = once.withChange(17 * MINUTE, 9, 8).withChange(18 * MINUTE, 8, 9);
        assertThat(minutes(twice, 19 * MINUTE)).isEqualTo(20);

        History thrice = twice.withChange(40 * MINUTE, 9, 8).withChange(41 * MINUTE, 8, 9);
        assertThat(minutes(thrice, 42 * MINUTE)).isEqualTo(20);
    }

    @Test
    void narrow_upAfterTheWindow_isNoRegret() {
        assertThat(minutes(fell().withChange(5 * MINUTE + 1, 4, 9), 6 * MINUTE)).isZero();
    }

    @Test
    void narrow_downThatStoodAsLong_isForgotten() {
        History regretted = fell().withChange(MINUTE, 4, 9).withChange(12 * MINUTE, 9, 8);
        assertThat(minutes(regretted, 22 * MINUTE)).isEqualTo(10);
        assertThat(minutes(regretted, 22 * MINUTE + SECOND)).isZero();
        // An up between one window and two of them neither counts nor is it forgotten.
        assertThat(minutes(regretted.withChange(19 * MINUTE, 8, 9), 20 * MINUTE))
                .isEqualTo(10);
        assertThat(minutes(regretted.withChange(23 * MINUTE, 8, 9), 24 * MINUTE))
                .isZero();
    }

    @Test
    void narrow_afterARegret_goesDownOnlyToTheHighestOfTheLongerWindow() {
        History history = fell().withChange(MINUTE, 4, 9)
                .withProposal(MINUTE, 9, HOUR)
                .withProposal(4 * MINUTE, 7, HOUR)
                .withProposal(5 * MINUTE, 2, HOUR);
        assertThat(damping.narrow(view().ready(9).atNanos(12 * MINUTE).build(), history, 2))
                .isEqualTo(new Narrowing(
                        "flap damping",
                        7,
                        "the last time it went down it had to go up again within 300 s, and 7 were wanted within the"
                                + " last 600 s"));
    }

    @Test
    void new_impossible_isRejected() {
        assertThatIllegalArgumentException().isThrownBy(() -> new FlapDamping(Duration.ZERO, 0.1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new FlapDamping(Duration.ofMinutes(16), 0.1))
                .withMessage("window of flap damping must be positive and at most PT15M but was PT16M");
        assertThatIllegalArgumentException().isThrownBy(() -> new FlapDamping(Duration.ofMinutes(5), Double.NaN));
    }
}
