/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Step.Direction;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StepTest {

    private static final Duration PERIOD = Duration.ofSeconds(15);

    private static int narrow(Step step, History history, Duration now, int current, int proposed) {
        return step.narrow(view().ready(current).at(now).build(), history, proposed)
                .replicas();
    }

    private static History none() {
        return History.startingAt(0, 0);
    }

    @Nested
    class Up {

        private final Step step = new Step(Direction.UP, 4, 1.0, PERIOD);

        @ParameterizedTest
        @CsvSource({"0, 4", "1, 5", "3, 7", "4, 8", "5, 10", "10, 20"})
        void narrow_largerOfNumberAndShare_theExampleOfTheJavadoc(int current, int most) {
            assertThat(narrow(step, none(), PERIOD, current, 1000)).isEqualTo(most);
            assertThat(narrow(step, none(), PERIOD, current, most)).isEqualTo(most);
        }

        @Test
        void narrow_withinThePeriod_countsWhatWasAdded() {
            History history = none().withChange(0, 3, 7);
            Duration justBefore = PERIOD.minusNanos(1);

            assertThat(narrow(step, history, justBefore, 7, 1000)).isEqualTo(7);
            assertThat(narrow(step, history, PERIOD, 7, 1000)).isEqualTo(14);
        }

        @Test
        void narrow_severalSmallSteps_addUp() {
            History history = none().withChange(0, 10, 13)
                    .withChange(Duration.ofSeconds(5).toNanos(), 13, 18);

            assertThat(narrow(step, history, Duration.ofSeconds(10), 18, 1000)).isEqualTo(20);
            // The first three left the period: from the 13 of its beginning it may have 26.
            assertThat(narrow(step, history, Duration.ofSeconds(16), 18, 1000)).isEqualTo(26);
        }

        @Test
        void narrow_removedMeanwhile_shareIsOfTheCountAtThePeriodsBeginning() {
            // Ten at the beginning, somebody took five: 100 % of ten may still be added.
            History history = none().withChange(0, 10, 5);
            assertThat(narrow(step, history, Duration.ofSeconds(5), 5, 1000)).isEqualTo(15);
        }

        @Test
        void narrow_beyondWhatIsAllowed_neverBelowThePresentCount() {
            History history = none().withChange(0, 1, 50);
            assertThat(narrow(step, history, Duration.ofSeconds(1), 50, 60)).isEqualTo(50);
        }

        @Test
        void narrow_down_isNotItsBusiness() {
            assertThat(narrow(step, none(), PERIOD, 10, 0)).isZero();
        }

        @Test
        void narrow_hugeCounts_doNotOverflow() {
            assertThat(narrow(step, none(), PERIOD, Integer.MAX_VALUE - 1, Integer.MAX_VALUE))
                    .isGreaterThanOrEqualTo(Integer.MAX_VALUE - 1);
            assertThat(narrow(new Step(Direction.UP, 0, 1000, PERIOD), none(), PERIOD, 1_000_000, Integer.MAX_VALUE))
                    .isEqualTo(2_000_000);
        }

        @Test
        void narrow_saysWhatWouldHaveBeenAllowed() {
            assertThat(step.narrow(view().ready(3).build(), none(), 9))
                    .isEqualTo(new Narrowing("step up", 7, "at most 4 replicas or 100 % may be added in 15 s"));
        }
    }

    @Nested
    class Down {

        private final Step step = new Step(Direction.DOWN, 1, 0.1, Duration.ofMinutes(1));

        @ParameterizedTest
        @CsvSource({"0, 0", "1, 0", "3, 2", "10, 9", "20, 18", "25, 22", "100, 90"})
        void narrow_largerOfNumberAndShare(int current, int least) {
            assertThat(narrow(step, none(), PERIOD, current, 0)).isEqualTo(least);
        }

        @Test
        void narrow_withinThePeriod_countsWhatWasRemoved() {
            History history = none().withChange(0, 20, 18);

            assertThat(narrow(step, history, Duration.ofSeconds(59), 18, 0)).isEqualTo(18);
            assertThat(narrow(step, history, Duration.ofMinutes(1), 18, 0)).isEqualTo(16);
        }

        @Test
        void narrow_addedMeanwhile_isNotATicketToRemoveMore() {
            // Ten a moment ago, twenty now: 10 % of the ten at the period's beginning may go, so one.
            History history = none().withChange(0, 10, 20);
            assertThat(narrow(step, history, Duration.ofSeconds(5), 20, 0)).isEqualTo(19);
        }

        @Test
        void narrow_up_isNotItsBusiness() {
            assertThat(narrow(step, none(), PERIOD, 10, 1000)).isEqualTo(1000);
        }

        @Test
        void narrow_saysWhatWouldHaveBeenAllowed() {
            assertThat(step.narrow(view().ready(3).build(), none(), 0))
                    .isEqualTo(new Narrowing("step down", 2, "at most 1 replica or 10 % may be removed in 60 s"));
        }
    }

    @Test
    void narrow_shareOfAWholeNumber_roundingErrorsAllowNoMore() {
        // 100 · 0.07 is 7.000000000000001.
        assertThat(narrow(new Step(Direction.DOWN, 0, 0.07, PERIOD), none(), PERIOD, 100, 0))
                .isEqualTo(93);
        assertThat(narrow(new Step(Direction.UP, 0, 0.07, PERIOD), none(), PERIOD, 100, 1000))
                .isEqualTo(107);
    }

    @Test
    void narrow_clockWraps_measuresByDifference() {
        Step step = new Step(Direction.UP, 1, 0, PERIOD);
        History history = History.startingAt(Long.MAX_VALUE - 10, 1).withChange(Long.MAX_VALUE - 5, 1, 2);
        assertThat(step.narrow(view().ready(2).atNanos(Long.MIN_VALUE + 5).build(), history, 9)
                        .replicas())
                .isEqualTo(2);
        assertThat(step.narrow(
                                view().ready(2)
                                        .atNanos(Long.MIN_VALUE + PERIOD.toNanos())
                                        .build(),
                                history,
                                9)
                        .replicas())
                .isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void new_shareThatIsNone_isRejected(double share) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Step(Direction.UP, 1, share, PERIOD));
    }

    @Test
    void new_impossible_isRejected() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Step(Direction.UP, -1, 1, PERIOD));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Step(Direction.UP, 0, 0, PERIOD))
                .withMessageContaining("one of them above 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Step(Direction.UP, 1, 1, Duration.ZERO))
                .withMessageContaining("period");
        assertThatIllegalArgumentException().isThrownBy(() -> new Step(Direction.UP, 1, 1, Duration.ofSeconds(-1)));
    }

    @Test
    void new_periodBeyondTheHistory_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new Step(Direction.UP, 1, 1, Duration.ofHours(1).plusNanos(1)))
                .withMessageContaining("1 hour");
        assertThat(new Step(Direction.UP, 1, 1, Duration.ofHours(1)).period()).isEqualTo(Duration.ofHours(1));
    }
}
