/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SloPolicyTest {

    private static final Tier PREMIUM = Tier.builder("premium")
            .slo(Slo.timeToFirstToken(Duration.ofSeconds(3)))
            .build();
    private static final Tier PROMISED = Tier.builder("standard")
            .slo(Slo.timeToFirstToken(Duration.ofSeconds(1)))
            .build();
    private static final Tier STANDARD = Tier.builder("standard").build();

    private final SloPolicy policy = SloPolicy.builder().build();

    private static PoolViews pool() {
        return view().ready(2).timeToReady(100).capacity(new Capacity(Double.NaN, 1.45, 10));
    }

    private static TierView tier(Tier tier, double arrivals, long queued) {
        return tier(tier, arrivals, queued, Duration.ZERO);
    }

    private static TierView tier(Tier tier, double arrivals, long queued, Duration age) {
        return new TierView(tier, 0, queued, age, arrivals, 0, 30, Double.NaN);
    }

    private Wants wants(PoolViews view) {
        return (Wants) policy.propose(view.build());
    }

    @Nested
    class TheExamplesOfTheJavadoc {

        @Test
        void standardWithoutPromise_sharesTheRoomOfPremium() {
            Wants wants = wants(pool().tier(tier(PREMIUM, 3, 0)).tier(tier(STANDARD, 7, 0)));
            assertThat(wants.replicas()).isEqualTo(8);
            assertThat(wants.demand()).isCloseTo(7.50, within(0.01));
            assertThat(wants.cause()).isEqualTo(Cause.ARRIVALS);
            assertThat(wants.why())
                    .isEqualTo(
                            "standard and what ranks above it bring 10.00 requests/s, 7.50 replicas of 1.45 at 92 % of it;"
                                    + " it is promised no latency.");
        }

        @Test
        void premiumAlone_needs255() {
            Wants wants = wants(pool().tier(tier(PREMIUM, 3, 0)));
            assertThat(wants.demand()).isCloseTo(2.55, within(0.01));
            assertThat(wants.cause()).isEqualTo(Cause.SLO);
        }

        @Test
        void standardPromisedAsWell_needsRoomForAll() {
            Wants wants = wants(pool().tier(tier(PREMIUM, 3, 0)).tier(tier(PROMISED, 7, 0)));
            assertThat(wants.replicas()).isEqualTo(9);
            assertThat(wants.demand()).isCloseTo(8.33, within(0.01));
            assertThat(wants.cause()).isEqualTo(Cause.SLO);
            assertThat(wants.why())
                    .isEqualTo(
                            "standard and what ranks above it bring 10.00 requests/s, 8.11 replicas of 1.45 at 85 % of it;"
                                    + " 0.22 more for chance until one more could be ready (100 s).");
        }
    }

    @Nested
    class RoomForChance {

        private static final Tier PATIENT = Tier.builder("batch")
                .slo(Slo.timeToFirstToken(Duration.ofMinutes(1)).withTarget(0.9))
                .maxQueueTime(Duration.ofMinutes(1))
                .build();

        @Test
        void patientPromise_needsNoMoreRoomThanNone() {
            // C(C - 10) = 2·10·ln(10)/(2·60): 10.04/s would do for chance, and 92 % use has 10.87.
            Wants wants = wants(pool().tier(tier(PATIENT, 10, 0)));
            assertThat(wants.demand()).isCloseTo(10 / (1.45 * 0.92), within(1e-9));
            assertThat(wants.cause()).isEqualTo(Cause.SLO);
            assertThat(wants.why()).contains("at 92 % of it").doesNotContain("chance");
        }

        @Test
        void itsOldestHasWaitedNearlyAllOfIt_needsTheRoomOfAPromise() {
            Wants wants = wants(pool().tier(tier(PATIENT, 10, 1, Duration.ofMillis(59_500))));
            double late = 1 / (1.45 * 30);
            assertThat(wants.demand())
                    .isCloseTo(10 / (1.45 * 0.85) + Math.sqrt(10 / 100.0) / 1.45 + late, within(0.01));
            assertThat(wants.why()).contains("at 85 % of it");
        }

        @Test
        void chanceTakesMoreThanTheUseLeaves_isAskedForAndNoMore() {
            SloPolicy full = SloPolicy.builder().promisedUse(0.9).otherUse(1).build();
            Wants wants = (Wants) full.propose(pool().tier(tier(PATIENT, 10, 0)).build());
            double enough = (10 + Math.sqrt(100 + 4 * 2 * 10 * Math.log(10) / (2 * 60))) / 2;
            assertThat(wants.demand()).isCloseTo(enough / 1.45, within(1e-9));
            assertThat(wants.why()).contains("0.03 more for chance");
        }
    }

    @Nested
    class QuickAndSteady {

        private static TierView rates(double quick, double steady) {
            return new TierView(STANDARD, 0, 0, Duration.ZERO, quick, 0, 30, Double.NaN, ServedView.NOTHING, steady);
        }

        @Test
        void quickAsksForMoreThanThereIs_itDecides() {
            // 5/(1.45·0.92) = 3.75 of 2.
            assertThat(wants(pool().tier(rates(5, 2))).demand()).isCloseTo(3.75, within(0.01));
        }

        @Test
        void quickAsksForNoMore_steadyDecides() {
            // By the quick rate 1.95, which would keep two for a window; by the steady one 0.97.
            Wants wants = wants(pool().tier(rates(2.6, 1.3)));
            assertThat(wants.replicas()).isEqualTo(1);
            assertThat(wants.demand()).isCloseTo(0.97, within(0.01));
        }

        @Test
        void nobodyAsksAnyMore_steadyRateIsNoReasonToStay() {
            assertThat(wants(pool().tier(rates(0, 0.2))).replicas()).isZero();
        }

        @Test
        void steadyAloneAsksForMore_doesNotRaise() {
            Wants wants = wants(pool().tier(rates(1.3, 5)));
            assertThat(wants.replicas()).isEqualTo(1);
        }
    }

    @Nested
    class Backlog {

        @Test
        void whatWaitsTooLong_isWorkedOffInTheDrainWindow() {
            // Two replicas do 2.9 of 3 a second: all 120 still wait after 100 s. 120/(1.45·30) = 2.76, on top of 2.55.
            Wants wants = wants(pool().tier(tier(PREMIUM, 3, 120)));
            assertThat(wants.replicas()).isEqualTo(6);
            assertThat(wants.demand()).isCloseTo(5.31, within(0.01));
            assertThat(wants.why()).contains("120 requests would wait too long: 2.76 more");
        }

        @Test
        void dueReplica_isCreditedFromTheTimeItIsDue() {
            // A third one, due in 20 s, frees 1.35·80 = 108 until then: 12 are left, 0.28.
            long due = Duration.ofSeconds(20).toNanos();
            Wants wants = wants(pool().due(due).tier(tier(PREMIUM, 3, 120)));
            assertThat(wants.replicas()).isEqualTo(3);
            assertThat(wants.demand()).isCloseTo(2.83, within(0.01));
        }

        @Test
        void drainsBeforeAReplicaCouldHelp_asksForNone() {
            Wants one = wants(pool().ready(4).tier(tier(PREMIUM, 3, 250)));
            Wants none = wants(pool().ready(4).tier(tier(PREMIUM, 3, 0)));
            assertThat(one.demand()).isEqualTo(none.demand());
        }

        @Test
        void tierWithTime_isGivenIt() {
            // 10 minutes, 100 of them until a replica is ready: 600 − 100 s for what is not done in 600 s.
            Tier batch = Tier.builder("batch")
                    .maxQueueTime(Duration.ofMinutes(10))
                    .slo(Slo.none().withTimePerOutputToken(Duration.ofMillis(200)))
                    .build();
            // 2.9 − 1 = 1.9/s for 600 s are 1140 of 2000; 860/(1.45·500) = 1.19, on top of 1/(1.45·0.92) = 0.75.
            assertThat(wants(pool().tier(tier(batch, 1, 2000))).demand()).isCloseTo(1.94, within(0.01));
            // The oldest has waited 9 minutes: what is not done when a replica is ready is late, 1810/(1.45·30).
            assertThat(wants(pool().tier(tier(batch, 1, 2000, Duration.ofMinutes(9))))
                            .demand())
                    .isCloseTo(0.75 + 41.61, within(0.01));
        }

        @Test
        void tierWithoutPromise_buysNothingForItsQueue() {
            assertThat(wants(pool().tier(tier(PREMIUM, 3, 0)).tier(tier(STANDARD, 1, 5000)))
                            .replicas())
                    .isEqualTo(3);
        }

        @Test
        void lowerTiersQueue_isNotInTheWayOfAHigherOne() {
            Wants without = wants(pool().tier(tier(PREMIUM, 2, 3)));
            Wants with = wants(pool().tier(tier(PREMIUM, 2, 3)).tier(tier(STANDARD, 0, 5000)));
            assertThat(with.demand()).isEqualTo(without.demand());
        }

        @Test
        void timeToFirstTokenWithoutWaiting_isTakenOffTheBudget() {
            // Replicas come in 1 s. Of 3 s, 1.5 are left where an idle replica takes 2 s itself, and 2 s at least half.
            long[] counts = new long[LatencySnapshot.BUCKETS];
            counts[LatencySnapshot.bucket(2_000_000_000L)] = 10;
            ServedView served = new ServedView(
                    0, 0, 0, 0, 0, 0, 0, LatencySnapshot.of(counts), LatencySnapshot.EMPTY, LatencySnapshot.EMPTY);
            TierView slow = new TierView(PREMIUM, 0, 10, Duration.ZERO, 1, 0, 30, Double.NaN, served);
            SloPolicy noChance = SloPolicy.builder().sigmas(0).build();
            double unhurried = demand(noChance, tier(PREMIUM, 1, 10));
            assertThat(demand(noChance, slow)).isCloseTo(unhurried + 1.9 * 1.5 / (1.45 * 30), within(0.001));
        }
    }

    private static double demand(SloPolicy policy, TierView tier) {
        return ((Wants) policy.propose(pool().timeToReady(1).tier(tier).build())).demand();
    }

    @Nested
    class WhatIsKnown {

        @Test
        void tokensKnown_tiersCountByTheirTokens() {
            // 1/s of 8000 tokens and 4/s of 500: 10 000 tokens/s of 5000 at 92 %: 2.17.
            TierView heavy = served(PREMIUM, 1, 8000);
            TierView light = served(STANDARD, 4, 500);
            Wants wants = wants(
                    pool().capacity(new Capacity(5000, 1.45, 10)).tier(heavy).tier(light));
            assertThat(wants.replicas()).isEqualTo(3);
            assertThat(wants.demand()).isCloseTo(2.17, within(0.01));
            assertThat(wants.why()).contains("10000 tokens/s, 2.17 replicas of 5000");
        }

        private TierView served(Tier tier, double perSecond, double tokens) {
            return new TierView(
                    tier,
                    0,
                    0,
                    Duration.ZERO,
                    perSecond,
                    0,
                    30,
                    1,
                    new ServedView(
                            2,
                            1.5 * tokens,
                            0.5 * tokens,
                            0,
                            0,
                            0,
                            0,
                            LatencySnapshot.EMPTY,
                            LatencySnapshot.EMPTY,
                            LatencySnapshot.EMPTY));
        }

        @Test
        void nothingLearned_countsOnFourFifthsOfTheGuess() {
            // 32 slots of 30 s are 1.07/s: 3/(1.07·0.8·0.85) + √0.03/(1.07·0.8) = 4.34.
            Wants wants = wants(pool().capacity(Capacity.UNKNOWN).tier(tier(PREMIUM, 3, 0)));
            assertThat(wants.demand()).isCloseTo(4.34, within(0.01));
            assertThat(wants.why()).contains("of 0.85 (a guess)");
        }

        @Test
        void nothingEndedYet_abstains() {
            assertThat(policy.propose(view().ready(1).tier(4, Double.NaN, 0).build()))
                    .isEqualTo(new Abstains("slo", "what a replica sustains is not known before a request has ended"));
        }

        @Test
        void noTraffic_wantsNone() {
            assertThat(wants(view().ready(3).tier(0, Double.NaN, 0)).replicas()).isZero();
            assertThat(wants(view().ready(3)).replicas()).isZero();
        }

        @Test
        void somethingInFlightAndNobodyAsks_wantsNone() {
            assertThat(wants(pool().tier(5, 0, 0, 30, Double.NaN)).replicas()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, -1, -1e308, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY})
    void arrivals_notARate_abstains(double arrivals) {
        assertThat(policy.propose(pool().tier(tier(PREMIUM, arrivals, 0)).build()))
                .isInstanceOf(Abstains.class);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e200, 1e300, Double.MAX_VALUE})
    void arrivals_overflowing_saturateUpwards(double arrivals) {
        assertThat(wants(pool().tier(tier(PREMIUM, arrivals, Long.MAX_VALUE))).replicas())
                .isEqualTo(ReplicaMath.MANY);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.MIN_VALUE, 1e-300, 1e300, Double.MAX_VALUE})
    void capacity_absurd_neverThrows(double each) {
        Proposal proposal = policy.propose(pool().capacity(new Capacity(each, each, 1))
                .tier(tier(PREMIUM, 1e300, 100))
                .tier(tier(STANDARD, 0, 0))
                .build());
        assertThat(proposal.policy()).isEqualTo("slo");
    }

    @Test
    void timeToReady_zero_needsNoRoomForChance() {
        assertThat(wants(pool().timeToReady(0).tier(tier(PREMIUM, 3, 0))).demand())
                .isCloseTo(2.434, within(0.001));
    }

    @Test
    void builder_outOfRange_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SloPolicy.builder().promisedUse(0))
                .withMessage("promisedUse must be above 0 and at most 1 but was 0.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SloPolicy.builder().otherUse(1.1))
                .withMessage("otherUse must be above 0 and at most 1 but was 1.1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SloPolicy.builder().sigmas(Double.NaN))
                .withMessage("sigmas must be 0 to 5 but was NaN");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SloPolicy.builder().drainWindow(Duration.ZERO))
                .withMessage("drainWindow must be positive but was PT0S");
    }
}
