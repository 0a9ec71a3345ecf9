/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is promised of limits: they fall when engines are full, come back, and neither blindness nor a cold start makes them fail. */
class LimitPromisesTest {

    private static final Work REPLICA = Work.slots(256);
    private static final long LARGE_CACHE = 400_000;

    @Nested
    @DisplayName(
            "A19: the limit falls under overload whatever the latencies look like, recovers in 60 s, and never drifts up")
    class Adaptive {

        /** Requests a replica of 64 slots serves in a second with outputs of 150 tokens, as {@link #capacity} measures. */
        private static final double CAPACITY_OF_64 = 16.5;

        @Test
        void capacity() {
            Fleet fleet = new Fleet(9, 1, Work.slots(66), 64, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.FIXED));
            fleet.perSecond = 100;
            fleet.run(60);
            fleet.forget().run(1200);
            assertThat(fleet.served / 1200.0).isBetween(CAPACITY_OF_64, 1.05 * CAPACITY_OF_64);
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3})
        void everyRequestTimesOutAfterTheSameTime_limitFallsAndRecovers(long seed) {
            // All that a limiter on latency sees of this are answers after exactly 10 s, the usual as soon as all are.
            Fleet fleet = new Fleet(seed, 1, REPLICA, 256, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.perSecond = 25;
            fleet.patience = Duration.ofSeconds(10);
            fleet.run(60);
            assertThat(fleet.limit()).isEqualTo(256);

            fleet.engines.get(0).stall(true);
            fleet.run(10);
            List<Integer> limits = new ArrayList<>();
            for (int second = 0; second < 170; second++) {
                fleet.run(1);
                limits.add(fleet.limit());
            }

            assertThat(limits).as("falls and never rises").isSortedAccordingTo((one, other) -> other - one);
            assertThat(fleet.limit()).isLessThanOrEqualTo(26);

            fleet.engines.get(0).stall(false);
            fleet.run(60);
            fleet.forget().run(240);
            assertThat(fleet.shedShare()).as("shed after 60 s").isLessThan(0.002);
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3})
        void modestOverloadForHalfAnHour_limitStaysWhereTheEngineIs(long seed) {
            // At a gradient of 0.8 the room that Gradient2 adds for a queue outweighs what the gradient takes, without
            // end.
            Fleet fleet = new Fleet(seed, 1, REPLICA, 64, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.perSecond = 1.25 * CAPACITY_OF_64;
            fleet.run(120);

            fleet.forget().run(1680);

            assertThat(fleet.mostLimit).isLessThanOrEqualTo(90);
            assertThat(fleet.leastLimit).isGreaterThanOrEqualTo(60);
            assertThat(fleet.meanWaiting()).isLessThan(6);
            assertThat(fleet.served / 1680.0).isGreaterThan(0.95 * CAPACITY_OF_64);
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3})
        void startsInOverload_recoversWhenItIsOver(long seed) {
            // Nothing is learned about latency while the limit holds requests back, so overload is never taken for the
            // usual.
            LimitSettings settings = LimitSettings.builder()
                    .mode(LimitMode.ENGINE)
                    .timeToFirstTokenTolerance(3)
                    .build();
            Fleet fleet = new Fleet(seed, 1, REPLICA, 64, LARGE_CACHE, Duration.ZERO, each -> each.settings(settings));
            fleet.perSecond = 3 * CAPACITY_OF_64;
            fleet.run(300);
            assertThat(fleet.limit()).isBetween(56, 80);

            fleet.perSecond = 0.7 * CAPACITY_OF_64;
            fleet.run(60);
            fleet.forget().run(300);
            assertThat(fleet.shedShare()).isLessThan(0.002);
            assertThat(fleet.meanWaiting()).isLessThan(1);

            fleet.engines.get(0).slots(256);
            fleet.perSecond = 30;
            fleet.run(60);
            fleet.forget().run(300);
            assertThat(fleet.shedShare())
                    .as("capacity that has grown is found in 60 s")
                    .isLessThan(0.005);
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3})
        void floodThatTheGateRefuses_changesNothing(long seed) {
            Supplier<Fleet> overloaded =
                    () -> new Fleet(seed, 1, REPLICA, 64, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            Fleet little = overloaded.get();
            little.perSecond = 1.5 * CAPACITY_OF_64;
            little.run(120);
            little.forget().run(300);
            Fleet flood = overloaded.get();
            flood.perSecond = 20 * CAPACITY_OF_64;
            flood.run(120);
            flood.forget().run(300);

            assertThat(flood.shedShare()).isGreaterThan(0.9);
            assertThat(flood.mostLimit).isLessThanOrEqualTo(90);
            assertThat(flood.leastLimit).isGreaterThanOrEqualTo(56);
            assertThat((double) flood.served).isGreaterThan(0.97 * little.served);
        }

        @Test
        void unusedForAnHour_limitStaysWhereItWas() {
            Fleet fleet = new Fleet(1, 1, REPLICA, 64, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.perSecond = 2 * CAPACITY_OF_64;
            fleet.run(120);
            fleet.perSecond = 0.3 * CAPACITY_OF_64;
            fleet.run(30);
            int before = fleet.limit();

            fleet.forget().run(3600);

            assertThat(before).isBetween(56, 80);
            assertThat(fleet.mostLimit).isEqualTo(before);
            assertThat(fleet.leastLimit).isEqualTo(before);
        }
    }

    @Nested
    @DisplayName("B3: replicas that all died and come back cold are ramped in, and do not die again")
    class ColdStart {

        /** More than so many in flight at first, or in full 25 s later, and a cold engine is out of memory. */
        private static final double BEARS = 0.4;

        private int crashes;

        private Fleet comesBack(Duration slowStart, LimitMode mode) {
            LimitSettings settings =
                    LimitSettings.builder().mode(mode).slowStart(slowStart).build();
            Fleet fleet =
                    new Fleet(7, 4, REPLICA, 256, LARGE_CACHE, Duration.ofSeconds(60), each -> each.settings(settings));
            fleet.perSecond = 120;
            fleet.run(120);
            fleet.engines.forEach(VllmModel::die);
            fleet.run(30);
            assertThat(fleet.limit()).isZero();
            assertThat(fleet.gate.queued()).isGreaterThan(2_000);
            fleet.engines.forEach(VllmModel::rise);
            fleet.forget();
            for (int tenth = 0; tenth < 600; tenth++) {
                fleet.run(Duration.ofMillis(100));
                double bears = 256 * Math.min(1, BEARS + (1 - BEARS) * tenth / 250);
                for (VllmModel engine : fleet.engines) {
                    if (engine.alive() && engine.load() > bears) {
                        crashes++;
                        engine.die();
                        VllmModel again = engine;
                        fleet.time.schedule(30_000_000_000L, again::rise);
                    }
                }
            }
            return fleet;
        }

        @ParameterizedTest
        @ValueSource(strings = {"FIXED", "TOKENS", "ENGINE"})
        void allDieWithALongQueue_noneDiesAgain(String mode) {
            Fleet fleet = comesBack(Duration.ofSeconds(30), LimitMode.valueOf(mode));

            assertThat(crashes).isZero();
            assertThat(fleet.failed).isZero();
            fleet.run(60);
            assertThat(fleet.controller.startingReplicas()).isZero();
            assertThat(fleet.controller.utilization()).isEqualTo(1);
        }

        @Test
        void withoutSlowStart_theyDieAgain() {
            comesBack(Duration.ZERO, LimitMode.FIXED);

            assertThat(crashes).isGreaterThanOrEqualTo(4);
        }
    }

    @Nested
    @DisplayName("B5: an engine that answers 429 or 503 with Retry-After gets less until then, and no other does")
    class Rejections {

        @ParameterizedTest
        @ValueSource(strings = {"FIXED", "TOKENS", "ENGINE"})
        void oneRejects_itsShareIsCutForAsLongAsItAsks(String mode) {
            Fleet fleet =
                    new Fleet(5, 4, REPLICA, 256, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.valueOf(mode)));
            fleet.perSecond = 10;
            fleet.run(10);
            assertThat(fleet.limit()).isEqualTo(1024);

            for (int echo = 0; echo < 50; echo++) {
                fleet.controller.rejected("replica-2", Duration.ofSeconds(8));
            }
            assertThat(fleet.limit()).as("once for all sent before").isEqualTo(1024 - 128);
            assertThat(fleet.controller.rejectingReplicas()).isEqualTo(1);
            fleet.forget().run(Duration.ofMillis(7_900));
            assertThat(fleet.mostLimit).isEqualTo(896);
            assertThat(fleet.leastLimit).isEqualTo(896);

            fleet.run(Duration.ofMillis(5_100));
            assertThat(fleet.limit()).as("half way back").isBetween(955, 965);
            fleet.run(6);
            assertThat(fleet.limit()).isEqualTo(1024);
            assertThat(fleet.controller.rejectingReplicas()).isZero();
            assertThat(fleet.controller.rejections()).isEqualTo(50);
            assertThat(fleet.shed).as("nobody pays for it").isZero();
        }

        @Test
        void rejectsAgainAndAgain_shareHalvesEachTimeDownToTheLeast() {
            Fleet fleet = new Fleet(5, 2, REPLICA, 256, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.FIXED));
            List<Integer> limits = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                fleet.controller.rejected("replica-0", Duration.ofSeconds(30));
                limits.add(fleet.limit());
                fleet.run(1);
            }

            assertThat(limits).containsExactly(384, 320, 288, 272, 269, 269);
        }
    }

    @Nested
    @DisplayName("C1: a replica whose figures are older than 5 s costs at most its own share, and is counted")
    class OneStale {

        @Test
        void oneIsStale_onlyItsShareFallsBack() {
            Fleet fleet = new Fleet(3, 4, REPLICA, 256, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.perSecond = 150;
            fleet.run(60);
            fleet.forget().run(60);
            double before = fleet.served;
            assertThat(fleet.controller.staleReplicas()).isZero();

            fleet.wire = reading -> reading.replica().equals("replica-1")
                    ? EngineReading.none(reading.replica(), "timed out")
                    : reading;
            fleet.run(7);
            assertThat(fleet.controller.staleReplicas()).isEqualTo(1);
            fleet.run(60);
            fleet.forget().run(60);

            assertThat(fleet.limit()).isEqualTo(3 * 256 + 205);
            assertThat(fleet.served).isGreaterThan((int) (0.95 * before));
            fleet.wire = reading -> reading;
            fleet.run(60);
            assertThat(fleet.controller.staleReplicas()).isZero();
            assertThat(fleet.limit()).as("back once read again").isGreaterThan(1010);
        }

        @Test
        void oneFreezesAtIdle_raisesNothing() {
            Fleet fleet = new Fleet(3, 1, REPLICA, 64, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.perSecond = 60;
            fleet.run(120);
            int before = fleet.limit();

            fleet.wire = reading -> EngineReading.of(
                    reading.replica(),
                    new Signal.Known(0, "requests", fleet.time.nanos(), "frozen"),
                    new Signal.Known(0, "requests", fleet.time.nanos(), "frozen"));
            fleet.forget().run(120);

            assertThat(fleet.mostLimit).isEqualTo(before);
        }
    }

    @Nested
    @DisplayName("C2: with all replicas stale at least 80 % of what was served is served still, and not all is let in")
    class AllStale {

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3})
        void scraperDies_keepsServing(long seed) {
            Fleet fleet = new Fleet(seed, 4, REPLICA, 256, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.perSecond = 220;
            fleet.run(60);
            fleet.forget().run(300);
            double before = fleet.served;

            fleet.scraping = false;
            fleet.forget().run(300);

            System.out.printf(
                    Locale.ROOT, "all stale, seed %d: %.1f %% of what was served%n", seed, fleet.served / before * 100);
            assertThat(fleet.controller.staleReplicas()).isEqualTo(4);
            assertThat(fleet.served / before).isGreaterThan(0.8);
            assertThat(fleet.limit()).isEqualTo(820);
            assertThat(fleet.leastLimit).as("never a stop").isEqualTo(820);
        }

        @Test
        void scraperDiesWhileEnginesAreFull_opensSlowlyAndNotAllTheWay() {
            Fleet fleet = new Fleet(1, 2, REPLICA, 64, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.perSecond = 80;
            fleet.run(120);
            int before = fleet.limit();
            fleet.forget().run(300);
            double served = fleet.served;

            fleet.scraping = false;
            fleet.run(14);
            assertThat(fleet.limit()).as("held").isBetween(before - 15, before + 15);
            fleet.run(16);
            assertThat(fleet.limit()).isBetween(200, 340);
            fleet.forget().run(300);

            assertThat(fleet.mostLimit).isEqualTo(410);
            assertThat(fleet.served / served).isGreaterThan(0.8);
        }

        @Test
        void neverRead_fallsBackToOwnCounts() {
            Fleet fleet = new Fleet(1, 2, REPLICA, 256, LARGE_CACHE, Duration.ZERO, Fleet.mode(LimitMode.ENGINE));
            fleet.scraping = false;
            fleet.run(60);

            assertThat(fleet.limit()).isEqualTo(410);
            assertThat(fleet.controller.staleReplicas()).isEqualTo(2);
        }
    }
}
