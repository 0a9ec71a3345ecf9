/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Who is granted next, with the scheduler alone: no gate, no threads, and a clock that is a number. */
class SchedulerTest {

    private static final int ALL = 64;

    private static Tier tier(String name, double weight, double ceiling, double floor) {
        return Tier.builder(name)
                .weight(weight)
                .ceiling(ceiling)
                .floor(floor)
                .maxQueued(1_000_000)
                .build();
    }

    private static Tier weighing(String name, double weight) {
        return tier(name, weight, 1, 0);
    }

    /** A scheduler, its pool, and what it granted, as ranks in order. */
    private static final class Rig implements Scheduler.Settling {

        private final List<TierLane> lanes = new ArrayList<>();
        private final GateState state = new GateState();
        private final Scheduler scheduler;
        private final GateState.Ceilings limits;
        private final ArrayDeque<Waiter> running = new ArrayDeque<>();
        private final List<Integer> granted = new ArrayList<>();
        private final List<Waiter> expired = new ArrayList<>();
        private int waiting;
        private long now;

        @SuppressWarnings("NullAway") // no lane asks its gate for anything here
        Rig(TierOrder order, Work limit, Tier... tiers) {
            TimerWheel wheel = new TimerWheel(0);
            for (int rank = 0; rank < tiers.length; rank++) {
                lanes.add(new TierLane(null, tiers[rank], rank, new WaitQueue(wheel), 0, false));
            }
            limits = new GateState.Ceilings(limit, List.of(tiers));
            scheduler = new Scheduler(lanes, order, state, this);
        }

        Waiter add(int rank, long tokens) {
            TierLane lane = lanes.get(rank);
            Request request = Request.of(lane.tier).withTokens(tokens, 0);
            Waiter waiter = new Waiter(lane, request, request.units, now, Thread.currentThread());
            waiting++;
            scheduler.add(waiter);
            return waiter;
        }

        void add(int rank, long tokens, int count) {
            for (int i = 0; i < count; i++) {
                add(rank, tokens);
            }
        }

        boolean grant(int most) {
            return scheduler.grant(limits, 0, most, () -> now);
        }

        /** So many come back, one by one, and whoever fits then is granted. */
        void finish(int count) {
            for (int i = 0; i < count; i++) {
                boolean unused = state.giveBack(running.remove().units);
                grant(ALL);
            }
        }

        /** One comes back and one is granted, though there may be room for more. */
        void replaceOne() {
            boolean unused = state.giveBack(running.remove().units);
            grant(1);
        }

        long count(int rank) {
            return granted.stream().filter(each -> each == rank).count();
        }

        @Override
        public void granted(Waiter waiter, int asked) {
            waiting--;
            running.add(waiter);
            granted.add(waiter.lane.rank);
        }

        @Override
        public void expired(Waiter waiter) {
            waiting--;
            expired.add(waiter);
        }

        @Override
        public boolean anyWaits() {
            return waiting > 0;
        }
    }

    // ---- by weight -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"8, 4, 1", "1, 1, 1", "1, 2, 10", "0.5, 0.25, 0.125", "1000, 10, 7"})
    void grant_weighted_sharesAreByWeightWithinAGrantOrTwoAtAnyTime(double first, double second, double third) {
        double[] weights = {first, second, third};
        Rig rig = new Rig(
                TierOrder.weighted(), Work.slots(1), weighing("a", first), weighing("b", second), weighing("c", third));
        for (int rank = 0; rank < 3; rank++) {
            rig.add(rank, 0, 13_000);
        }
        rig.grant(ALL);
        rig.finish(12_999);

        int[] counts = new int[3];
        for (int i = 0; i < rig.granted.size(); i++) {
            counts[rig.granted.get(i).intValue()]++;
            for (int rank = 0; rank < 3; rank++) {
                double share = (i + 1) * weights[rank] / (first + second + third);
                // Each may be one ahead of its share, so one alone may be behind by what the others are ahead.
                assertThat(counts[rank] - share)
                        .as("rank %d after %d grants", rank, i + 1)
                        .isBetween(-2.0, 2.0);
            }
        }
    }

    @Test
    void grant_weightedAndOfUnequalSize_sharesWorkWithinARequest() {
        Rig rig = new Rig(TierOrder.weighted(), new Work(10, 64_000), weighing("large", 1), weighing("small", 3));
        rig.add(0, 16_000, 300);
        rig.add(1, 160, 60_000);
        rig.grant(ALL);
        rig.finish(20_000);

        double large = rig.count(0) * Scheduler.work(1000);
        double small = rig.count(1) * Scheduler.work(10);
        assertThat(3 * large - small).isCloseTo(0, within(4 * Scheduler.work(1000)));
    }

    @Test
    void add_tierComesBack_hasNoCreditForBeingAway() {
        Rig rig = new Rig(TierOrder.weighted(), Work.slots(1), weighing("a", 1), weighing("b", 1));
        rig.add(0, 0, 2000);
        rig.grant(ALL);
        rig.finish(1000);
        rig.granted.clear();

        rig.add(1, 0, 1000);
        rig.finish(100);

        assertThat(rig.count(1)).isBetween(49L, 51L);
    }

    // ---- by rank ---------------------------------------------------------------------------------------------------

    @Test
    void grant_strict_lowerRanksGetWhatIsLeft() {
        Rig rig =
                new Rig(TierOrder.strict(), Work.slots(3), weighing("a", 1), weighing("b", 100), weighing("c", 10_000));
        for (int rank = 2; rank >= 0; rank--) {
            rig.add(rank, 0, 50);
        }
        rig.grant(ALL);
        rig.finish(147);

        assertThat(rig.granted).isSorted().hasSize(150);
    }

    @Test
    void grant_weightedAbove_isByRankBelowAndByWeightFromThere() {
        Rig rig = new Rig(TierOrder.weightedAbove(0.6), Work.slots(10), weighing("a", 1), weighing("b", 1));
        rig.add(0, 0, 1000);
        rig.add(1, 0, 1000);
        rig.grant(4);
        for (int i = 0; i < 100; i++) {
            rig.replaceOne();
        }
        // Four in flight: the next is the fifth of ten.
        assertThat(rig.count(1)).isZero();
        rig.granted.clear();

        rig.grant(ALL);
        assertThat(rig.granted.get(0)).as("the fifth").isZero();
        rig.finish(100);

        assertThat(rig.count(1)).isBetween(51L, 54L);
    }

    @Test
    void grant_orderTurnsFromRankToWeight_whoWasPassedOverHasNoBurst() {
        Rig rig = new Rig(
                TierOrder.weightedAbove(0.9), Work.slots(10), weighing("a", 8), weighing("b", 4), weighing("c", 1));
        for (int rank = 0; rank < 3; rank++) {
            rig.add(rank, 0, 5000);
        }
        rig.grant(5);
        for (int i = 0; i < 3000; i++) {
            rig.replaceOne();
        }
        assertThat(rig.count(1) + rig.count(2)).isZero();
        rig.grant(ALL);
        rig.granted.clear();

        rig.finish(130);

        assertThat(rig.count(0)).isBetween(78L, 82L);
        assertThat(rig.count(1)).isBetween(38L, 42L);
        assertThat(rig.count(2)).isBetween(9L, 11L);
    }

    // ---- floors ----------------------------------------------------------------------------------------------------

    static Stream<Arguments> ordersAndFloors() {
        return Stream.of(TierOrder.weighted(), TierOrder.strict(), TierOrder.weightedAbove(0.5))
                .flatMap(order -> Stream.of(0.01, 0.05, 0.1, 0.25, 0.5)
                        .flatMap(floor -> Stream.of(1.0, 0.5).map(ceiling -> Arguments.of(order, floor, ceiling))));
    }

    @ParameterizedTest
    @MethodSource("ordersAndFloors")
    void grant_othersNeverRunDry_lowestGetsItsFloorWithNoLongGap(TierOrder order, double floor, double ceiling) {
        Rig rig = new Rig(
                order, Work.slots(8), weighing("a", 1000), weighing("b", 1000), tier("c", 0.001, ceiling, floor));
        for (int rank = 0; rank < 3; rank++) {
            rig.add(rank, 0, 10_000);
        }
        rig.grant(ALL);
        rig.finish(5000);

        int[] places = IntStream.range(0, rig.granted.size())
                .filter(i -> rig.granted.get(i) == 2)
                .toArray();
        int total = rig.granted.size();
        assertThat((double) places.length).isGreaterThanOrEqualTo(Math.floor(total * floor) - 1);
        // And no more than that, but for what it may be given by weight at the beginning.
        assertThat((double) places.length).isLessThanOrEqualTo(Math.ceil(total * floor) + 1);
        int longest = (int) Math.ceil(1 / floor) + 1;
        assertThat(places[0]).isLessThanOrEqualTo(longest);
        for (int i = 1; i < places.length; i++) {
            assertThat(places[i] - places[i - 1]).isLessThanOrEqualTo(longest);
        }
    }

    /** Whoever is served by its floor must find room though the pool is full above its ceiling all the time. */
    @Test
    void grant_poolFullAboveItsCeiling_floorIsServedAllTheSame() {
        Rig rig = new Rig(TierOrder.strict(), new Work(100, 16_000), weighing("top", 1), tier("low", 1, 0.1, 0.05));
        rig.add(0, 160, 20_000);
        rig.grant(128);
        rig.add(1, 1600, 100);
        rig.finish(4000);

        double low = rig.count(1) * Scheduler.work(100);
        double top = (rig.count(0) - 100) * Scheduler.work(10);
        assertThat(low / (low + top)).isCloseTo(0.05, within(0.005));
    }

    @Test
    void grant_workThatPassedThoseWhoWait_countsForTheirFloor() {
        Rig rig = new Rig(TierOrder.strict(), Work.slots(10), weighing("top", 1), tier("low", 1, 0.1, 0.25));
        for (int i = 0; i < 5; i++) {
            assertThat(rig.state.tryTakeForWaiter(0, rig.limits, 0)).isTrue();
        }
        rig.add(1, 0, 10);

        rig.scheduler.grant(rig.limits, 3, ALL, () -> 0);
        assertThat(rig.granted).isEmpty();
        rig.scheduler.grant(rig.limits, 1, ALL, () -> 0);

        assertThat(rig.granted).containsExactly(1);
    }

    @Test
    void grant_floorOwedAndNoRoom_holdsWhatComesForIt() {
        Rig rig = new Rig(TierOrder.strict(), new Work(10, 160), weighing("top", 1), tier("low", 1, 0.5, 0.5));
        rig.add(0, 80);
        rig.grant(ALL);
        Waiter large = rig.add(1, 80);
        rig.add(0, 16, 5);
        rig.finish(0);
        // The lower one waits for 80 tokens above its ceiling.
        rig.scheduler.grant(rig.limits, 1000, ALL, () -> 0);
        assertThat(rig.scheduler.holding()).isFalse();
        assertThat(large.settled()).isTrue();

        Waiter second = rig.add(1, 80);
        rig.scheduler.grant(rig.limits, 1000, ALL, () -> 0);

        assertThat(rig.scheduler.holding()).isTrue();
        assertThat(second.settled()).isFalse();
        rig.finish(1);
        assertThat(second.settled()).isTrue();
        assertThat(rig.scheduler.holding()).isFalse();
    }

    // ---- reservation -----------------------------------------------------------------------------------------------

    /** A prompt of 30,000 tokens among an endless stream of small ones, whatever tier of the same ceiling it is in. */
    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "0, 8", "1, 8"})
    void grant_largeHeadAmongSmallOnes_isServedInBoundedTime(int largeRank, double weightOfSmall) {
        Tier large = weighing("large", 1);
        Tier small = weighing("small", weightOfSmall);
        Rig rig = largeRank == 0
                ? new Rig(TierOrder.weighted(), new Work(1000, 32_000), large, small)
                : new Rig(TierOrder.weighted(), new Work(1000, 32_000), small, large);
        int smallRank = 1 - largeRank;
        rig.add(smallRank, 160, 5000);
        rig.grant(1000);
        rig.granted.clear();
        for (int round = 0; round < 3; round++) {
            Waiter head = rig.add(largeRank, 30_000);
            int ended = 0;
            while (!head.settled()) {
                rig.add(smallRank, 160);
                rig.finish(1);
                ended++;
                // At most what the small ones are ahead by weight, and then a pool of small ones that ends.
                assertThat(ended).isLessThanOrEqualTo(200 + (int) (200 * weightOfSmall));
            }
        }
    }

    @Test
    void grant_largeHeadOfTheSameTenant_isNotPassedByThoseBehindIt() {
        Rig rig = new Rig(TierOrder.weighted(), new Work(1000, 32_000), weighing("a", 1));
        rig.add(0, 160, 200);
        rig.grant(1000);
        Waiter head = rig.add(0, 30_000);
        rig.add(0, 160, 1000);
        rig.granted.clear();

        int ended = 0;
        while (!head.settled()) {
            rig.finish(1);
            ended++;
        }

        assertThat(ended).isLessThanOrEqualTo(188);
        assertThat(rig.granted.get(0)).isZero();
        // The large one, and what fits beside it.
        assertThat(rig.granted).hasSizeLessThanOrEqualTo(14);
    }

    @Test
    void grant_headOfALowCeiling_doesNotHoldUpThoseAboveIt() {
        Rig rig = new Rig(TierOrder.weighted(), Work.slots(10), weighing("high", 1), tier("low", 100, 0.5, 0));
        rig.add(0, 0, 5);
        rig.grant(ALL);
        rig.add(1, 0, 10);
        rig.add(0, 0, 10);
        rig.granted.clear();

        rig.grant(ALL);

        assertThat(rig.granted).containsExactly(0, 0, 0, 0, 0);
    }

    // ---- those who have left ---------------------------------------------------------------------------------------

    @Test
    void grant_headsWhoseTimeIsOver_expireAndTakeNoRoom() {
        Rig rig = new Rig(TierOrder.weighted(), Work.slots(2), weighing("a", 1), weighing("b", 1));
        rig.add(0, 0, 10);
        long bound = rig.lanes.get(0).tier.maxQueueTime().toNanos();
        rig.now = bound + 1;
        Waiter inTime = rig.add(0, 0);
        Waiter other = rig.add(1, 0);

        rig.grant(ALL);

        assertThat(rig.expired).hasSize(10).doesNotHaveDuplicates();
        assertThat(rig.running).containsExactlyInAnyOrder(inTime, other);
        assertThat(rig.state.slotsInFlight()).isEqualTo(2);
    }

    @Test
    void grant_atTheLastInstant_isInTime() {
        Rig rig = new Rig(TierOrder.weighted(), Work.slots(1), weighing("a", 1));
        rig.add(0, 0);
        rig.now = rig.lanes.get(0).tier.maxQueueTime().toNanos();

        rig.grant(ALL);

        assertThat(rig.granted).hasSize(1);
        assertThat(rig.expired).isEmpty();
    }

    @Test
    void grant_headsThatGaveUp_takeNeitherRoomNorShare() {
        Rig rig = new Rig(TierOrder.weighted(), Work.slots(1), weighing("a", 1), weighing("b", 1));
        List<Waiter> left = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            left.add(rig.add(0, 0));
            rig.add(0, 0);
            rig.add(1, 0);
        }
        left.forEach(Waiters::giveUp);
        rig.waiting -= left.size();
        rig.grant(ALL);
        rig.finish(199);

        assertThat(rig.granted).hasSize(200);
        assertThat(rig.granted.subList(0, 100).stream()
                        .filter(each -> each == 0)
                        .count())
                .isBetween(49L, 51L);
        assertThat(left).noneMatch(each -> each.state() == Permit.HELD);
    }

    @Test
    void grant_batchIsFull_saysThatThereMayBeMore() {
        Rig rig = new Rig(TierOrder.weighted(), Work.slots(100), weighing("a", 1));
        rig.add(0, 0, 100);

        assertThat(rig.grant(64)).isTrue();
        assertThat(rig.granted).hasSize(64);
        assertThat(rig.grant(64)).isFalse();
        assertThat(rig.granted).hasSize(100);
    }

    /** BUG A: B is left waiting by what the floor of C is granted beyond its weight. */
    @Test
    void add_tierComesBackWhileAnotherIsServedByItsFloor_isNotBehindForIt() {
        Rig rig = new Rig(
                TierOrder.weighted(), Work.slots(1), weighing("a", 1), weighing("b", 1), tier("c", 0.001, 1, 0.3));
        rig.add(0, 0, 5000);
        rig.add(2, 0, 5000);
        rig.grant(ALL);
        rig.finish(100);
        rig.granted.clear();

        rig.add(1, 0, 1000);
        rig.finish(1000);

        assertThat(rig.count(1)).isBetween(340L, 360L);
    }

    /** BUG B?: floors that sum up to one. */
    @Test
    void grant_floorsOfAllTiersSumUpToOne_eachGetsItsOwn() {
        Rig rig = new Rig(
                TierOrder.weighted(),
                Work.slots(1),
                tier("a", 1000, 1, 0.5),
                tier("b", 1, 1, 0.3),
                tier("c", 1, 1, 0.2));
        for (int rank = 0; rank < 3; rank++) {
            rig.add(rank, 0, 5000);
        }
        rig.grant(ALL);
        rig.finish(1000);

        assertThat(List.of(rig.count(0), rig.count(1), rig.count(2))).isEqualTo(List.of(501L, 300L, 200L));
    }

    /** BUG C?: sizes that alternate. */
    @Test
    void grant_floorOfATierOfUnequalSizes_isKept() {
        Rig rig = new Rig(TierOrder.strict(), new Work(10, 160_000), weighing("a", 1), tier("c", 1, 1, 0.1));
        rig.add(0, 160, 100_000);
        for (int i = 0; i < 1000; i++) {
            rig.add(1, 16_000);
            rig.add(1, 0);
        }
        rig.grant(ALL);
        rig.finish(20_000);
        double own = rig.count(1) / 2.0 * (Scheduler.work(1000) + 1);
        double other = rig.count(0) * Scheduler.work(10);
        assertThat(own / (own + other)).isGreaterThanOrEqualTo(0.098);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0.3", "0.4, 0.4", "0.7, 0.7", "0.9, 0.9", "0.15, 0.15"})
    void grant_floorThatIsNoUnitFraction_isKept(double floor, double atLeast) {
        Rig rig = new Rig(TierOrder.strict(), Work.slots(8), weighing("a", 1), tier("c", 1, 1, floor));
        rig.add(0, 0, 10_000);
        rig.add(1, 0, 10_000);
        rig.grant(ALL);
        rig.finish(5000);
        assertThat(rig.count(1) / (double) rig.granted.size()).isGreaterThanOrEqualTo(atLeast - 0.001);
    }
}
