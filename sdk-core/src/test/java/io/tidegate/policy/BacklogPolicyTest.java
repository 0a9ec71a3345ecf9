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
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BacklogPolicyTest {

    private static final double UNKNOWN = Double.NaN;

    private final BacklogPolicy policy = BacklogPolicy.builder().build();

    private Wants wants(PoolViews view) {
        return (Wants) policy.propose(view.build());
    }

    private int replicas(PoolViews view) {
        return wants(view).replicas();
    }

    @Nested
    class TheExampleOfTheJavadoc {

        private PoolViews oneReplica() {
            return view().ready(1).timeToReady(30);
        }

        @Test
        void arrivalsAlone_need125_so2() {
            Wants wants = wants(oneReplica().tier(4, 8, 0));
            assertThat(wants.replicas()).isEqualTo(2);
            assertThat(wants.cause()).isEqualTo(Cause.ARRIVALS);
            assertThat(wants.why())
                    .startsWith("4.0 requests/s arrive and keep 32 slots busy, 1.25 replicas of 32 at 80 % use");
        }

        @Test
        void sixtyWaiting_half_more_still2() {
            Wants wants = wants(oneReplica().tier(4, 8, 60));
            assertThat(wants.replicas()).isEqualTo(2);
            assertThat(wants.why()).contains("60 wait, of which 60 slots would still wait after 30 s: 0.50 more");
        }

        @Test
        void twoHundredWaiting_so3() {
            Wants wants = wants(oneReplica().tier(4, 8, 200));
            assertThat(wants.replicas()).isEqualTo(3);
            assertThat(wants.cause()).isEqualTo(Cause.BACKLOG);
            assertThat(wants.why()).contains("1.67 more").contains("2 would be asked to run at 117 %");
        }
    }

    @Nested
    class Arrivals {

        @Test
        void refusedRequests_countAsDemand_becauseArrivalsIncludeThem() {
            assertThat(replicas(view().ready(1).tier(0, 0, 40, 8, UNKNOWN))).isEqualTo(13);
        }

        @Test
        void nothingAtAll_wantsNone() {
            Wants wants = wants(view().ready(3).tier(0, UNKNOWN, 0));
            assertThat(wants.replicas()).isZero();
            assertThat(wants.cause()).isEqualTo(Cause.ARRIVALS);
        }

        @Test
        void quickRateNearTheNextReplica_steadyRateDecidesThatOneGoes() {
            // 2.6·8/(32·0.8) = 0.81 by the quick rate is below 2 as well, but 3.3 would be 1.03 and keep two.
            PoolView view = view().ready(2)
                    .tier(new TierView(
                            Tier.builder("standard").build(),
                            0,
                            0,
                            Duration.ZERO,
                            3.3,
                            0,
                            8,
                            UNKNOWN,
                            ServedView.NOTHING,
                            2.6))
                    .build();
            assertThat(((Wants) BacklogPolicy.builder().build().propose(view)).replicas())
                    .isEqualTo(1);
        }

        @Test
        void noTiers_wantsNone() {
            assertThat(replicas(view().ready(3))).isZero();
        }

        @Test
        void exactlyFull_roundingErrorsBuyNoReplica() {
            // 3.2/s · 8 s = 25.6 slots = 32 · 0.8.
            assertThat(replicas(view().ready(1).tier(3.2, 8, 0))).isEqualTo(1);
            assertThat(replicas(view().ready(1).tier(3.2001, 8, 0))).isEqualTo(2);
        }

        @Test
        void inFlight_isAFloorUntilServiceTimesAreKnown() {
            assertThat(replicas(view().ready(2).tier(64, 0, 0.1, UNKNOWN, UNKNOWN)))
                    .isEqualTo(3);
        }

        @Test
        void inFlight_beyondWhatReadyReplicasHold_isNoFloor() {
            // 96 in flight on one ready replica: the other 64 belong to replicas that drain.
            assertThat(replicas(view().ready(1).tier(96, 0, 0.1, UNKNOWN, UNKNOWN)))
                    .isEqualTo(2);
        }

        @Test
        void shedWithoutEverHavingBeenServed_needsOneReplica() {
            // A tier that never waits, in a pool at zero: nothing queues, nothing is in flight, and yet there is
            // demand.
            assertThat(replicas(view().ready(0).tier(5, UNKNOWN, 0))).isEqualTo(1);
        }

        @Test
        void moreTiers_addUp() {
            assertThat(replicas(view().ready(1).tier(2, 8, 0).tier(2, 8, 0)))
                    .isEqualTo(replicas(view().ready(1).tier(4, 8, 0)));
        }

        @ParameterizedTest
        @CsvSource({"0.5, 2", "0.8, 2", "1.0, 1"})
        void targetUtilization_lowerKeepsMoreRoom(double target, int expected) {
            Proposal proposal = BacklogPolicy.builder()
                    .targetUtilization(target)
                    .build()
                    .propose(view().ready(1).tier(4, 8, 0).build());
            assertThat(((Wants) proposal).replicas()).isEqualTo(expected);
        }
    }

    @Nested
    class Backlog {

        @Test
        void drainsBeforeAReplicaCouldBeReady_asksForNone() {
            // 20 in use of 32: 12 spare slots serve 12/8 · 120 = 180 within the time to ready.
            Wants wants = wants(view().ready(1).timeToReady(120).tier(2.5, 8, 180));
            assertThat(wants.replicas()).isEqualTo(1);
            assertThat(wants.cause()).isEqualTo(Cause.ARRIVALS);
            assertThat(wants.why()).contains("180 wait and will be served");
        }

        @Test
        void why_queueThatOutlastsTheTimeToReady_saysHowMuchIsLeft() {
            // 12 spare slots do 12 of 80 slot-seconds within the 1 s a replica takes; 68/(32·30) = 0.07.
            Wants wants = wants(view().ready(1).timeToReady(1).tier(2.5, 8, 10));
            assertThat(wants.why()).contains("10 wait, of which 9 slots would still wait after 1 s: 0.07 more");
        }

        @Test
        void dueReplica_isCreditedFromTheTimeItIsDue() {
            // The example of the Javadoc: due in 20 s of 60, it works off 160 of 200.
            long due = Duration.ofSeconds(20).toNanos();
            Wants wants = wants(view().ready(1).timeToReady(60).tier(4, 8, 200).due(due));
            assertThat(wants.replicas()).isEqualTo(2);
            assertThat(wants.why()).contains("200 wait, of which 40 slots would still wait after 60 s: 0.33 more");
            assertThat(replicas(view().ready(1).timeToReady(60).tier(4, 8, 200)))
                    .isEqualTo(3);
        }

        @Test
        void dueReplicas_areCredited() {
            // Two replicas due give 64 slots of spare: 64/8 · 30 = 240 are worked off.
            assertThat(replicas(view().ready(1).timeToReady(30).tier(4, 8, 200).due(1L, 2L)))
                    .isEqualTo(2);
        }

        @Test
        void drainWindow_longerAsksForFewer() {
            // 96·8/(32·10) = 2.4 and 1.25 steady; over 60 s it is 0.4.
            PoolView view = view().ready(1).timeToReady(1).tier(4, 8, 96).build();
            assertThat(draining(Duration.ofSeconds(10), view)).isEqualTo(4);
            assertThat(draining(Duration.ofMinutes(1), view)).isEqualTo(2);
        }

        private int draining(Duration drainWindow, PoolView view) {
            Proposal proposal =
                    BacklogPolicy.builder().drainWindow(drainWindow).build().propose(view);
            return ((Wants) proposal).replicas();
        }

        @Test
        void serviceTimeUnknown_countsAFullSlotEach() {
            assertThat(replicas(view().ready(0).tier(0, UNKNOWN, 1))).isEqualTo(1);
            assertThat(replicas(view().ready(0).tier(0, UNKNOWN, 33))).isEqualTo(2);
        }

        @Test
        void serviceTimeKnownButNobodyArrivesNow_usesIt() {
            // 96 wait, 8 s each, over 30 s: 96·8/(32·30) = 0.8. A slot each would be three.
            assertThat(replicas(view().ready(0).timeToReady(30).tier(0, 8, 96))).isEqualTo(1);
        }

        @Test
        void tiersOfDifferentLength_waitersCountWithTheirOwnServiceTime() {
            // The short tier arrives and the long one waits: 20·40 s of work, of which 23 spare slots do 230 in 10 s;
            // 570/(32·10) = 1.78, on top of 9/(32·0.8) = 0.35.
            PoolViews mixed = view().ready(1).timeToReady(10).tier(9, 1, 0).tier(0, 40, 20);
            assertThat(draining(Duration.ofSeconds(10), mixed.build())).isEqualTo(3);
            // The other way round, 20 short ones are gone in a moment, however long the long ones last.
            PoolViews other = view().ready(2).timeToReady(10).tier(0, 1, 20).tier(1, 40, 0);
            assertThat(replicas(other)).isEqualTo(2);
        }

        @Test
        void tiersOfDifferentLength_meanServiceTimeIsByRequestAndNotByLoad() {
            // λ 9·1 s and 1·9 s keep 18 of 18 slots busy; 100 wait in the same mix, so 1.8 s each:
            // 100·1.8/(18·10) = 1, on top of 18/(18·1) = 1.
            PoolView view = view().replica(Work.slots(18))
                    .ready(1)
                    .timeToReady(10)
                    .tier(9, 1, 90)
                    .tier(1, 9, 10)
                    .build();
            Proposal proposal =
                    BacklogPolicy.builder().targetUtilization(1).build().propose(view);
            assertThat(((Wants) proposal).replicas()).isEqualTo(2);
        }

        @Test
        void smallestQueueWithNobodyReady_wantsOne() {
            assertThat(replicas(view().ready(0).tier(0.0001, 0.001, 1))).isEqualTo(1);
        }
    }

    @Nested
    class Tokens {

        private final Work replica = new Work(32, 100_000);

        @Test
        void tokensAreScarcer_theyDecide() {
            // 2/s · 8 s · 12 000 tokens = 192 000, of 100 000 at 80 %: 2.4. By slots: 0.63.
            Wants wants = wants(view().replica(replica).ready(1).tier(0, 0, 2, 8, 12_000));
            assertThat(wants.replicas()).isEqualTo(3);
            assertThat(wants.why()).contains("keep 192000 tokens busy, 2.40 replicas of 100000 at 80 % use");
        }

        @Test
        void slotsAreScarcer_theyDecide() {
            assertThat(replicas(view().replica(replica).ready(1).tier(0, 0, 8, 8, 100)))
                    .isEqualTo(3);
        }

        @Test
        void tokensUnlimited_onlySlotsCount() {
            assertThat(replicas(view().ready(1).tier(0, 0, 2, 8, 1e15))).isEqualTo(1);
        }

        @Test
        void tokensUnknown_onlySlotsCount() {
            assertThat(replicas(view().replica(replica).ready(1).tier(0, 0, 2, 8, UNKNOWN)))
                    .isEqualTo(1);
        }

        @Test
        void tokensInQueue_areBacklogInTokens() {
            // 160 000 tokens are 2 replicas. Of the 8 000 000 token-seconds that wait, 40 000 spare ones do 4 800
            // 000 in 120 s; 3 200 000/(100 000·30) = 1.07.
            assertThat(replicas(view().replica(replica).ready(2).tier(0, 100, 2, 8, 10_000)))
                    .isEqualTo(4);
        }
    }

    @Nested
    class LearnedThroughput {

        /** 64 slots; 1.45 requests/s of 5000 tokens each. */
        private PoolViews learned(int ready) {
            return view().replica(Work.slots(64)).ready(ready).capacity(new Capacity(Double.NaN, 1.45, 10));
        }

        @Test
        void poolWithRoom_isSeenAsItWouldBeWithLess() {
            // The example of the Javadoc: 4/s of 31 s are 2.42 replicas in slots, and 3.25 of what they were seen to
            // do.
            Wants wants = wants(learned(4).tier(4, 31, 0));
            assertThat(wants.replicas()).isEqualTo(4);
            assertThat(wants.demand()).isCloseTo(3.245, within(0.001));
            assertThat(wants.why())
                    .isEqualTo(
                            "4.0 requests/s arrive (4.00), 3.25 replicas that were seen to do 1.45 each, at 85 % of it."
                                    + " 3 would be asked to run at 92 %.");
            assertThat(replicas(learned(4).capacity(Capacity.UNKNOWN).tier(4, 31, 0)))
                    .isEqualTo(3);
        }

        @Test
        void guess_isNotUsed() {
            assertThat(replicas(learned(4)
                            .capacity(new Capacity(Double.NaN, 1.45, 0))
                            .tier(4, 31, 0)))
                    .isEqualTo(3);
        }

        @Test
        void figureFarTooHigh_slotsTakeOver() {
            assertThat(replicas(learned(4)
                            .capacity(new Capacity(Double.NaN, 1e300, 10))
                            .tier(4, 31, 0)))
                    .isEqualTo(3);
        }

        @Test
        void tokensReported_workIsTokens() {
            // 4/s of 5000 tokens of 7250 at 85 %, and 60 that wait: 300 000 tokens of which 2·7250 do none beside 20
            // 000.
            PoolViews view = learned(2)
                    .timeToReady(60)
                    .capacity(new Capacity(7250, 1.45, 10))
                    .tier(0, 60, 4, 31, 5000);
            Wants wants = wants(view);
            assertThat(wants.demand()).isCloseTo(3.245 + 300_000 / (7250.0 * 30), within(0.001));
            assertThat(wants.why())
                    .contains("bring 20000 tokens/s, 3.25 replicas that were seen to do 7250 each, at 85 % of it")
                    .contains("60 wait, of which 300000 tokens would still wait after 60 s: 1.38 more");
        }

        @Test
        void dueReplica_isCredited() {
            // Two more from 10 s on: (5.8 − 4)·50 = 90 of 100 are worked off; 10/(1.45·30) = 0.23.
            long due = Duration.ofSeconds(10).toNanos();
            PoolViews view = learned(2).timeToReady(60).due(due, due).tier(4, 8, 100);
            assertThat(wants(view).demand()).isCloseTo(3.245 + 0.230, within(0.001));
        }

        @Test
        void targetThroughput_lowerKeepsMoreRoom() {
            PoolView view = learned(4).tier(4, 31, 0).build();
            assertThat(((Wants) BacklogPolicy.builder()
                                    .targetThroughput(0.95)
                                    .build()
                                    .propose(view))
                            .replicas())
                    .isEqualTo(3);
            assertThat(((Wants) BacklogPolicy.builder()
                                    .targetThroughput(0.5)
                                    .build()
                                    .propose(view))
                            .replicas())
                    .isEqualTo(6);
        }

        @ParameterizedTest
        @ValueSource(doubles = {Double.MIN_VALUE, 1e-300, 1e300, Double.MAX_VALUE})
        void absurd_neverThrowsNorWantsLessThanSlotsSay(double each) {
            PoolViews view = learned(4).capacity(new Capacity(each, each, 10)).tier(0, 100, 4, 31, 5000);
            assertThat(replicas(view)).isGreaterThanOrEqualTo(3);
        }
    }

    @Nested
    class BrokenData {

        @ParameterizedTest
        @ValueSource(doubles = {Double.NaN, -1, -1e-300, -1e308, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY})
        void arrivals_notARate_abstains(double arrivals) {
            assertThat(policy.propose(view().ready(3).tier(arrivals, 8, 0).build()))
                    .isInstanceOf(Abstains.class);
        }

        @ParameterizedTest
        @ValueSource(doubles = {-1, -1e308, Double.NEGATIVE_INFINITY})
        void serviceTime_negative_abstains(double seconds) {
            assertThat(policy.propose(view().ready(3).tier(4, seconds, 0).build()))
                    .isInstanceOf(Abstains.class);
        }

        @ParameterizedTest
        @ValueSource(doubles = {-1, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY})
        void tokens_broken_abstainsRatherThanCountingSlotsAlone(double tokens) {
            PoolView view = view().replica(new Work(32, 100_000))
                    .ready(3)
                    .tier(0, 0, 0, 8, tokens)
                    .build();
            assertThat(policy.propose(view)).isInstanceOf(Abstains.class);
        }

        @ParameterizedTest
        @CsvSource({"-1, 0", "0, -1"})
        void counts_negative_abstains(long inFlight, long queued) {
            assertThat(policy.propose(view().ready(3)
                            .tier(inFlight, queued, 0, 8, UNKNOWN)
                            .build()))
                    .isInstanceOf(Abstains.class);
        }

        @ParameterizedTest
        @ValueSource(doubles = {1e300, Double.MAX_VALUE})
        void arrivals_overflowing_saturateUpwards(double arrivals) {
            assertThat(replicas(view().ready(3).tier(arrivals, 8, 0))).isEqualTo(ReplicaMath.MANY);
        }

        @Test
        void queue_overflowing_saturatesUpwards() {
            assertThat(replicas(view().ready(3).tier(1, 1e9, Long.MAX_VALUE))).isEqualTo(ReplicaMath.MANY);
        }

        @Test
        void replicaWithoutSlots_abstains() {
            assertThat(policy.propose(view().replica(Work.NONE).tier(4, 8, 0).build()))
                    .isEqualTo(new Abstains("backlog", "a replica has no slots configured"));
        }
    }

    @Test
    void builder_outOfRange_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BacklogPolicy.builder().targetUtilization(0))
                .withMessage("targetUtilization must be above 0 and at most 1 but was 0.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BacklogPolicy.builder().targetUtilization(Double.NaN));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BacklogPolicy.builder().targetUtilization(1.01));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BacklogPolicy.builder().targetThroughput(1.01))
                .withMessage("targetThroughput must be above 0 and at most 1 but was 1.01");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BacklogPolicy.builder().drainWindow(Duration.ZERO))
                .withMessage("drainWindow must be positive but was PT0S");
    }

    @Test
    void propose_sameView_sameProposal() {
        PoolView view = view().ready(2).tier(4, 8, 60).build();
        assertThat(policy.propose(view)).isEqualTo(policy.propose(view));
        assertThat(policy.name()).isEqualTo("backlog");
    }

    @Test
    void wants_negative_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Wants("mine", -1, Cause.SIGNAL, ""))
                .withMessage("replicas must be >= 0 but was -1 from mine");
    }
}
