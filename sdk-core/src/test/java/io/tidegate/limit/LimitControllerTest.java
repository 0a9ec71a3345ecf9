/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LimitControllerTest {

    /** So that the clock comes round soon. */
    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 20_000_000_000L, Instant.EPOCH);

    private final List<Supply> published = new ArrayList<>();
    private Work inFlight = Work.NONE;

    private LimitController controller(LimitSettings settings) {
        return LimitController.builder(time, published::add, () -> inFlight)
                .settings(settings)
                .build();
    }

    private LimitController controller(LimitMode mode) {
        return controller(LimitSettings.of(mode));
    }

    private static Supply supply(int ready, Work replica) {
        return new Supply(Replicas.ready(ready), replica, false);
    }

    private Signal known(double value) {
        return new Signal.Known(value, "requests", time.nanos(), "engine");
    }

    private EngineReading reading(String replica, double running, double waiting) {
        return EngineReading.of(replica, known(running), known(waiting));
    }

    private void pass(int seconds) {
        time.advance(Duration.ofSeconds(seconds));
    }

    // ---- passing on ------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(LimitMode.class)
    void accept_supply_isPassedOnWithNothingButItsLimitChanged(LimitMode mode) {
        Supply given = new Supply(new Replicas(5, 3, List.of(7L)), new Work(64, 1000), true, Work.slots(1));

        controller(mode).accept(given);

        assertThat(published).containsExactly(given.withLimit(new Work(192, 3000)));
    }

    @ParameterizedTest
    @EnumSource(LimitMode.class)
    void accept_noReplica_limitIsNothing(LimitMode mode) {
        LimitController limit = controller(mode);
        limit.accept(supply(0, Work.slots(64)));

        assertThat(limit.limit()).isEqualTo(Work.NONE);
        assertThat(limit.utilization()).isEqualTo(1);
    }

    @Test
    void readings_beforeAnySupply_publishNothing() {
        LimitController limit = controller(LimitMode.ENGINE);
        limit.readings(List.of(reading("a", 1, 0)));
        limit.rejected("a", Duration.ZERO);
        limit.refresh();

        assertThat(published).isEmpty();
        assertThat(limit.limit()).isEqualTo(Work.NONE);
    }

    @ParameterizedTest
    @EnumSource(LimitMode.class)
    void accept_replicasThatHoldNothing_limitIsNothing(LimitMode mode) {
        LimitController limit = controller(mode);
        limit.accept(supply(3, Work.NONE));
        limit.readings(List.of(reading("a", 5, 50)));

        assertThat(limit.limit()).isEqualTo(Work.NONE);
    }

    @Test
    void accept_tokensThatAreNotCounted_stayUncountedWhateverTheShare() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(0, new Work(64, 0)));
        limit.accept(supply(1, new Work(64, 0)));
        assertThat(limit.limit()).isEqualTo(new Work(16, 0));

        limit.accept(supply(1, Work.slots(64)));
        assertThat(limit.limit()).isEqualTo(Work.slots(16));

        limit.accept(supply(1, new Work(64, 1)));
        assertThat(limit.limit()).as("0 would mean uncounted").isEqualTo(new Work(16, 1));
    }

    @Test
    void accept_morePlacesThanAreKept_areCountedAll() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(100_000, new Work(10, 50)));
        assertThat(limit.limit()).isEqualTo(new Work(1_000_000, 5_000_000));

        limit.accept(supply(Integer.MAX_VALUE, Work.slots(Work.MAX_SLOTS)));
        assertThat(limit.limit()).isEqualTo(new Work(Work.MAX_SLOTS, Work.MAX_TOKENS));
    }

    @Test
    void accept_gateThatThrows_isToldAgainNextTime() {
        AtomicInteger calls = new AtomicInteger();
        LimitController limit = LimitController.builder(
                        time,
                        supply -> {
                            if (calls.getAndIncrement() == 0) {
                                throw new IllegalStateException("on purpose");
                            }
                        },
                        () -> inFlight)
                .build();

        assertThatThrownBy(() -> limit.accept(supply(1, Work.slots(1)))).hasMessage("on purpose");
        limit.accept(supply(1, Work.slots(1)));

        assertThat(calls).hasValue(2);
    }

    @Test
    void accept_gateThatCallsBack_isToldTheNewestLast() {
        AtomicReference<LimitController> limit = new AtomicReference<>();
        List<Integer> told = new ArrayList<>();
        limit.set(LimitController.builder(
                        time,
                        supply -> {
                            told.add(supply.replicas().ready());
                            if (told.size() == 1) {
                                limit.get().accept(supply(2, Work.slots(1)));
                            }
                        },
                        () -> inFlight)
                .build());

        limit.get().accept(supply(1, Work.slots(1)));

        assertThat(told).containsExactly(1, 2);
    }

    @Test
    void accept_fromManyThreads_gateIsToldByOneAtATimeAndTheNewestLast() throws InterruptedException {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        AtomicReference<Work> last = new AtomicReference<>(Work.NONE);
        LimitController limit = LimitController.builder(
                        time,
                        supply -> {
                            overlaps.addAndGet(inside.getAndIncrement());
                            last.set(supply.limit());
                            inside.getAndDecrement();
                        },
                        () -> Work.NONE)
                .mode(LimitMode.ENGINE)
                .build();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            int own = number;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 5_000; i++) {
                    switch ((i + own) % 3) {
                        case 0 -> limit.accept(supply(i % 7, Work.slots(64)));
                        case 1 -> limit.readings(List.of(reading("r" + own, 10, i % 50)));
                        default -> limit.rejected("r" + i % 9, Duration.ofSeconds(1));
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(overlaps).hasValue(0);
        assertThat(last.get()).isEqualTo(limit.limit());
        limit.accept(supply(3, Work.slots(64)));
        assertThat(limit.limit().slots()).isBetween(3, 192);
    }

    // ---- starting --------------------------------------------------------------------------------------------------

    @Test
    void accept_firstSupply_replicasServedBefore() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(4, Work.slots(100)));

        assertThat(limit.limit()).isEqualTo(Work.slots(400));
        assertThat(limit.startingReplicas()).isZero();
    }

    @Test
    void accept_smallReplicasThatStart_haveASlotEach() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(0, Work.slots(2)));
        limit.accept(supply(1, Work.slots(2)));
        assertThat(limit.limit()).isEqualTo(Work.slots(1));

        limit.accept(supply(3, Work.slots(2)));
        assertThat(limit.limit()).isEqualTo(Work.slots(3));
        assertThat(limit.startingReplicas()).isEqualTo(3);
        pass(30);
        limit.refresh();
        assertThat(limit.limit()).isEqualTo(Work.slots(6));
        assertThat(limit.startingReplicas()).isZero();
    }

    @Test
    void accept_oneGoesAndComesBack_thatOneStartsAnew() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(4, Work.slots(100)));
        limit.accept(supply(3, Work.slots(100)));
        limit.accept(supply(4, Work.slots(100)));

        assertThat(limit.limit()).isEqualTo(Work.slots(325));
    }

    @Test
    void readings_oneReplacedBetweenTwoLooks_isNoticedByItsName() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(2, Work.slots(100)));
        limit.readings(List.of(reading("a", 1, 0), reading("b", 1, 0)));
        assertThat(limit.limit()).isEqualTo(Work.slots(200));

        for (int second = 0; second < 6; second++) {
            pass(1);
            limit.readings(List.of(reading("a", 1, 0), reading("c", 1, 0)));
        }

        assertThat(limit.startingReplicas()).isEqualTo(1);
        // Five seconds after c was first named.
        assertThat(limit.limit()).isEqualTo(Work.slots(138));
        pass(30);
        limit.readings(List.of(reading("a", 1, 0), reading("c", 1, 0)));
        assertThat(limit.limit()).isEqualTo(Work.slots(200));
    }

    @Test
    void readings_counterThatFalls_tellsOfARestart() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(1, Work.slots(100)));
        limit.readings(List.of(reading("a", 1, 0).withKvCache(known(0), known(5))));
        pass(1);
        limit.readings(List.of(reading("a", 0, 0).withKvCache(known(0), known(0))));

        assertThat(limit.limit()).isEqualTo(Work.slots(25));
    }

    @Test
    void readings_allDieAndComeBackWithinSeconds_allStartAnew() {
        LimitController limit = controller(LimitMode.ENGINE);
        limit.accept(supply(2, Work.slots(100)));
        limit.readings(List.of(reading("a", 1, 0), reading("b", 1, 0)));
        limit.accept(supply(0, Work.slots(100)));
        pass(2);
        limit.accept(supply(2, Work.slots(100)));

        assertThat(limit.limit()).isEqualTo(Work.slots(50));
        assertThat(limit.startingReplicas()).isEqualTo(2);
    }

    // ---- names -----------------------------------------------------------------------------------------------------

    @Test
    void readings_namesWithoutEnd_areNotKept() {
        LimitController limit = controller(LimitMode.ENGINE);
        limit.accept(supply(2, Work.slots(100)));
        for (int i = 0; i < 20_000; i++) {
            limit.readings(List.of(reading("r" + i, 1, 0)));
        }

        assertThat(limit.limit()).isEqualTo(Work.slots(200));
    }

    @Test
    void rejected_nameNobodyHas_isCountedAndCutsNothing() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(1, Work.slots(100)));
        limit.readings(List.of(reading("a", 1, 0)));
        limit.rejected("b", Duration.ofSeconds(5));

        assertThat(limit.limit()).isEqualTo(Work.slots(100));
        assertThat(limit.rejections()).isEqualTo(1);
    }

    @Test
    void rejected_withoutTime_isCutForASecond() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(1, Work.slots(100)));
        limit.rejected("a", Duration.ofSeconds(Long.MIN_VALUE));
        assertThat(limit.limit()).isEqualTo(Work.slots(50));

        pass(1);
        limit.refresh();
        assertThat(limit.limit()).isEqualTo(Work.slots(50));
        pass(10);
        limit.refresh();
        assertThat(limit.limit()).isEqualTo(Work.slots(100));
    }

    @Test
    void rejected_forAYear_isBelievedAMinute() {
        LimitController limit = controller(LimitMode.FIXED);
        limit.accept(supply(1, Work.slots(100)));
        limit.rejected("a", Duration.ofDays(365));
        limit.rejected("a", Duration.ofSeconds(Long.MAX_VALUE));

        pass(70);
        limit.refresh();
        assertThat(limit.limit()).isEqualTo(Work.slots(100));
    }

    // ---- tokens ----------------------------------------------------------------------------------------------------

    @Test
    void tokens_nobodySaysHowMany_areThoseItIsSaidToHold() {
        LimitController limit = controller(LimitMode.TOKENS);
        limit.accept(supply(2, new Work(10, 1000)));
        limit.readings(List.of(reading("a", 1, 0)));

        assertThat(limit.limit()).isEqualTo(new Work(20, 2000));
        assertThat(limit.staleReplicas()).isZero();
    }

    @Test
    void tokens_oneOfTwoSays_holdsForBothAndForGood() {
        LimitController limit = controller(LimitMode.TOKENS);
        limit.accept(supply(2, new Work(10, 0)));
        limit.readings(List.of(reading("a", 1, 0).withKvCacheTokens(known(5000)), reading("b", 1, 0)));
        assertThat(limit.limit()).isEqualTo(new Work(20, 9000));

        pass(100);
        limit.readings(List.of(EngineReading.none("a", "gone")));
        assertThat(limit.limit()).isEqualTo(new Work(20, 9000));
        assertThat(limit.staleReplicas()).isEqualTo(2);
    }

    // ---- following the engines -------------------------------------------------------------------------------------

    /** One replica of 100 slots whose factor was cut to 70 %, and which is full. */
    private LimitController cutTo70() {
        LimitController limit = controller(LimitMode.ENGINE);
        limit.accept(supply(1, Work.slots(100)));
        inFlight = Work.slots(70);
        limit.readings(List.of(reading("a", 20, 50)));
        pass(1);
        limit.readings(List.of(reading("a", 20, 50)));
        assertThat(limit.limit()).isEqualTo(Work.slots(70));
        return limit;
    }

    @Test
    void engine_standingQueue_needsTwoReadings() {
        cutTo70();
        assertThat(published).last().extracting(Supply::limit).isEqualTo(Work.slots(70));
        assertThat(published.stream().map(supply -> supply.limit().slots())).containsExactly(100, 100, 70);
    }

    @Test
    void engine_sameReadingAgain_countsOnce() {
        LimitController limit = cutTo70();
        pass(1);
        EngineReading first = reading("a", 20, 50);
        for (int i = 0; i < 10; i++) {
            limit.readings(List.of(first));
        }

        assertThat(limit.limit()).isEqualTo(Work.slots(70));
    }

    @Test
    void engine_moreInFlightThanTheLimit_isNotCutAgainUntilItHasComeDown() {
        LimitController limit = cutTo70();
        inFlight = Work.slots(90);
        for (int i = 0; i < 10; i++) {
            pass(1);
            limit.readings(List.of(reading("a", 20, 70)));
        }
        assertThat(limit.limit()).isEqualTo(Work.slots(70));

        inFlight = Work.slots(70);
        for (int i = 0; i < 3; i++) {
            pass(1);
            limit.readings(List.of(reading("a", 20, 50)));
        }
        assertThat(limit.limit()).isEqualTo(Work.slots(49));
    }

    @Test
    void engine_readingFromBeforeTheLastRaise_raisesNothing() {
        LimitController limit = cutTo70();
        pass(1);
        EngineReading late = reading("a", 70, 0);
        time.advance(Duration.ofMillis(100));
        limit.readings(List.of(reading("a", 70, 0)));
        assertThat(limit.limit()).isEqualTo(Work.slots(71));

        limit.readings(List.of(late));
        assertThat(limit.limit()).isEqualTo(Work.slots(71));
        pass(1);
        limit.readings(List.of(reading("a", 70, 0)));
        assertThat(limit.limit()).isEqualTo(Work.slots(73));
    }

    @Test
    void engine_limitThatHoldsNobodyBack_isNotRaised() {
        LimitController limit = cutTo70();
        inFlight = Work.slots(62);
        for (int i = 0; i < 10; i++) {
            pass(1);
            limit.readings(List.of(reading("a", 62, 0)));
        }

        assertThat(limit.limit()).isEqualTo(Work.slots(70));
    }

    @Test
    void engine_figuresThatAreNoNumbers_raiseNothing() {
        LimitController limit = cutTo70();
        Signal missing = new Signal.Missing("a", "not on the page");
        Signal invalid = new Signal.Invalid("a", "NaN");
        for (Signal waiting : List.of(missing, invalid)) {
            for (int i = 0; i < 5; i++) {
                pass(1);
                limit.readings(List.of(EngineReading.of("a", known(70), waiting).withKvCache(known(0.1), known(0))));
            }
        }

        assertThat(limit.limit()).isEqualTo(Work.slots(70));
        assertThat(limit.staleReplicas()).as("the cache is known").isZero();
    }

    @Test
    void engine_fullCache_raisesNothingThoughNobodyWaits() {
        LimitController limit = cutTo70();
        for (int i = 0; i < 5; i++) {
            pass(1);
            limit.readings(List.of(reading("a", 70, 0).withKvCache(known(0.85), known(0))));
        }

        assertThat(limit.limit()).isEqualTo(Work.slots(70));
    }

    @Test
    void engine_preemptionsThatGrow_cutByATenth() {
        LimitController limit = cutTo70();
        pass(1);
        limit.readings(List.of(reading("a", 68, 2).withKvCache(known(0.85), known(7))));
        assertThat(limit.limit()).isEqualTo(Work.slots(70));
        pass(1);
        limit.readings(List.of(reading("a", 68, 2).withKvCache(known(0.85), known(8))));

        assertThat(limit.limit()).isEqualTo(Work.slots(63));
    }

    @Test
    void engine_firstTokenLaterThanUsual_cutsOnlyWhereItIsWanted() {
        for (boolean wanted : new boolean[] {true, false}) {
            LimitController limit = controller(LimitSettings.builder()
                    .mode(LimitMode.ENGINE)
                    .timeToFirstTokenTolerance(wanted ? 2 : 0)
                    .build());
            limit.accept(supply(1, Work.slots(100)));
            inFlight = Work.slots(50);
            for (double seconds : new double[] {0.2, 0.2, 0.2, 0.3, 0.5, 0.5}) {
                pass(1);
                limit.readings(List.of(reading("a", 50, 0).withTimeToFirstToken(known(seconds))));
            }

            assertThat(limit.limit()).isEqualTo(Work.slots(wanted ? 70 : 100));
        }
    }

    @Test
    void engine_newReplica_beginsWithWhatTheOthersHaveLearned() {
        LimitController limit = cutTo70();
        limit.accept(supply(2, Work.slots(100)));
        for (int i = 0; i < 30; i++) {
            pass(1);
            limit.readings(List.of(reading("a", 35, 0), reading("b", 35, 0)));
        }

        assertThat(limit.limit()).isEqualTo(Work.slots(140));
    }

    @Test
    void engine_oneOfTwoIsFull_onlyThatOneIsCut() {
        LimitController limit = controller(LimitMode.ENGINE);
        limit.accept(supply(2, Work.slots(100)));
        inFlight = Work.slots(110);
        for (int i = 0; i < 2; i++) {
            pass(1);
            limit.readings(List.of(reading("a", 40, 60), reading("b", 10, 0)));
        }

        assertThat(limit.limit()).isEqualTo(Work.slots(170));
        assertThat(limit.utilization()).isEqualTo(0.85);
    }

    @Test
    void toString_saysWhereItIs() {
        LimitController limit = cutTo70();

        assertThat(limit).hasToString("LimitController[mode=ENGINE, limit=" + Work.slots(70) + ", utilization=0.7]");
        assertThat(limit.settings().mode()).isEqualTo(LimitMode.ENGINE);
    }
}
