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

class BudgetTest {

    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    private static final long LIFETIME = 15 * MINUTE;

    private final Budget budget = new Budget(100, LIFETIME);

    @Test
    void take_untilNothingIsLeft_isRefusedThen() {
        assertThat(budget.take(60, 0)).isZero();
        assertThat(budget.take(40, 0)).isZero();

        assertThat(budget.take(1, 0)).isPositive();
        assertThat(budget.remaining(0)).isZero();
    }

    @Test
    void take_ofNothingWhenUsedUp_isRefused() {
        budget.take(100, 0);
        budget.settle(100, 100, 0);

        assertThat(budget.take(0, 0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void take_moreThanTheAmount_neverFits() {
        assertThat(budget.take(101, 0)).isEqualTo(Long.MAX_VALUE);
        assertThat(budget.remaining(0)).isEqualTo(100);
    }

    @Test
    void take_whatOthersReserved_isToldWhenThatExpires() {
        budget.take(50, 0);
        budget.take(50, 3 * MINUTE);

        assertThat(budget.take(30, 4 * MINUTE)).as("the first").isEqualTo(12 * MINUTE);
        assertThat(budget.take(80, 4 * MINUTE)).as("both").isEqualTo(15 * MINUTE);
        assertThat(budget.take(30, 16 * MINUTE)).isZero();
    }

    @Test
    void settle_usedLess_givesTheRestBack() {
        budget.take(100, 0);

        budget.settle(100, 30, 0);

        assertThat(budget.remaining(0)).isEqualTo(70);
    }

    @Test
    void settle_usedMore_isChargedAndOverdrawsByThat() {
        budget.take(100, 0);

        budget.settle(100, 130, 0);

        assertThat(budget.remaining(0)).isEqualTo(-30);
        assertThat(budget.take(1, 0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void settle_afterExpiryThatGaveItToOthers_isChargedAndGivesNothingBack() {
        budget.take(100, 0);
        assertThat(budget.take(70, 16 * MINUTE)).isZero();

        budget.settle(100, 20, 0);

        assertThat(budget.remaining(16 * MINUTE)).isEqualTo(10);
    }

    @Test
    void settle_afterExpiryThatNobodyNoticed_isAsInTime() {
        budget.take(100, 0);

        budget.settle(100, 20, 0);

        assertThat(budget.remaining(20 * MINUTE)).isEqualTo(80);
    }

    @Test
    void settle_twice_givesBackNoMoreThanIsReserved() {
        budget.take(40, 0);
        budget.settle(40, 0, 0);
        budget.settle(40, 0, 0);

        assertThat(budget.remaining(0)).isEqualTo(100);
    }

    @Test
    void settle_ofUnknownInstant_takesTheOldestAndExpiresNothingEarly() {
        budget.take(10, 0);
        budget.take(20, 5 * MINUTE);

        budget.settle(20, 0, Budget.UNKNOWN);

        assertThat(budget.remaining(6 * MINUTE)).isEqualTo(90);
        assertThat(budget.remaining(16 * MINUTE))
                .as("the first is counted as settled")
                .isEqualTo(90);
        assertThat(budget.remaining(21 * MINUTE)).isEqualTo(100);
    }

    @Test
    void take_crashedForEver_neitherAddsUpNorIsLost() {
        for (int i = 0; i < 1_000; i++) {
            assertThat(budget.take(100, i * 17L * MINUTE)).as("round %d", i).isZero();
        }
        assertThat(budget.remaining(1_000 * 17 * MINUTE)).isEqualTo(100);
    }

    @Test
    void reset_whileSomeIsReserved_forgetsOnlyWhatWasUsed() {
        budget.take(50, 0);
        budget.settle(50, 50, 0);
        budget.take(30, 0);

        budget.reset();
        budget.reset();

        assertThat(budget.remaining(0)).isEqualTo(70);
        budget.settle(30, 10, 0);
        assertThat(budget.remaining(0)).isEqualTo(90);
    }

    /** Against a list of reservations, each with its own expiry at the end of its slice. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void everything_atRandom_isAsWithOneObjectForEach(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Budget tested = new Budget(100_000, LIFETIME);
        record Held(long amount, long at) {}
        List<Held> held = new ArrayList<>();
        List<Held> crashed = new ArrayList<>();
        long left = 100_000;
        long now = 0;
        for (int i = 0; i < 4_000; i++) {
            now += random.nextLong(MINUTE);
            for (List<Held> each : List.of(held, crashed)) {
                for (Held one : List.copyOf(each)) {
                    if (now / MINUTE - one.at / MINUTE >= 16) {
                        left += one.amount;
                        each.remove(one);
                    }
                }
            }
            // So that all that has expired is noticed, as the plain one does.
            assertThat(tested.remaining(now)).isEqualTo(left);
            long amount = 1 + random.nextLong(20_000);
            if (random.nextBoolean()) {
                boolean fits = left >= amount;
                assertThat(tested.take(amount, now) == 0).isEqualTo(fits);
                if (fits) {
                    left -= amount;
                    (random.nextInt(4) == 0 ? crashed : held).add(new Held(amount, now));
                }
            } else if (!held.isEmpty()) {
                Held one = held.remove(random.nextInt(held.size()));
                long used = random.nextLong(1 + one.amount / 500);
                tested.settle(one.amount, used, one.at);
                left += one.amount - used;
            }
            if (left < 20_000 && random.nextInt(20) == 0) {
                tested.reset();
                left = 100_000
                        - held.stream().mapToLong(Held::amount).sum()
                        - crashed.stream().mapToLong(Held::amount).sum();
            }
        }
    }
}
