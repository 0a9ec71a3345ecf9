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

import io.tidegate.policy.PoolSimulation.Profile;
import io.tidegate.policy.PoolSimulation.Stage;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CapacityLearnerTest {

    private static final long SECOND = 1_000_000_000L;

    private final CapacityLearner learner = CapacityLearner.builder().build();
    private final List<Second> seconds = new ArrayList<>();

    /** So many seconds with this many requests held and these many answered per second, of 1000 tokens each. */
    private CapacityLearnerTest then(int count, double concurrency, double answered, int ready) {
        for (int i = 0; i < count; i++) {
            seconds.add(second(concurrency, answered, answered * 1000, ready));
        }
        return this;
    }

    private Second second(double concurrency, double answered, double tokens, int ready) {
        return new Second((seconds.size() + 1) * SECOND, SECOND, concurrency, answered, answered, tokens, ready);
    }

    /** Replicas of 64 slots, requests of 20 s. */
    private PoolViews pool(int ready) {
        return view().atNanos(seconds.size() * SECOND)
                .ready(ready)
                .replica(Work.slots(64))
                .recent(new Recent(seconds))
                .tier(0, 0, 4, 20, 1000);
    }

    private double learned(double known, int ready) {
        return learner.learn(pool(ready).capacity(known(known)).build()).requestsPerSecond();
    }

    private static Capacity known(double requests) {
        return new Capacity(requests * 1000, requests, 10);
    }

    @Nested
    class AtHighUse {

        @Test
        void sample_movesWhatIsKnownByFivePercentOfTheDifference() {
            then(300, 128, 2.32, 2);
            Capacity learned = learner.learn(pool(2).capacity(known(1.45)).build());
            assertThat(learned.requestsPerSecond()).isCloseTo(1.4355, within(1e-6));
            assertThat(learned.tokensPerSecond()).isCloseTo(1435.5, within(1e-3));
            assertThat(learned.samples()).isEqualTo(11);
        }

        @Test
        void sample_farAway_isSeenAsAQuarterAway() {
            then(300, 128, 1, 2);
            assertThat(learned(1.45, 2)).isCloseTo(1.4319, within(1e-4));
        }

        @Test
        void firstSample_isTakenAsItIs() {
            then(300, 128, 2.9, 2);
            Capacity learned = learner.learn(pool(2).build());
            assertThat(learned.requestsPerSecond()).isCloseTo(1.45, within(1e-9));
            assertThat(learned.tokensPerSecond()).isCloseTo(1450, within(1e-6));
            assertThat(learned.samples()).isEqualTo(1);
        }

        @Test
        void askedAgain_comesNearerToTheSampleAndNotBeyond() {
            then(300, 128, 2.4, 2);
            Capacity capacity = known(1.45);
            for (int i = 0; i < 1000; i++) {
                capacity = learner.learn(pool(2).capacity(capacity).build());
                assertThat(capacity.requestsPerSecond()).isBetween(1.2, 1.45);
            }
            assertThat(capacity.requestsPerSecond()).isCloseTo(1.2, within(1e-6));
        }

        @Test
        void replicaHoldsFewerByTokens_isFullAtThose() {
            // 32 000 tokens hold 32 requests of 1000: 60 in flight on two replicas are 94 % of slots, 31 % by slots
            // alone.
            then(300, 62, 2.4, 2);
            PoolViews view = pool(2).capacity(known(1.45)).replica(new Work(64, 32_000));
            assertThat(learner.learn(view.build()).requestsPerSecond()).isLessThan(1.45);
            assertThat(learned(1.45, 2)).isEqualTo(1.45);
        }

        @Test
        void somebodyWaits_poolIsFullAtWhatItHolds() {
            // The engines take 80 of 128: three wait, the oldest for 5 s.
            then(300, 83, 2.4, 2);
            assertThat(waiting(Duration.ofSeconds(5), 1)).isLessThan(1.45);
            assertThat(waiting(Duration.ofSeconds(1), 1)).isEqualTo(1.45);
            assertThat(waiting(Duration.ofSeconds(5), 0.5)).isEqualTo(1.45);
        }

        private double waiting(Duration age, double ceiling) {
            Tier tier = Tier.builder("standard").ceiling(ceiling).build();
            PoolView view = view().atNanos(seconds.size() * SECOND)
                    .ready(2)
                    .replica(Work.slots(64))
                    .recent(new Recent(seconds))
                    .capacity(known(1.45))
                    .tier(new PoolView.TierView(tier, 80, 3, age, 3, 0, 20, 1000))
                    .build();
            return learner.learn(view).requestsPerSecond();
        }

        @Test
        void oneSecondOfNonsense_hardlyMoves() {
            then(250, 128, 2.9, 2);
            seconds.add(second(128, 1e9, 1e15, 2));
            then(49, 128, 2.9, 2);
            Capacity capacity = known(1.45);
            for (int i = 0; i < 1000; i++) {
                capacity = learner.learn(pool(2).capacity(capacity).build());
            }
            // One of six groups counts as three times the median: at most 2/6 more for as long as it is in the window.
            assertThat(capacity.requestsPerSecond()).isBetween(1.4, 1.45 * 4 / 3 + 0.05);
        }
    }

    @Nested
    class NothingToLower {

        @Test
        void warmingReplicas_areNoSample() {
            // A second replica has come 45 s ago and both answer at half their rate: 30 s to warm up and 20 s in
            // flight.
            then(400, 64, 1.45, 1).then(45, 128, 1.45, 2);
            assertThat(learned(1.45, 2)).isEqualTo(1.45);
        }

        @Test
        void warmReplicas_areASample() {
            then(400, 64, 1.45, 1).then(150, 128, 1.45, 2);
            assertThat(learned(1.45, 2)).isLessThan(1.45);
        }

        @Test
        void replicasThatCameOneAfterTheOther_areNoSample() {
            for (int ready = 1; ready < 10; ready++) {
                then(45, 64 * ready, 0.5, ready);
            }
            assertThat(learned(1.45, 9)).isEqualTo(1.45);
        }

        @ParameterizedTest
        @ValueSource(doubles = {0, 1, 20, 60, 100, 115})
        void loadBelowCapacity_neverLowers(double concurrency) {
            then(600, concurrency, concurrency / 100, 2);
            assertThat(learned(1.45, 2)).isEqualTo(1.45);
        }

        @Test
        void incompleteDrainingOrNoneReady_isNoSample() {
            then(300, 128, 1, 2);
            Capacity known = known(1.45);
            assertThat(learner.learn(pool(2).capacity(known).incomplete().build()))
                    .isEqualTo(known);
            assertThat(learner.learn(pool(2).capacity(known).desired(1).build()))
                    .isEqualTo(known);
            assertThat(learner.learn(pool(0).capacity(known).build())).isEqualTo(known);
        }

        @Test
        void holeInTheRecord_isAChangeOfReplicas() {
            then(200, 128, 1, 2);
            List<Second> after = new ArrayList<>(seconds);
            for (int i = 0; i < 40; i++) {
                after.add(new Second((260 + i) * SECOND, SECOND, 128, 1, 1, 1000, 2));
            }
            seconds.subList(0, 160).clear();
            after.subList(0, 160).clear();
            PoolView view = view().atNanos(299 * SECOND)
                    .ready(2)
                    .replica(Work.slots(64))
                    .recent(new Recent(after))
                    .tier(0, 0, 4, 20, 1000)
                    .capacity(known(1.45))
                    .build();
            assertThat(learner.learn(view).requestsPerSecond()).isEqualTo(1.45);
        }

        @Test
        void tooLittleHasEnded_isNoSample() {
            then(300, 128, 0.05, 2);
            assertThat(learned(1.45, 2)).isEqualTo(1.45);
        }
    }

    @Nested
    class BelowHighUse {

        @Test
        void moreEndsThanWasKnown_isTheNewFigureLessChance() {
            // 1.2 a replica in 6 groups of 20 s: 288 answers, of which 3·√288 are chance: 1.2·(1 − 3/√288) = 0.988.
            then(600, 60, 2.4, 2);
            assertThat(learned(0.5, 2)).isCloseTo(0.988, within(0.001));
            assertThat(learned(1.1, 2)).isEqualTo(1.1);
        }
    }

    @Nested
    class Guesses {

        @Test
        void nothingMeasured_slotsTurnOverInTheMeanTimeInFlight() {
            Capacity guess = learner.learn(pool(2).build());
            assertThat(guess).isEqualTo(new Capacity(3200, 3.2, 0));
            assertThat(guess.known()).isFalse();
        }

        @Test
        void tokensHoldFewer_theyTurnOver() {
            assertThat(learner.learn(pool(2).replica(new Work(64, 32_000)).build()))
                    .isEqualTo(new Capacity(1600, 1.6, 0));
        }

        @Test
        void nothingEndedYet_isUnknown() {
            assertThat(learner.learn(view().ready(2).tier(4, Double.NaN, 0).build()))
                    .isEqualTo(Capacity.UNKNOWN);
            assertThat(learner.learn(view().build())).isEqualTo(Capacity.UNKNOWN);
        }

        @Test
        void aGuessIsMadeAnew_ratherThanLearnedFrom() {
            assertThat(learner.learn(pool(2).capacity(new Capacity(9, 9, 0)).build())
                            .requestsPerSecond())
                    .isEqualTo(3.2);
        }

        @ParameterizedTest
        @CsvSource({"1e300, 12.8", "13, 12.8", "12, 12"})
        void restoredTooHigh_isNoMoreThanFourTimesTheGuess(double restored, double expected) {
            assertThat(learned(restored, 2)).isEqualTo(expected);
        }

        @Test
        void restoredTooLow_isRaisedAtOnceToWhatIsSeen() {
            then(600, 60, 2.4, 2);
            assertThat(learned(1e-300, 2)).isGreaterThan(0.9);
        }
    }

    @ParameterizedTest
    @ValueSource(
            doubles = {Double.NaN, -1, -1e308, Double.MAX_VALUE, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void brokenSeconds_neverThrowNorSpoil(double broken) {
        then(300, 128, 2.9, 2);
        for (int i = 0; i < 300; i++) {
            Second bad = switch (i % 3) {
                case 0 -> new Second((seconds.size() + 1) * SECOND, SECOND, broken, 0, 2.9, 2900, 2);
                case 1 -> new Second((seconds.size() + 1) * SECOND, SECOND, 128, broken, broken, 2900, 2);
                default -> new Second((seconds.size() + 1) * SECOND, i % 2 == 0 ? 0 : -SECOND, 128, 0, 2.9, broken, -2);
            };
            seconds.add(bad);
        }
        Capacity learned = learner.learn(pool(2).capacity(known(1.45)).build());
        assertThat(learned.requestsPerSecond()).isPositive().isFinite();
        assertThat(learned.tokensPerSecond()).isPositive().isFinite();
        PoolView nonsense = view().ready(2)
                .tier(broken, broken, 0)
                .recent(new Recent(seconds))
                .capacity(known(1.45))
                .build();
        assertThat(learner.learn(nonsense).requestsPerSecond()).isPositive().isFinite();
    }

    @Test
    void tokensNotReported_onlyRequestsAreLearned() {
        for (int i = 0; i < 300; i++) {
            seconds.add(second(128, 2.9, 0, 2));
        }
        PoolView view = pool(2).capacity(new Capacity(Double.NaN, 1.45, 3)).build();
        assertThat(learner.learn(view).tokensPerSecond()).isNaN();
        assertThat(learner.learn(view).requestsPerSecond()).isCloseTo(1.45, within(1e-9));
    }

    @Nested
    class InASimulatedPool {

        private final Profile full = overloaded(3, 6);

        private Profile overloaded(int replicas, double perSecond) {
            return new Profile(
                    "overloaded",
                    64,
                    20,
                    64 / 1.45,
                    0.6,
                    100,
                    replicas,
                    replicas,
                    replicas,
                    3,
                    60,
                    0.3,
                    0,
                    List.of(new Stage(1500, perSecond)));
        }

        /** What is known at the end of a run in which the speed changes at an instant. */
        private Capacity run(Profile profile, Capacity known, int seed, double changeAt, double speed) {
            SimulatedPolicies learning = new SimulatedPolicies(profile, List.of(), known, Duration.ZERO, true);
            new PoolSimulation(profile, true, seed).run(pool -> {
                pool.speed = pool.now >= changeAt ? speed : 1;
                return learning.desired(pool);
            });
            return learning.capacity;
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 1, 2, 3, 4})
        void full_comesWithinFivePercentOfTheTruth_fromAnywhere(int seed) {
            for (double start : new double[] {0, 0.5, 1, 1.5, 2}) {
                Capacity before = start == 0 ? Capacity.UNKNOWN : new Capacity(start * 7250, start * 1.45, 5);
                Capacity learned = run(full, before, seed, 1e9, 1);
                assertThat(learned.requestsPerSecond()).as("from %s", start).isCloseTo(1.45, within(0.0725));
                assertThat(learned.tokensPerSecond()).isCloseTo(7250, within(362.5));
            }
        }

        @ParameterizedTest
        @CsvSource({"0, 0.7", "1, 0.7", "2, 1.3", "3, 1.3"})
        void speedChanges_isFollowedWithinSixMinutes(int seed, double speed) {
            double truth = 1.45 * speed;
            assertThat(run(full, known(1.45), seed, 1500 - 360, speed).requestsPerSecond())
                    .isCloseTo(truth, within(truth * 0.06));
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 1, 2})
        void loadFarBelow_neverLowers(int seed) {
            assertThat(run(overloaded(3, 1.5), known(1.45), seed, 1e9, 1).requestsPerSecond())
                    .isEqualTo(1.45);
        }

        @Test
        void sameSeed_sameFigure() {
            assertThat(run(full, Capacity.UNKNOWN, 9, 1e9, 1)).isEqualTo(run(full, Capacity.UNKNOWN, 9, 1e9, 1));
        }
    }

    @Test
    void learn_clockThatWraps_isTheSame() {
        then(300, 128, 2.32, 2);
        long shift = Long.MAX_VALUE - 150 * SECOND;
        List<Second> shifted = seconds.stream()
                .map(s -> new Second(
                        s.endNanos() + shift,
                        s.lengthNanos(),
                        s.concurrency(),
                        s.arrivals(),
                        s.completed(),
                        s.tokens(),
                        s.readyReplicas()))
                .toList();
        PoolView view = pool(2).capacity(known(1.45)).build();
        PoolView later = pool(2).capacity(known(1.45))
                .atNanos(seconds.size() * SECOND + shift)
                .recent(new Recent(shifted))
                .build();
        assertThat(learner.learn(later)).isEqualTo(learner.learn(view));
        assertThat(learner.learn(view.withReplicas(Replicas.ready(2)))).isEqualTo(learner.learn(view));
    }

    @Test
    void builder_outOfRange_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CapacityLearner.builder().highUse(0.4))
                .withMessage("highUse must be 0.5 to 1 but was 0.4");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CapacityLearner.builder().warmUp(Duration.ofMinutes(6)))
                .withMessage("warmUp must be 0 to 5 minutes but was PT6M");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CapacityLearner.builder().window(Duration.ofSeconds(19)))
                .withMessage("window must be 20 seconds to 5 minutes but was PT19S");
    }
}
