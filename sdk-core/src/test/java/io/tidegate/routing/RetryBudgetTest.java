/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 2_000_000_000L, Instant.EPOCH);

    private static int retries(RetryBudget budget, int asked) {
        int allowed = 0;
        for (int i = 0; i < asked; i++) {
            allowed += budget.tryRetry(false) ? 1 : 0;
        }
        return allowed;
    }

    private static void accept(RetryBudget budget, int count) {
        for (int i = 0; i < count; i++) {
            budget.accepted();
        }
    }

    @Test
    void tryRetry_tenthOfAccepted_isAllowed() {
        RetryBudget budget = RetryBudget.of(time);
        accept(budget, 1000);

        assertThat(retries(budget, 500)).isEqualTo(100);
        assertThat(budget.retries()).isEqualTo(100);
        assertThat(budget.refusals()).isEqualTo(400);
    }

    @Test
    void tryRetry_littleTraffic_isAllowedAFewPerSecond() {
        RetryBudget budget = RetryBudget.of(time);
        accept(budget, 3);

        assertThat(retries(budget, 50)).isEqualTo(10);
        time.advance(Duration.ofSeconds(10));
        assertThat(retries(budget, 50)).isEqualTo(10);
    }

    @Test
    void tryRetry_firstByteSent_isNeverAllowedAndTakesNothing() {
        RetryBudget budget = RetryBudget.of(time);
        accept(budget, 1000);

        assertThat(budget.tryRetry(true)).isFalse();
        assertThat(retries(budget, 500)).isEqualTo(100);
    }

    @Test
    void tryRetry_afterHoursOfHealth_hasNoMoreThanTenSecondsWorth() {
        RetryBudget budget = RetryBudget.of(time);
        for (int second = 0; second < 7200; second++) {
            accept(budget, 100);
            time.advance(Duration.ofSeconds(1));
        }

        assertThat(retries(budget, 10_000)).isBetween(90, 100);
    }

    @Test
    void tryRetry_everySlidingTenSeconds_keepsThePart() {
        RetryBudget budget = RetryBudget.of(time, 0.1, 0);
        int accepted = 0;
        int retried = 0;
        for (int step = 0; step < 2000; step++) {
            int burst = step % 37 == 0 ? 50 : 3;
            accept(budget, burst);
            accepted += burst;
            retried += retries(budget, 20);
            assertThat(retried).isLessThanOrEqualTo(accepted / 10);
            time.advance(Duration.ofMillis(170));
        }
        assertThat(retried).isGreaterThan(accepted / 10 - 30);
    }

    @Test
    void tryRetry_idleForLong_oldSecondsDoNotComeBack() {
        RetryBudget budget = RetryBudget.of(time, 0.1, 0);
        accept(budget, 1000);
        for (int i = 0; i < 100; i++) {
            // 16 cells: the same cell, many turns later.
            time.advance(Duration.ofSeconds(16));
            assertThat(budget.tryRetry(false)).isFalse();
        }
    }

    @Test
    void of_outOfRange_isRefused() {
        assertThatThrownBy(() -> RetryBudget.of(time, 1.1, 0)).hasMessageContaining("ratio");
        assertThatThrownBy(() -> RetryBudget.of(time, Double.NaN, 0)).hasMessageContaining("ratio");
        assertThatThrownBy(() -> RetryBudget.of(time, 0.1, -1)).hasMessageContaining("minPerSecond");
    }
}
