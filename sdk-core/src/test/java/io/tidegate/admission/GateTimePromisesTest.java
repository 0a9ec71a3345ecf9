/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.CoarseClocks;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clocks as they are: of any number, standing still, wrapping, and read by two threads of which one is slow. */
@Tag("lincheck")
class GateTimePromisesTest {

    private static final long MILLI = 1_000_000;

    static LongStream starts() {
        return LongStream.of(
                0,
                -1,
                -10 * MILLI,
                Long.MIN_VALUE,
                Long.MIN_VALUE + 1,
                Long.MAX_VALUE,
                Long.MAX_VALUE - 1_000_000,
                Long.MAX_VALUE - 10 * MILLI,
                Long.MAX_VALUE - 1_000 * MILLI);
    }

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    @Nested
    @DisplayName("D2: a clock that stands still, is negative or wraps breaks no deadline and no expiry")
    class AnyReading {

        private final Tier tier = Tier.builder("standard")
                .maxQueueTime(Duration.ofMillis(20))
                .slo(Slo.timeToFirstToken(Duration.ofMillis(5)))
                .build();

        private Gate gate(ManualTime time, int slots) {
            return Gate.builder("chat")
                    .tier(tier)
                    .time(time)
                    .callbackExecutor(Runnable::run)
                    .limit(Work.slots(slots))
                    .build();
        }

        @ParameterizedTest
        @MethodSource("io.tidegate.admission.GateTimePromisesTest#starts")
        void waiters_expireAtTheirInstantAndNotBefore(long start) {
            ManualTime time = new ManualTime(start, Instant.EPOCH);
            Gate gate = gate(time, 1);
            Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
            Answers byTier = new Answers();
            Answers byTimeout = new Answers();
            Answers byDeadline = new Answers();
            gate.acquire(Request.of(tier), byTier);
            gate.acquire(Request.of(tier).withTimeout(Duration.ofMillis(15)), byTimeout);
            gate.acquire(Request.of(tier).withDeadline(start + 10 * MILLI), byDeadline);

            time.advance(Duration.ofNanos(10 * MILLI - 1));
            assertThat(gate.queued()).isEqualTo(3);
            time.advance(Duration.ofNanos(1));
            assertThat(byDeadline.told()).singleElement().isInstanceOf(Admission.Expired.class);
            time.advance(Duration.ofNanos(5 * MILLI - 1));
            assertThat(gate.queued()).isEqualTo(2);
            assertThat(gate.load().tiers().get(0).oldestAgeNanos()).isEqualTo(15 * MILLI - 1);
            time.advance(Duration.ofNanos(1));
            assertThat(byTimeout.told()).singleElement().isInstanceOf(Admission.Expired.class);
            held.close(Outcome.COMPLETED, Usage.NONE);

            assertThat(byTier.permit().queueWait()).isEqualTo(Duration.ofMillis(15));
            assertThat(gate.latency(tier, Latency.inFlight(Outcome.COMPLETED)).count())
                    .isEqualTo(1);
            assertThat(gate.sloAttainment(tier)).isEqualTo(OptionalDouble.of(0));
            assertThat(gate.listenerFailures()).isZero();
        }

        @ParameterizedTest
        @MethodSource("io.tidegate.admission.GateTimePromisesTest#starts")
        void clockStandsStill_everythingIsAnswered(long start) {
            ManualTime time = new ManualTime(start, Instant.EPOCH);
            Gate gate = gate(time, 2);
            for (int i = 0; i < 100; i++) {
                Permit permit = Answers.permit(gate.tryAcquire(Request.of(tier).withDeadline(start)));
                permit.firstToken();
                permit.close(Outcome.COMPLETED, new Usage(1, 1));
                assertThat(Answers.reason(gate.tryAcquire(Request.of(tier).withDeadline(start - 1))))
                        .isEqualTo(Admission.Reason.DEADLINE_PASSED);
            }
            time.advance(Duration.ZERO);

            assertThat(gate.load().tiers().get(0).inFlightNanos()).isZero();
            assertThat(gate.sloAttainment(tier)).isEqualTo(OptionalDouble.of(0.5));
            CompletableFuture<Gate.Drained> drained = gate.drain(Duration.ofMillis(5));
            assertThat(drained.join()).isEqualTo(new Gate.Drained(true, 0));
        }

        /** The same steps by two clocks that start apart must be answered the same. */
        @ParameterizedTest
        @MethodSource("io.tidegate.admission.GateTimePromisesTest#seeds")
        void randomSteps_fromAnyStart_areAnsweredAsFromZero(long seed) {
            List<String> expected = trace(seed, 0);

            assertThat(expected).hasSizeGreaterThan(50);
            starts().forEach(start -> assertThat(trace(seed, start)).isEqualTo(expected));
        }

        private List<String> trace(long seed, long start) {
            SplittableRandom random = new SplittableRandom(seed);
            ManualTime time = new ManualTime(start, Instant.EPOCH);
            Gate gate = gate(time, 2);
            List<String> trace = new ArrayList<>();
            List<Permit> held = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                int id = i;
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        Request request = Request.of(tier).withTenant("tenant" + random.nextInt(3));
                        if (random.nextBoolean()) {
                            request = request.withDeadline(time.nanos() + random.nextLong(30 * MILLI) - 3 * MILLI);
                        }
                        gate.acquire(request, answer -> {
                            trace.add(id + " " + answer);
                            if (answer instanceof Permit permit) {
                                held.add(permit);
                            }
                        });
                    }
                    case 2, 3 -> time.advance(Duration.ofNanos(random.nextLong(10 * MILLI)));
                    case 4 -> gate.supply(Supply.fixed(1, Work.slots(random.nextInt(4))));
                    default -> {
                        if (!held.isEmpty()) {
                            held.remove(0).close(Outcome.COMPLETED, Usage.NONE);
                        }
                    }
                }
                trace.add(gate.inFlight() + " " + gate.queued() + " " + gate.predictedWait(tier) + " "
                        + gate.sloAttainment(tier) + " "
                        + gate.load().tiers().get(0).oldestAgeNanos());
            }
            return trace;
        }
    }

    @Nested
    @DisplayName("D3: a time that was read earlier and comes later moves no clock back and counts nothing twice")
    class StaleReading {

        @Test
        void raise_byTwoReaders_neverGoesBack() {
            modelChecking().sequentialSpecification(LatestTime.class).check(RaisedClock.class);
        }

        /** The canary: the same check must find a clock that looks first and stores afterwards. */
        @Test
        void raise_thatLooksAndThenStores_isFoundOut() {
            assertThatThrownBy(() -> modelChecking()
                            .sequentialSpecification(LatestTime.class)
                            .check(LookThenStoreClock.class))
                    .isInstanceOf(LincheckAssertionError.class);
        }

        private static ModelCheckingOptions modelChecking() {
            return new ModelCheckingOptions()
                    .iterations(10)
                    .invocationsPerIteration(150)
                    .threads(2)
                    .actorsPerThread(3)
                    .actorsBefore(0)
                    .actorsAfter(1);
        }

        @Test
        void turn_olderReadingComesLast_changesNothing() {
            long period = SloWindow.LENGTH.toNanos() / 60;
            SloWindow window = new SloWindow(Long.MAX_VALUE - 3 * period);
            long start = Long.MAX_VALUE - 3 * period;
            window.turn(start + 10 * period, 100, 60);

            window.turn(start + 5 * period, 40, 30);
            window.turn(start + 10 * period, 110, 70);
            window.turn(start - period, 1, 1);

            assertThat(window.isOver(start + 11 * period - 1)).isFalse();
            assertThat(window.isOver(start + 11 * period)).isTrue();
            assertThat(window.attainment(start + 10 * period, 200, 120)).isEqualTo(OptionalDouble.of(0.6));
            // The window has moved past its beginning, and to what was counted by the first of all.
            long later = start + 70 * period;
            window.turn(later, 200, 120);
            window.turn(later - 20 * period, 150, 90);
            assertThat(window.attainment(later, 300, 220)).isEqualTo(OptionalDouble.of(1));
        }

        /** Readings jump back and forth; the largest so far is what counts. */
        @ParameterizedTest
        @MethodSource("io.tidegate.admission.GateTimePromisesTest#seeds")
        void expire_readingsComeInAnyOrder_eachExpiresOnceAndNotEarly(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            long start = seed % 2 == 0 ? Long.MAX_VALUE - 2_000 * MILLI : seed * MILLI;
            Tier tier = Tier.builder("standard").build();
            TimerWheel wheel = new TimerWheel(start);
            Map<Waiter, Integer> expired = new HashMap<>();
            List<Waiter> all = new ArrayList<>();
            long[] latest = {start};
            for (int step = 0; step < 400; step++) {
                if (random.nextInt(3) > 0) {
                    Request request = Request.of(tier).withTimeout(Duration.ofNanos(random.nextLong(5_000 * MILLI)));
                    Waiter waiter = new Waiter(null, request, 0, latest[0], Thread.currentThread());
                    wheel.add(waiter);
                    all.add(waiter);
                }
                long reading = latest[0] + random.nextLong(60 * MILLI) - 30 * MILLI;
                latest[0] = reading - latest[0] > 0 ? reading : latest[0];
                wheel.expire(reading, waiter -> {
                    expired.merge(waiter, 1, Integer::sum);
                    assertThat(waiter.deadlineNanos() - reading).isLessThanOrEqualTo(0);
                });
            }
            wheel.expire(latest[0], waiter -> expired.merge(waiter, 1, Integer::sum));
            assertThat(all)
                    .allSatisfy(waiter -> assertThat(expired.getOrDefault(waiter, 0))
                            .isEqualTo(waiter.deadlineNanos() - latest[0] <= 0 ? 1 : 0));
            assertThat(wheel.size()).isEqualTo(all.size() - expired.size());
        }
    }

    /** Readings are stored, and time is read. */
    abstract static class Clock {

        @Operation
        public abstract void raise(@Param(gen = IntGen.class, conf = "0:5") int reading);

        @Operation
        public abstract long nanos();
    }

    /** What it must look like. */
    public static final class LatestTime extends Clock {

        private long now;

        @Override
        public void raise(int reading) {
            now = Math.max(now, reading);
        }

        @Override
        public long nanos() {
            return now;
        }
    }

    /** The real one. */
    public static final class RaisedClock extends Clock {

        private final CoarseClocks clock = new CoarseClocks(0);

        @Override
        public void raise(int reading) {
            clock.raise(reading);
        }

        @Override
        public long nanos() {
            return clock.nanos();
        }
    }

    /** The canary. */
    public static final class LookThenStoreClock extends Clock {

        private volatile long now;

        @Override
        public void raise(int reading) {
            if (reading > now) {
                now = reading;
            }
        }

        @Override
        public long nanos() {
            return now;
        }
    }
}
