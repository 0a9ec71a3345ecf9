/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Behavior.Direction;
import io.tidegate.guardrail.Behavior.Rate;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.pool.Evidence;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BehaviorTest {

    private static final long HOUR = History.HORIZON.toNanos();
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static Behavior up(Select select, Rate... rates) {
        return new Behavior(Direction.UP, Duration.ZERO, List.of(rates), select);
    }

    private static Behavior down(Select select, Rate... rates) {
        return new Behavior(Direction.DOWN, Duration.ZERO, List.of(rates), select);
    }

    private static int narrow(Behavior behavior, History history, long seconds, int current, int proposed) {
        return behavior.narrow(
                        view().ready(current).at(Duration.ofSeconds(seconds)).build(), history, proposed)
                .replicas();
    }

    private static History none() {
        return History.startingAt(0, 0);
    }

    private static History changed(long seconds, int from, int to) {
        return none().withChange(Duration.ofSeconds(seconds).toNanos(), from, to);
    }

    // Expected counts are worked out by hand from the HPA's rules.

    @ParameterizedTest
    @CsvSource({
        // current, 4 in 60 s, 100 % in 60 s, MAX of both, MIN of both
        "1, 5, 2, 5, 2",
        "3, 7, 6, 7, 6",
        "4, 8, 8, 8, 8",
        "5, 9, 10, 10, 9",
        "20, 24, 40, 40, 24"
    })
    void narrow_up_selectsAmongRates(int current, int byNumber, int byShare, int most, int least) {
        Rate four = Rate.replicas(4, MINUTE);
        Rate doubled = Rate.share(1, MINUTE);
        assertThat(narrow(up(Select.MAX, four), none(), 0, current, 99)).isEqualTo(byNumber);
        assertThat(narrow(up(Select.MAX, doubled), none(), 0, current, 99)).isEqualTo(byShare);
        assertThat(narrow(up(Select.MAX, four, doubled), none(), 0, current, 99))
                .isEqualTo(most);
        assertThat(narrow(up(Select.MIN, four, doubled), none(), 0, current, 99))
                .isEqualTo(least);
    }

    @ParameterizedTest
    @CsvSource({
        // current, 5 in 60 s, 10 % in 60 s, MAX of both, MIN of both
        "1, 0, 0, 0, 0",
        "3, 0, 2, 0, 2",
        "10, 5, 9, 5, 9",
        "19, 14, 17, 14, 17",
        "50, 45, 45, 45, 45",
        "100, 95, 90, 90, 95"
    })
    void narrow_down_selectsAmongRates(int current, int byNumber, int byShare, int most, int least) {
        Rate five = Rate.replicas(5, MINUTE);
        Rate tenth = Rate.share(0.1, MINUTE);
        assertThat(narrow(down(Select.MAX, five), none(), 0, current, 0)).isEqualTo(byNumber);
        assertThat(narrow(down(Select.MAX, tenth), none(), 0, current, 0)).isEqualTo(byShare);
        assertThat(narrow(down(Select.MAX, five, tenth), none(), 0, current, 0)).isEqualTo(most);
        assertThat(narrow(down(Select.MIN, five, tenth), none(), 0, current, 0)).isEqualTo(least);
    }

    @ParameterizedTest
    @CsvSource({
        // share, current, up, down
        "0.5, 3, 5, 1",
        "0.15, 7, 9, 5",
        "0.07, 100, 107, 93",
        "2, 3, 9, 0",
        "1, 0, 1, 0",
        "0.01, 1, 2, 0"
    })
    void narrow_share_roundsUpOnTheWayUpAndDownOnTheWayDown(double share, int current, int most, int least) {
        Rate rate = Rate.share(share, MINUTE);
        assertThat(narrow(up(Select.MAX, rate), none(), 0, current, 999)).isEqualTo(most);
        assertThat(narrow(down(Select.MAX, rate), none(), 0, current, 0)).isEqualTo(least);
    }

    @Test
    void narrow_within_thePeriodStartsWithoutWhatWasAdded() {
        Behavior behavior = Behavior.up();
        History history = changed(0, 3, 7);
        assertThat(narrow(behavior, history, 14, 7, 99)).isEqualTo(7);
        assertThat(narrow(behavior, history, 15, 7, 99)).isEqualTo(14);
        // 3 at the beginning, 5 now: two more of the four.
        assertThat(narrow(behavior, changed(0, 3, 5), 5, 5, 99)).isEqualTo(7);
    }

    @Test
    void narrow_removedInThePeriod_mayComeBackAsTheHpaAllows() {
        // 10 at the beginning, 5 now: up to 2 · 10.
        assertThat(narrow(Behavior.up(), changed(0, 10, 5), 5, 5, 99)).isEqualTo(20);
    }

    @Test
    void narrow_addedInThePeriod_mayGoAgainAsTheHpaAllows() {
        // 10 at the beginning, 20 now: down to 10 − 1.
        assertThat(narrow(down(Select.MAX, Rate.replicas(1, MINUTE)), changed(0, 10, 20), 5, 20, 0))
                .isEqualTo(9);
    }

    @Test
    void narrow_eachRate_hasItsOwnPeriod() {
        Behavior behavior = up(Select.MIN, Rate.replicas(4, Duration.ofSeconds(15)), Rate.replicas(6, MINUTE));
        History history = changed(0, 10, 14);
        assertThat(narrow(behavior, history, 14, 14, 99)).isEqualTo(14);
        assertThat(narrow(behavior, history, 15, 14, 99)).isEqualTo(16);
        assertThat(narrow(behavior, history, 60, 14, 99)).isEqualTo(18);
    }

    @Test
    void narrow_moreWasDoneThanAllowed_staysAndDoesNotTurnBack() {
        assertThat(narrow(Behavior.up(), changed(0, 1, 50), 1, 50, 60)).isEqualTo(50);
        assertThat(narrow(Behavior.down(), changed(0, 50, 10), 1, 10, 5)).isEqualTo(10);
    }

    @Test
    void narrow_disabled_neverMovesThatWay() {
        assertThat(narrow(up(Select.DISABLED, Rate.replicas(4, MINUTE)), none(), 0, 5, 9))
                .isEqualTo(5);
        assertThat(narrow(up(Select.DISABLED), none(), 0, 5, 2)).isEqualTo(2);
        assertThat(down(Select.DISABLED).narrow(view().ready(5).build(), none(), 2))
                .isEqualTo(new Narrowing("behavior down", 5, "scaling down is switched off"));
    }

    @Test
    void narrow_noRates_isNotLimited() {
        assertThat(narrow(up(Select.MAX), none(), 0, 1, Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
        assertThat(narrow(down(Select.MIN), none(), 0, 1_000, 0)).isZero();
    }

    @Test
    void narrow_downWindow_goesOnlyToTheHighestOfTheWindow() {
        Behavior behavior = new Behavior(Direction.DOWN, Duration.ofMinutes(5), List.of(), Select.MAX);
        History history = History.startingAt(0, 10)
                .withProposal(Duration.ofSeconds(100).toNanos(), 7, HOUR)
                .withProposal(Duration.ofSeconds(200).toNanos(), 3, HOUR);
        assertThat(narrow(behavior, history, 300, 10, 3)).isEqualTo(10);
        assertThat(narrow(behavior, history, 301, 10, 3)).isEqualTo(7);
        assertThat(narrow(behavior, history, 401, 10, 3)).isEqualTo(3);
    }

    @Test
    void narrow_upWindow_goesOnlyToTheLowestOfTheWindow() {
        Behavior behavior = new Behavior(Direction.UP, MINUTE, List.of(), Select.MAX);
        History history = History.startingAt(0, 5)
                .withProposal(Duration.ofSeconds(10).toNanos(), 8, HOUR)
                .withProposal(Duration.ofSeconds(20).toNanos(), 12, HOUR);
        assertThat(narrow(behavior, history, 60, 5, 12)).isEqualTo(5);
        assertThat(narrow(behavior, history, 61, 5, 12)).isEqualTo(8);
        assertThat(narrow(behavior, history, 71, 5, 12)).isEqualTo(12);
        assertThat(narrow(behavior, History.startingAt(0, 2), 1, 5, 12)).isEqualTo(5);
    }

    @Test
    void narrow_upWindowWhileBlind_isNoEvidence() {
        Behavior behavior = new Behavior(Direction.UP, MINUTE, List.of(), Select.MAX);
        assertThat(behavior.narrow(
                                view().ready(5)
                                        .evidence(new Evidence(List.of("all"), 0, true))
                                        .build(),
                                History.startingAt(0, 5),
                                9)
                        .replicas())
                .isEqualTo(9);
    }

    @Test
    void narrow_stabilisesBeforeItLimits() {
        // 10 % of 20 leave 18. First the window asks for more than that, then for less, then both have a say.
        Behavior behavior = Behavior.down();
        History history = History.startingAt(0, 20).withProposal(1, 19, HOUR).withProposal(2, 3, HOUR);
        assertThat(behavior.narrow(
                        view().ready(20).at(Duration.ofMinutes(5).plusNanos(1)).build(), history, 3))
                .isEqualTo(new Narrowing("behavior down", 19, "19 were wanted within the last 300 s"));
        assertThat(behavior.narrow(
                        view().ready(20).at(Duration.ofMinutes(5).plusNanos(3)).build(), history, 3))
                .isEqualTo(
                        new Narrowing("behavior down", 18, "at most 1 replica in 60 s or 10 % in 60 s may be removed"));
        History middle = History.startingAt(0, 20).withProposal(1, 10, HOUR).withProposal(2, 3, HOUR);
        assertThat(behavior.narrow(
                        view().ready(20).at(Duration.ofMinutes(5).plusNanos(1)).build(), middle, 3))
                .isEqualTo(
                        new Narrowing(
                                "behavior down",
                                18,
                                "10 were wanted within the last 300 s; at most 1 replica in 60 s or 10 % in 60 s may be removed"));
    }

    @Test
    void narrow_defaults_areThoseOfTheKubernetesRecipe() {
        assertThat(narrow(Behavior.up(), none(), 0, 3, 99)).isEqualTo(7);
        assertThat(narrow(Behavior.up(), none(), 0, 10, 99)).isEqualTo(20);
        assertThat(narrow(Behavior.down(), none(), 400, 100, 0)).isEqualTo(90);
        assertThat(narrow(Behavior.down(), none(), 400, 5, 0)).isEqualTo(4);
    }

    @Test
    void narrow_hugeCounts_doNotOverflow() {
        int huge = Integer.MAX_VALUE;
        assertThat(narrow(Behavior.up(), none(), 0, huge - 1, huge)).isBetween(huge - 1, huge);
        assertThat(narrow(up(Select.MAX, Rate.share(Double.MAX_VALUE, MINUTE)), none(), 0, 2, huge))
                .isEqualTo(1_000_000);
        assertThat(narrow(down(Select.MAX, Rate.share(Double.MAX_VALUE, MINUTE)), none(), 0, huge, 0))
                .isZero();
        assertThat(narrow(Behavior.down(), none(), 400, 5, Integer.MIN_VALUE)).isEqualTo(4);
    }

    @Test
    void narrow_clockWraps_measuresByDifference() {
        History history = History.startingAt(Long.MAX_VALUE - 10, 9).withChange(Long.MAX_VALUE - 5, 1, 9);
        assertThat(Behavior.up()
                        .narrow(view().ready(9).atNanos(Long.MIN_VALUE + 5).build(), history, 99)
                        .replicas())
                .isEqualTo(9);
        assertThat(Behavior.down()
                        .narrow(view().ready(9).atNanos(Long.MIN_VALUE + 5).build(), history, 1)
                        .replicas())
                .isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 1.5, 1_000_001, Double.NaN, Double.POSITIVE_INFINITY})
    void rate_ofNoWholeNumber_isRejected(double amount) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Rate(Behavior.Unit.REPLICAS, amount, MINUTE))
                .withMessageContaining("1..1000000");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void rate_shareThatIsNone_isRejected(double share) {
        assertThatIllegalArgumentException().isThrownBy(() -> Rate.share(share, MINUTE));
    }

    @Test
    void new_timesOutOfRange_areRejected() {
        assertThatIllegalArgumentException().isThrownBy(() -> Rate.replicas(1, Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> Rate.replicas(1, Duration.ofHours(2)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Behavior(Direction.UP, Duration.ofHours(2), List.of(), Select.MAX))
                .withMessage("stabilizationWindow must be 0 to 1 hour but was PT2H");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Behavior(Direction.UP, Duration.ofNanos(-1), List.of(), Select.MAX));
    }
}
