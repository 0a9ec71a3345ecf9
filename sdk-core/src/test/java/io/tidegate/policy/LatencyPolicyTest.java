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
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyPolicyTest {

    private static final String TTFT = "gate.ttft.p95";
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static LatencyPolicy.Builder threeSeconds() {
        return LatencyPolicy.timeToFirstTokenP95(Duration.ofSeconds(3));
    }

    private static Signal seconds(double value) {
        return new Known(value, "seconds", 0, "test");
    }

    private static Proposal propose(LatencyPolicy.Builder builder, PoolViews views, Signal signal) {
        return builder.build().propose(views.signals(Map.of(TTFT, signal)).build());
    }

    private static int replicas(PoolViews views, double latency) {
        return ((Wants) propose(threeSeconds(), views, seconds(latency))).replicas();
    }

    /** One entry for each second up to the first minute: how many were ready. */
    private static PoolViews minute(int firstHalf, int secondHalf) {
        List<Second> seconds = new ArrayList<>();
        for (int i = 1; i <= 60; i++) {
            seconds.add(new Second(i * 1_000_000_000L, 1_000_000_000L, 1, 1, 1, 1, i <= 30 ? firstHalf : secondHalf));
        }
        return view().at(MINUTE).ready(secondHalf).recent(new Recent(seconds)).tier(1, 1, 0);
    }

    @Nested
    class TheExamplesOfTheJavadoc {

        @Test
        void at80Percent_sixAreAskedFor_andNoMoreWhileTheyStart() {
            Wants wants = (Wants) propose(threeSeconds(), minute(4, 4), seconds(2.4));
            assertThat(wants.replicas()).isEqualTo(6);
            assertThat(wants.cause()).isEqualTo(Cause.SLO);
            assertThat(wants.why())
                    .isEqualTo(
                            "gate.ttft.p95 is 2.4 s, 80 % of the objective, while 4 served, so 6; 5 would be at 64 %,"
                                    + " above 55 %.");
            assertThat(replicas(minute(4, 4).desired(6), 2.4)).isEqualTo(6);
        }

        @Test
        void atThreeTimes_growthIsCapped() {
            Wants wants = (Wants) propose(threeSeconds(), minute(4, 4), seconds(9));
            assertThat(wants.replicas()).isEqualTo(8);
            assertThat(wants.why()).endsWith("so 8, as at most 2 times as many are asked for at once.");
        }

        @Test
        void at30PercentOneLess_at50PercentNoChange() {
            assertThat(replicas(minute(4, 4), 0.9)).isEqualTo(3);
            Wants stays = (Wants) propose(threeSeconds(), minute(4, 4), seconds(1.5));
            assertThat(stays.replicas()).isEqualTo(4);
            assertThat(stays.why()).endsWith("which is between what asks for more and what asks for less than 4.");
        }
    }

    @Test
    void askedAgainAndAgain_neverCompounds() {
        int up = 4;
        int down = 4;
        for (int i = 0; i < 1_000; i++) {
            up = replicas(minute(4, 4).desired(up), 9);
            down = replicas(minute(4, 4).desired(down), 0.9);
        }
        assertThat(up).isEqualTo(8);
        assertThat(down).isEqualTo(3);
    }

    @Test
    void replicasJustGone_stillCountForTheWindowTheyServedIn() {
        // Ten served for half of the minute and six after: 8 on average, 8·0.3/0.4 = 6. Of six alone it would be 5.
        assertThat(replicas(minute(10, 6), 0.9)).isEqualTo(6);
        assertThat(replicas(minute(6, 6), 0.9)).isEqualTo(5);
    }

    @Test
    void nothingReadyInPartOfTheWindow_thatPartIsLeftOut() {
        assertThat(replicas(minute(0, 4), 2.4)).isEqualTo(6);
    }

    @Test
    void almostNoLatency_shrinkIsCapped() {
        Wants wants = (Wants) propose(threeSeconds(), minute(10, 10), seconds(0.01));
        assertThat(wants.replicas()).isEqualTo(5);
        assertThat(wants.why()).endsWith("so 5, as at most 2 times fewer are asked for at once.");
    }

    @Test
    void noHistory_takesThoseReadyNow() {
        assertThat(replicas(view().ready(4).tier(1, 1, 0), 2.4)).isEqualTo(6);
    }

    @Nested
    class NoTraffic {

        @Test
        void zeroWithoutTraffic_wantsNone() {
            Wants wants = (Wants) propose(threeSeconds(), view().ready(4), seconds(0));
            assertThat(wants.replicas()).isZero();
            assertThat(wants.why()).isEqualTo("there is no traffic, so no replica is needed for gate.ttft.p95.");
        }

        @Test
        void zeroWithTraffic_abstains() {
            assertThat(propose(threeSeconds(), view().ready(4).tier(1, 1, 0), seconds(0)))
                    .isInstanceOf(Abstains.class);
        }

        @Test
        void missingWithTraffic_abstains() {
            assertThat(propose(threeSeconds(), view().ready(4), new Signal.Missing(TTFT, "nothing ended")))
                    .isEqualTo(new Abstains("latency gate.ttft.p95", "gate.ttft.p95 is not known: nothing ended"));
        }

        @Test
        void poolJustPutToSleep_isNotWokenByItsLastRequests() {
            assertThat(propose(threeSeconds(), minute(4, 0), seconds(9)))
                    .isEqualTo(new Abstains(
                            "latency gate.ttft.p95", "no replica is asked for, and a latency of the past wakes none"));
        }

        @Test
        void nobodyServes_abstains() {
            assertThat(propose(threeSeconds(), view().ready(0).desired(1).tier(1, 1, 5), seconds(9)))
                    .isEqualTo(new Abstains(
                            "latency gate.ttft.p95", "no replica was ready while gate.ttft.p95 was measured"));
        }
    }

    @Test
    void heardInPart_neverBelowCurrentButUp() {
        assertThat(((Wants) propose(threeSeconds(), minute(4, 4), new Known(0.9, "seconds", 0, "test", 0.5, List.of())))
                        .replicas())
                .isEqualTo(4);
        assertThat(((Wants) propose(threeSeconds(), minute(4, 4), new Known(2.4, "seconds", 0, "test", 0.5, List.of())))
                        .replicas())
                .isEqualTo(6);
        assertThat(((Wants) propose(threeSeconds(), view().ready(4), new Known(0, "seconds", 0, "t", 0.5, List.of())))
                        .replicas())
                .isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"0.4, 0.8, 2.4, 4", "0.4, 0.79, 2.4, 5", "0.9, 1, 2.4, 4", "0.9, 1, 2.0, 3"})
    void between_movesTheBand(double removeAt, double addAt, double latency, int expected) {
        Proposal proposal = propose(threeSeconds().between(removeAt, addAt), minute(4, 4), seconds(latency));
        assertThat(((Wants) proposal).replicas()).isEqualTo(expected);
    }

    @Test
    void window_shorter_forgetsSooner() {
        Proposal proposal = propose(threeSeconds().window(Duration.ofSeconds(30)), minute(10, 6), seconds(0.9));
        assertThat(((Wants) proposal).replicas()).isEqualTo(5);
    }

    @DisplayName("E2: hostile values saturate or abstain, and never go below current")
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void hostileValues_neverBelowCurrent(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] hostile = {-1, -1e308, -0.0, 1e-320, 2147483648.0, 1e308, Double.MAX_VALUE};
        for (int i = 0; i < 5_000; i++) {
            int current = random.nextInt(1, 20);
            int served = random.nextInt(10, 20);
            LatencyPolicy.Builder builder = threeSeconds().maxGrowth(random.nextBoolean() ? 2 : 1e300);
            Proposal proposal = propose(
                    builder,
                    minute(served, served).desired(Math.min(current, served)),
                    seconds(hostile[random.nextInt(hostile.length)]));
            if (proposal instanceof Wants wants) {
                assertThat(wants.replicas()).isBetween(Math.min(current, served), ReplicaMath.MANY);
            }
        }
    }

    @Test
    void readyMade_readTheSignalsOfTheirNames() {
        Duration objective = Duration.ofSeconds(3);
        assertThat(List.of(
                                LatencyPolicy.latencyP95(objective),
                                LatencyPolicy.latencyP99(objective),
                                LatencyPolicy.timeToFirstTokenP50(objective),
                                LatencyPolicy.timeToFirstTokenP95(objective),
                                LatencyPolicy.timeToFirstTokenP99(objective),
                                LatencyPolicy.queueTimeP95(objective),
                                LatencyPolicy.queueTimeP99(objective))
                        .stream()
                        .map(builder -> builder.build().name()))
                .containsExactly(
                        "latency gate.duration.p95",
                        "latency gate.duration.p99",
                        "latency gate.ttft.p50",
                        "latency gate.ttft.p95",
                        "latency gate.ttft.p99",
                        "latency gate.queue.time.p95",
                        "latency gate.queue.time.p99");
    }

    @Test
    void builder_outOfRange_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LatencyPolicy.latencyP95(Duration.ZERO))
                .withMessage("objective of gate.duration.p95 must be positive and at most PT24H but was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> threeSeconds().between(0.5, 0.5))
                .withMessage("removeAt and addAt must be 0 < removeAt < addAt <= 1 but were 0.5 and 0.5");
        assertThatIllegalArgumentException().isThrownBy(() -> threeSeconds().between(Double.NaN, 0.5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> threeSeconds().maxGrowth(1))
                .withMessage("maxGrowth must be above 1 and finite but was 1.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> threeSeconds().maxShrink(Double.POSITIVE_INFINITY))
                .withMessage("maxShrink must be above 1 and finite but was Infinity");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> threeSeconds().window(Duration.ofMinutes(11)))
                .withMessage("window must be positive and at most PT10M but was PT11M");
    }
}
