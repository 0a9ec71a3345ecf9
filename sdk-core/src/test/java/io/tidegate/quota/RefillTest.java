/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RefillTest {

    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long MINUTE = 60 * SECOND;

    private static Refill refill(long perMinute, Duration burst) {
        return new Refill(new Rate(perMinute, burst));
    }

    @Test
    void take_exampleOfTheJavadoc_isAsWorkedOutThere() {
        Refill requests = refill(600, Duration.ofSeconds(1));

        assertThat(requests.rate.burst).isEqualTo(10);
        assertThat(requests.rate.cost(1)).isEqualTo(33_554_432);
        assertThat(requests.take(10, 0)).isZero();
        assertThat(requests.arrival()).isEqualTo(requests.rate.ticks(SECOND));
        assertThat(requests.take(1, 250 * MILLI)).isZero();
        assertThat(requests.take(1, 250 * MILLI)).isZero();
        assertThat(requests.take(1, 250 * MILLI)).isEqualTo(50 * MILLI);
        assertThat(requests.take(1, 300 * MILLI)).isZero();
    }

    @Test
    void take_moreThanTheBurst_fitsWhenFullAndIsChargedAsAWhole() {
        Refill tokens = refill(500, Duration.ofMinutes(1));

        assertThat(tokens.take(1024, 0)).as("full").isZero();
        assertThat(tokens.remaining(0)).isEqualTo(500 - 1024);
        assertThat(tokens.take(1, 0)).as("in debt").isPositive();
        long wait = tokens.take(1024, 0);
        assertThat(wait).isEqualTo(1024 * MINUTE / 500);
        assertThat(tokens.take(1024, wait - 1)).isEqualTo(1);
        assertThat(tokens.take(1024, wait)).isZero();
    }

    @Test
    void giveBack_moreThanIsLacking_onlyFillsIt() {
        Refill tokens = refill(600, Duration.ofMinutes(1));
        tokens.take(300, 0);

        tokens.giveBack(1_000_000);

        assertThat(tokens.remaining(0)).isEqualTo(600);
        assertThat(tokens.take(600, 0)).isZero();
        assertThat(tokens.take(1, 0)).isPositive();
    }

    @Test
    void giveBack_afterItHasRefilled_doesNotFillItTwice() {
        Refill tokens = refill(600, Duration.ofMinutes(1));
        tokens.take(600, 0);

        tokens.giveBack(600);
        tokens.giveBack(600);

        assertThat(tokens.take(600, 2 * MINUTE)).isZero();
        assertThat(tokens.take(1, 2 * MINUTE)).isPositive();
    }

    @Test
    void settle_usedMoreAfterIdling_isChargedFromNowAndNotByTheIdleTime() {
        Refill tokens = refill(600, Duration.ofMinutes(1));
        tokens.take(100, 0);

        tokens.settle(100, 1_300, 10 * MINUTE);

        assertThat(tokens.remaining(10 * MINUTE)).isEqualTo(600 - 1_200);
        assertThat(tokens.take(1, 10 * MINUTE)).isEqualTo(MINUTE + MINUTE / 600);
    }

    @Test
    void settle_usedLess_givesTheRestBack() {
        Refill tokens = refill(600, Duration.ofMinutes(1));
        tokens.take(500, 0);

        tokens.settle(500, 20, 0);

        assertThat(tokens.remaining(0)).isEqualTo(580);
    }

    @Test
    void drain_byOthers_leavesNoDebtAboveABurst() {
        Refill tokens = refill(600, Duration.ofMinutes(1));

        for (int i = 0; i < 100; i++) {
            tokens.drain(500, 0);
        }

        assertThat(tokens.remaining(0)).isZero();
    }

    @Test
    void take_neverPaid_comesBackByItself() {
        Refill tokens = refill(60, Duration.ofMinutes(1));
        tokens.take(60, 0);

        assertThat(tokens.isFull(MINUTE - 1)).isFalse();
        assertThat(tokens.isFull(MINUTE)).isTrue();
        assertThat(tokens.take(60, MINUTE)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 60, 599, 100_000, 999_999_937, 1_000_000_000, Rate.MAX_PER_MINUTE})
    void take_manyInOneInstant_isExactlyTheBurst(long perMinute) {
        Refill units = refill(perMinute, Duration.ofMinutes(1));
        long part = Math.max(1, perMinute / 7);
        long taken = 0;
        while (units.take(part, 5) == 0) {
            taken += part;
        }
        while (taken < perMinute && units.take(1, 5) == 0) {
            taken++;
        }

        assertThat(taken).isEqualTo(perMinute);
        assertThat(units.take(1, 5)).isPositive();
        assertThat(units.take(part, 5 + MINUTE)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 1_000_000_000, Rate.MAX_PER_MINUTE})
    void everything_atTheEndsOfTheRange_neitherOverflowsNorThrows(long perMinute) {
        for (Duration burst : List.of(Duration.ofMillis(1), Duration.ofDays(1))) {
            for (long elapsed : new long[] {0, 1, Long.MAX_VALUE / 2, Long.MAX_VALUE - MINUTE}) {
                Refill units = refill(perMinute, burst);
                assertThat(units.take(Long.MAX_VALUE, elapsed)).as("full").isZero();
                assertThat(units.take(1, elapsed)).isPositive().isLessThan(Long.MAX_VALUE);
                units.charge(Long.MAX_VALUE, elapsed);
                units.charge(Long.MAX_VALUE, elapsed);
                units.charge(Long.MAX_VALUE, elapsed);
                assertThat(units.take(1, elapsed)).isPositive().isLessThan(Long.MAX_VALUE);
                assertThat(units.remaining(elapsed)).isNegative();
                units.giveBack(Long.MAX_VALUE);
                units.giveBack(Long.MAX_VALUE);
                units.giveBack(Long.MAX_VALUE);
                assertThat(units.take(units.rate.burst, elapsed)).isZero();
                assertThat(units.take(1, elapsed)).isPositive();
            }
        }
    }

    @Test
    void take_staleSampleStoredLater_isAsIfItCameWhenItLookedAtTheClock() {
        Refill tokens = refill(60, Duration.ofMinutes(1));
        // Two callers sample at 0 s and at 60 s; the later one is first to take, and the earlier finds no second burst.
        assertThat(tokens.take(60, MINUTE)).isZero();
        assertThat(tokens.take(1, 0)).isEqualTo(MINUTE + SECOND);
        assertThat(tokens.take(1, MINUTE)).isEqualTo(SECOND);
    }

    /** What may be taken between two instants, counted over all pairs of them, is the burst and what refills, to 8 ns. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void take_atRandomWithStaleSamples_neverExceedsBurstAndRate(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long perMinute = 1L << random.nextInt(1, 33);
        perMinute += random.nextLong(perMinute);
        Refill units = refill(perMinute, Duration.ofMillis(random.nextInt(100, 120_000)));
        long burst = units.rate.burst;
        long meanNanos = Math.max(1, (long) (60e9 / perMinute * burst / 10));
        long staleness = meanNanos / 4;
        List<long[]> taken = new ArrayList<>();
        long now = 0;
        for (int i = 0; i < 2_000; i++) {
            now += random.nextLong(2 * meanNanos);
            long amount = 1 + random.nextLong(Math.max(1, burst / 3));
            if (units.take(amount, Math.max(0, now - random.nextLong(staleness + 1))) == 0) {
                taken.add(new long[] {now, amount});
            }
        }

        assertThat(taken).hasSizeGreaterThan(100);
        for (int i = 0; i < taken.size(); i++) {
            double sum = 0;
            for (int j = i; j < Math.min(taken.size(), i + 300); j++) {
                sum += taken.get(j)[1];
                double refilled = (taken.get(j)[0] - taken.get(i)[0] + staleness + 8) * (perMinute / 60e9);
                assertThat(sum).isLessThanOrEqualTo((burst + refilled) * (1 + 1e-12));
            }
        }
    }

    /** Against a bucket in floating point that is filled step by step; equal but where less than a millionth decides. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void everything_atRandom_isAsInAPlainBucket(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long perMinute = 1L << random.nextInt(1, 30);
        perMinute += random.nextLong(perMinute);
        Refill units = refill(perMinute, Duration.ofMillis(random.nextInt(1_000, 120_000)));
        double burst = units.rate.burst;
        double level = burst;
        long now = 0;
        int granted = 0;
        for (int i = 0; i < 5_000; i++) {
            long step = random.nextLong((long) (60e9 / perMinute * burst / 5) + 2);
            now += step;
            level = Math.min(burst, level + step * (perMinute / 60e9));
            long amount = random.nextLong((long) (burst * 1.3) + 1);
            switch (random.nextInt(4)) {
                case 0 -> {
                    long back = amount / 4;
                    units.giveBack(back);
                    level = Math.min(burst, level + back);
                }
                case 1 -> {
                    long used = amount / 8;
                    units.charge(used, now);
                    level -= used;
                }
                default -> {
                    long wait = units.waitFor(amount, now);
                    assertThat(units.take(amount, now)).isEqualTo(wait);
                    double margin = level - Math.min((double) amount, burst);
                    if (Math.abs(margin) > burst * 1e-6 + perMinute * 1e-9) {
                        assertThat(wait == 0).as("seed %d step %d", seed, i).isEqualTo(margin > 0);
                    }
                    if (wait == 0) {
                        level -= amount;
                        granted++;
                    } else {
                        assertThat(units.waitFor(amount, now + wait))
                                .as("after the wait")
                                .isZero();
                        assertThat(units.waitFor(amount, now + wait - 1))
                                .as("not before")
                                .isEqualTo(1);
                    }
                }
            }
            assertThat((double) units.remaining(now)).isBetween(level - 1 - burst * 1e-6, level + burst * 1e-6 + 1e-3);
        }
        assertThat(granted).isGreaterThan(100);
    }
}
