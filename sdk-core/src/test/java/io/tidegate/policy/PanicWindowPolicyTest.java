/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PanicWindowPolicyTest {

    private static final long SECOND = 1_000_000_000L;

    /** Ten requests for each replica. */
    private static PanicWindowPolicy.Builder tenEach() {
        return PanicWindowPolicy.builder().targetPerReplica(10);
    }

    /** A past told in spans: so many seconds of so many requests on so many ready replicas. */
    private static final class Past {
        private final List<Second> seconds = new ArrayList<>();
        private long now;

        Past(long startNanos) {
            now = startNanos;
        }

        Past span(int count, double concurrency, int ready) {
            for (int i = 0; i < count; i++) {
                now += SECOND;
                seconds.add(new Second(now, SECOND, concurrency, 1, 1, 1, ready));
            }
            return this;
        }

        PoolViews view(int ready) {
            return PoolViews.view().atNanos(now).ready(ready).recent(new Recent(seconds));
        }
    }

    private static Past past() {
        return new Past(0);
    }

    private static Wants wants(PanicWindowPolicy.Builder builder, PoolViews views) {
        return (Wants) builder.build().propose(views.build());
    }

    private static int replicas(PanicWindowPolicy.Builder builder, PoolViews views) {
        return wants(builder, views).replicas();
    }

    @Nested
    class TheExamplesOfTheJavadoc {

        @Test
        void twentyFiveForAMinute_so3_andNoPanic() {
            Wants wants = wants(tenEach(), past().span(60, 25, 2).view(2));
            assertThat(wants)
                    .isEqualTo(new Wants(
                            "panic",
                            3,
                            2.5,
                            Cause.ARRIVALS,
                            "25 requests in flight or in queue over 60 s, 25 over 6 s, for 10 per replica: 2.5 replicas,"
                                    + " so 3; 2 would hold 12.5 each."));
        }

        @Test
        void eightyFiveForSixSeconds_panics_so9() {
            Wants wants = wants(tenEach(), past().span(54, 25, 2).span(6, 85, 2).view(2));
            assertThat(wants.replicas()).isEqualTo(9);
            assertThat(wants.demand()).isEqualTo(8.5);
            assertThat(wants.cause()).isEqualTo(Cause.BURST);
            assertThat(wants.why())
                    .startsWith("31 requests in flight or in queue over 60 s, 85 over 6 s")
                    .contains("reached 85")
                    .endsWith("so 9; 8 would hold 10.63 each.");
        }

        @Test
        void afterTheBurst_stays9UntilAStableWindowHasPassed() {
            Past burst = past().span(54, 25, 2).span(6, 85, 2).span(30, 25, 2);
            assertThat(replicas(tenEach(), burst.view(2))).isEqualTo(9);
            // The fast mean was above 40 for the last time 4 s after the burst.
            burst.span(34, 25, 9);
            assertThat(wants(tenEach(), burst.view(9)).cause()).isEqualTo(Cause.BURST);
            assertThat(replicas(tenEach(), burst.view(9))).isEqualTo(9);
            burst.span(1, 25, 9);
            Wants over = wants(tenEach(), burst.view(9));
            assertThat(over.replicas()).isEqualTo(4);
            assertThat(over.cause()).isEqualTo(Cause.ARRIVALS);
            assertThat(over.why())
                    .endsWith("so 4; fewer would be removed faster than allowed, or were asked for in the burst.");
            assertThat(replicas(tenEach(), burst.span(60, 25, 4).view(4))).isEqualTo(3);
        }
    }

    @Nested
    class ByHand {

        private final PanicWindowPolicy.Builder seventyEach =
                PanicWindowPolicy.builder().targetPerReplica(70);

        @Test
        void defaultsOfTheKpa_100At70Percent() {
            assertThat(replicas(seventyEach, past().span(60, 150, 2).view(2))).isEqualTo(3);
            // 279/(70·2) = 1.99 is no panic, 280 is: for one second above it, and only the fast window has seen it.
            Past calm = past().span(54, 140, 2).span(6, 279, 2);
            assertThat(wants(seventyEach, calm.view(2)).cause()).isEqualTo(Cause.ARRIVALS);
            Past burst = past().span(54, 140, 2).span(6, 280, 2);
            assertThat(wants(seventyEach, burst.view(2)).cause()).isEqualTo(Cause.BURST);
            assertThat(replicas(seventyEach, burst.view(2))).isEqualTo(4);
        }

        @Test
        void slots_giveTheTarget() {
            // 32 slots at 70 % are 22.4 requests: 44.8 are 2 replicas, 45 are 3.
            PanicWindowPolicy.Builder builder = PanicWindowPolicy.builder();
            assertThat(replicas(builder, past().span(60, 44.8, 2).view(2))).isEqualTo(2);
            assertThat(replicas(builder, past().span(60, 45, 2).view(2))).isEqualTo(3);
            assertThat(replicas(
                            builder.targetUtilization(1), past().span(60, 45, 2).view(2)))
                    .isEqualTo(2);
        }

        @ParameterizedTest
        @CsvSource({
            // Requests, ready, rate up, rate down, expected.
            "90, 2, 1000, 2, 9",
            "90, 2, 2, 2, 4",
            "90, 1, 1.1, 2, 2",
            "5, 10, 1000, 2, 5",
            "5, 10, 1000, 4, 2",
            "5, 11, 1000, 2, 5",
            "0, 1, 1000, 2, 0",
            "0, 2, 1000, 2, 1"
        })
        void rates_boundEachStepByTheReadyReplicas(double load, int ready, double up, double down, int expected) {
            PanicWindowPolicy.Builder builder = tenEach().maxScaleUpRate(up).maxScaleDownRate(down);
            assertThat(replicas(builder, past().span(60, load, ready).view(ready)))
                    .isEqualTo(expected);
        }

        @Test
        void nobodyReady_countsAsOne() {
            Wants wants = wants(tenEach(), past().span(60, 25, 0).view(0));
            assertThat(wants.replicas()).isEqualTo(3);
            assertThat(wants.cause()).isEqualTo(Cause.BURST);
        }

        @Test
        void panicThatNeverEnds_keepsItsLargest() {
            // Above the threshold throughout ten minutes, far more at their beginning.
            Past long_ = past().span(10, 95, 2).span(590, 45, 2);
            assertThat(replicas(tenEach(), long_.view(2))).isEqualTo(10);
        }

        @Test
        void twoBursts_theFirstPanicIsForgottenWhenItWasOver() {
            Past two = past().span(60, 5, 2).span(6, 200, 2).span(70, 5, 2).span(6, 60, 2);
            assertThat(replicas(tenEach(), two.view(2))).isEqualTo(6);
        }

        @Test
        void whilePanicking_neverBelowThoseReady() {
            Past burst = past().span(54, 25, 2).span(6, 85, 2).span(10, 25, 12);
            assertThat(replicas(tenEach(), burst.view(12))).isEqualTo(12);
        }

        @Test
        void panicThreshold_movesIt() {
            Past busy = past().span(54, 25, 2).span(6, 32, 2);
            assertThat(wants(tenEach(), busy.view(2)).cause()).isEqualTo(Cause.ARRIVALS);
            Wants wants = wants(tenEach().panicThreshold(1.5), busy.view(2));
            assertThat(wants.cause()).isEqualTo(Cause.BURST);
            assertThat(wants.replicas()).isEqualTo(4);
        }

        @Test
        void windows_canBeShorter() {
            Past busy = past().span(54, 0, 1).span(6, 15, 1);
            assertThat(replicas(tenEach(), busy.view(1))).isEqualTo(1);
            assertThat(replicas(tenEach().stableWindow(Duration.ofSeconds(6)).panicWindowShare(1), busy.view(1)))
                    .isEqualTo(2);
        }
    }

    @Nested
    class LittleIsKnown {

        @Test
        void shortHistory_neverBelowCurrentButUp() {
            Wants held = wants(tenEach(), past().span(10, 0, 3).view(3));
            assertThat(held.replicas()).isEqualTo(3);
            assertThat(held.why()).endsWith("but less than 60 s are known: 3 stay.");
            assertThat(replicas(tenEach(), past().span(10, 55, 3).view(3))).isEqualTo(6);
            assertThat(replicas(tenEach(), past().span(59, 0, 3).view(3))).isEqualTo(3);
            assertThat(replicas(tenEach(), past().span(60, 0, 3).view(3))).isEqualTo(1);
        }

        @Test
        void nothing_abstains() {
            assertThat(tenEach().build().propose(view().ready(3).build()))
                    .isEqualTo(new Abstains("panic", "nothing is known of the last 6 s"));
        }

        @Test
        void historyThatEndedBeforeThePanicWindow_abstains() {
            PoolView later =
                    past().span(60, 25, 2).view(2).at(Duration.ofSeconds(66)).build();
            assertThat(tenEach().build().propose(later)).isInstanceOf(Abstains.class);
        }

        @Test
        void noSlotsAndNoTarget_abstains() {
            PoolView view = past().span(60, 25, 2).view(2).replica(Work.NONE).build();
            assertThat(PanicWindowPolicy.builder().build().propose(view))
                    .isEqualTo(new Abstains("panic", "a replica has no slots configured, and no target is set"));
        }
    }

    @Test
    void clockThatWraps_changesNothing() {
        Past wrapping = new Past(Long.MAX_VALUE - 62 * SECOND)
                .span(54, 25, 2)
                .span(6, 85, 2)
                .span(30, 25, 2);
        assertThat(replicas(tenEach(), wrapping.view(2))).isEqualTo(9);
        assertThat(replicas(tenEach(), wrapping.span(35, 25, 9).view(9))).isEqualTo(4);
    }

    @Test
    void secondsOfUnevenLength_weighByTheirLength() {
        List<Second> uneven = List.of(
                new Second(50 * SECOND, 50 * SECOND, 10, 1, 1, 1, 2),
                new Second(60 * SECOND, 10 * SECOND, 70, 1, 1, 1, 2));
        PoolViews views = view().at(Duration.ofMinutes(1)).ready(9).recent(new Recent(uneven));
        // (50·10 + 10·70)/60 = 20, and the fast window holds the second alone: 70/(10·9) is no panic.
        assertThat(wants(tenEach(), views).demand()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, -1, Double.NEGATIVE_INFINITY})
    void concurrency_thatCannotBe_abstains(double broken) {
        PoolView view = past().span(59, 25, 2).span(1, broken, 2).view(2).build();
        assertThat(tenEach().build().propose(view)).isInstanceOf(Abstains.class);
    }

    @DisplayName("E2: hostile values saturate or abstain, and never go below current")
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void hostileValues_neverBelowCurrent(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] hostile = {Double.NaN, Double.POSITIVE_INFINITY, -1, -1e308, 2147483648.0, 1e308, Double.MAX_VALUE};
        for (int i = 0; i < 5_000; i++) {
            int ready = random.nextInt(1, 50);
            Past past = past().span(56, 10.0 * ready, ready);
            for (int j = 0; j < 4; j++) {
                past.span(1, hostile[random.nextInt(hostile.length)], ready);
            }
            if (tenEach().build().propose(past.view(ready).build()) instanceof Wants wants) {
                assertThat(wants.replicas()).isBetween(ready, ReplicaMath.MANY);
            }
        }
    }

    @Test
    void builder_outOfRange_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tenEach().stableWindow(Duration.ofMinutes(6)))
                .withMessage("stableWindow must be 6 s to 5 min but was PT6M");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tenEach().panicWindowShare(0))
                .withMessage("panicWindowShare must be 0.05 to 1 but was 0.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tenEach().panicThreshold(1))
                .withMessage("panicThreshold must be above 1 and finite but was 1.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tenEach().targetPerReplica(0))
                .withMessage("targetPerReplica must be above 0, finite and not vanishingly small but was 0.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tenEach().targetUtilization(1.1))
                .withMessage("targetUtilization must be above 0 and at most 1 but was 1.1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tenEach().maxScaleUpRate(Double.NaN))
                .withMessage("maxScaleUpRate must be above 1 and finite but was NaN");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tenEach().maxScaleDownRate(1))
                .withMessage("maxScaleDownRate must be above 1 and finite but was 1.0");
    }
}
