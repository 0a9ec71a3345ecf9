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
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The guardrails that hold what there is: coverage, fallback, healthy, clock jump, to zero. */
class HoldsTest {

    private static final History NEW = History.startingAt(0, 5);
    private static final Evidence BLIND = new Evidence(List.of("all"), 0, true);

    @Nested
    class OfCoverage {

        @ParameterizedTest
        @CsvSource({"0.89, 4, 5", "0.9, 4, 4", "1, 4, 4", "0, 6, 6", "0, 5, 5"})
        void narrow_tooLittleHeardOf_holdsDown(double coverage, int proposed, int left) {
            assertThat(new Coverage()
                            .narrow(
                                    view().ready(5)
                                            .evidence(new Evidence(List.of(), coverage, false))
                                            .build(),
                                    NEW,
                                    proposed)
                            .replicas())
                    .isEqualTo(left);
        }

        @Test
        void narrow_saysBothShares() {
            PoolView half = view().ready(5)
                    .evidence(new Evidence(List.of(), 0.333, false))
                    .build();
            assertThat(new Coverage().narrow(half, NEW, 1).why())
                    .isEqualTo("only 33.3 % is heard of, and going down needs 90 %");
        }

        @ParameterizedTest
        @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
        void new_outOfRange_isRejected(double least) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Coverage(least));
        }
    }

    @Nested
    class OfFallback {

        private final Fallback fallback = new Fallback(8);

        private Narrowing narrow(PoolViews views, Marks marks, long atNanos, int proposed) {
            return fallback.narrow(views.atNanos(atNanos).build(), NEW.withMarks(marks), proposed);
        }

        @ParameterizedTest
        @CsvSource({"3, 2, 8", "3, 9, 9", "12, 2, 12", "12, 20, 20", "0, 0, 0", "0, 1, 1"})
        void narrow_blindForLong_isTheLargerOfBoth(int current, int proposed, int left) {
            assertThat(narrow(view().ready(current).evidence(BLIND), Marks.startingAt(0), 5 * MINUTE, proposed)
                            .replicas())
                    .isEqualTo(left);
        }

        @Test
        void narrow_says() {
            assertThat(narrow(view().ready(3).evidence(BLIND), Marks.startingAt(0), 301 * SECOND, 2))
                    .isEqualTo(
                            new Narrowing("fallback", 8, "nothing has been heard of for 301 s, and 8 are safe then"));
            assertThat(narrow(view().ready(12).evidence(BLIND), Marks.startingAt(0), 301 * SECOND, 2)
                            .why())
                    .isEqualTo("nothing has been heard of for 301 s");
        }

        @Test
        void narrow_notBlindOrNotForLong_doesNotRaise() {
            assertThat(narrow(view().ready(3).evidence(BLIND), Marks.startingAt(0), 5 * MINUTE - 1, 4)
                            .replicas())
                    .isEqualTo(4);
            assertThat(narrow(view().ready(3).incomplete(), Marks.startingAt(0), 50 * MINUTE, 4)
                            .replicas())
                    .isEqualTo(4);
        }

        @Test
        void narrow_fewGoodPolls_holdsDownOnly() {
            Marks two = Marks.startingAt(0).withGoodPoll().withGoodPoll();
            assertThat(narrow(view().ready(8), two, SECOND, 5))
                    .isEqualTo(new Narrowing(
                            "fallback", 8, "2 of 3 complete polls have followed since data was last incomplete"));
            assertThat(narrow(view().ready(8), two, SECOND, 9).replicas()).isEqualTo(9);
            assertThat(narrow(view().ready(8), two.withGoodPoll(), SECOND, 5).replicas())
                    .isEqualTo(5);
        }

        @Test
        void new_outOfRange_isRejected() {
            assertThatIllegalArgumentException().isThrownBy(() -> new Fallback(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> new Fallback(1, Duration.ofDays(2), 3));
            assertThatIllegalArgumentException().isThrownBy(() -> new Fallback(1, Duration.ZERO, -1));
        }
    }

    @Nested
    class OfHealthy {

        private final Tier tier = Tier.builder("premium")
                .slo(Slo.timeToFirstToken(Duration.ofSeconds(1)).withTarget(0.95))
                .build();

        private Narrowing narrow(PoolViews views, int proposed) {
            return new Healthy().narrow(views.build(), NEW, proposed);
        }

        @ParameterizedTest
        @CsvSource({
            "94, 6, 5",
            "95, 5, 4",
            "18, 1, 4",
            "18, 2, 5",
            "0, 19, 4",
            "9000000000000000000, 9000000000000000000, 5"
        })
        void narrow_manyFailed_holdsDown(long completed, long failed, int left) {
            assertThat(narrow(view().ready(5).tier(SafetyPromiseTest.tier(tier, completed, failed, 0, 0)), 4)
                            .replicas())
                    .isEqualTo(left);
        }

        @ParameterizedTest
        @CsvSource({"100, 5, 4", "100, 6, 5", "19, 19, 4", "20, 1, 4", "20, 2, 5"})
        void narrow_sloBroken_holdsDown(long evaluated, long broken, int left) {
            assertThat(narrow(view().ready(5).tier(SafetyPromiseTest.tier(tier, 0, 0, evaluated, broken)), 4)
                            .replicas())
                    .isEqualTo(left);
        }

        @Test
        void narrow_saysWhat() {
            assertThat(narrow(view().ready(5).tier(SafetyPromiseTest.tier(tier, 90, 10, 0, 0)), 4)
                            .why())
                    .isEqualTo("10 % of the last 100 requests failed, more than 5 %");
            assertThat(narrow(view().ready(5).tier(SafetyPromiseTest.tier(tier, 0, 0, 100, 7)), 4)
                            .why())
                    .isEqualTo("tier premium breaks its SLO for 7 % of the last 100 requests, and 5 % are allowed");
        }

        @Test
        void narrow_asManyBrokenAsAllowed_isNotTooManyByARoundingError() {
            // 100 · (1 − 0.9) is 9.999999999999998.
            Tier tenth = Tier.builder("batch").slo(Slo.none().withTarget(0.9)).build();
            assertThat(narrow(view().ready(5).tier(SafetyPromiseTest.tier(tenth, 0, 0, 100, 10)), 4)
                            .replicas())
                    .isEqualTo(4);
        }

        @Test
        void narrow_raiseUnderWay_holdsDownUntilItIsOverdue() {
            PoolViews raising = view().ready(4).desired(5).due(60 * SECOND).timeToReady(60);
            assertThat(narrow(raising.atNanos(90 * SECOND), 4))
                    .isEqualTo(new Narrowing("healthy", 5, "a raise is under way: 1 replica is due"));
            assertThat(narrow(raising.atNanos(90 * SECOND + 1), 4).replicas()).isEqualTo(4);
        }

        @Test
        void narrow_up_isLeftAlone() {
            assertThat(narrow(view().ready(5).tier(SafetyPromiseTest.tier(tier, 0, 100, 100, 100)), 6)
                            .replicas())
                    .isEqualTo(6);
        }

        @Test
        void new_outOfRange_isRejected() {
            assertThatIllegalArgumentException().isThrownBy(() -> new Healthy(Double.NaN, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> new Healthy(0.1, 0));
        }
    }

    @Nested
    class OfClockJump {

        @Test
        void narrow_soonAfter_holdsDownOnly() {
            History jumped = NEW.withMarks(Marks.startingAt(0).withJump(Long.MAX_VALUE - SECOND));
            long now = Long.MAX_VALUE + 9 * SECOND;
            ClockJump guardrail = new ClockJump();
            assertThat(guardrail.narrow(view().ready(5).atNanos(now).build(), jumped, 4))
                    .isEqualTo(new Narrowing(
                            "clock jump",
                            5,
                            "the clock jumped, or the process stood still or started, 10 s ago; nothing goes down for"
                                    + " 300 s"));
            assertThat(guardrail
                            .narrow(view().ready(5).atNanos(now).build(), jumped, 6)
                            .replicas())
                    .isEqualTo(6);
            assertThat(guardrail
                            .narrow(
                                    view().ready(5)
                                            .atNanos(now + 290 * SECOND + 1)
                                            .build(),
                                    jumped,
                                    4)
                            .replicas())
                    .isEqualTo(4);
        }

        @Test
        void new_outOfRange_isRejected() {
            assertThatIllegalArgumentException().isThrownBy(() -> new ClockJump(Duration.ofHours(2)));
        }
    }

    @Nested
    class OfToZero {

        private final ToZero guardrail = new ToZero();

        private Narrowing narrow(PoolViews views, Marks marks, long atNanos) {
            return guardrail.narrow(views.atNanos(atNanos).build(), NEW.withMarks(marks), 0);
        }

        @Test
        void narrow_fromMany_goesToOne() {
            assertThat(narrow(view().ready(5), Marks.startingAt(0), 50 * MINUTE).replicas())
                    .isEqualTo(1);
        }

        @Test
        void narrow_fromOne_needsAWholeWindowOfProof() {
            Marks start = Marks.startingAt(0);
            assertThat(narrow(view().ready(1), start, 10 * MINUTE).replicas()).isZero();
            assertThat(narrow(view().ready(1), start, 10 * MINUTE - 1).replicas())
                    .isEqualTo(1);
            assertThat(narrow(view().ready(1), start.withTraffic(MINUTE), 10 * MINUTE))
                    .isEqualTo(new Narrowing(
                            "to zero", 1, "there was traffic 540 s ago; the last replica leaves after 600 s without"));
            assertThat(narrow(view().ready(1), start.withIncomplete(MINUTE), 10 * MINUTE)
                            .why())
                    .startsWith("data was incomplete 540 s ago");
            assertThat(narrow(view().ready(1).incomplete(), start, 10 * MINUTE).why())
                    .startsWith("data is incomplete");
            assertThat(narrow(view().ready(1).tier(0.001, 1, 0), start, 10 * MINUTE)
                            .why())
                    .startsWith("there is traffic");
        }

        @Test
        void narrow_noneOrMore_isLeftAlone() {
            assertThat(narrow(view().ready(0), Marks.startingAt(0), 0).narrowed())
                    .isFalse();
            assertThat(guardrail.narrow(view().ready(5).build(), NEW, 1).replicas())
                    .isEqualTo(1);
            assertThat(guardrail.narrow(view().ready(5).build(), NEW, -3).replicas())
                    .isEqualTo(1);
        }

        @Test
        void new_outOfRange_isRejected() {
            assertThatIllegalArgumentException().isThrownBy(() -> new ToZero(Duration.ofNanos(-1)));
        }
    }
}
