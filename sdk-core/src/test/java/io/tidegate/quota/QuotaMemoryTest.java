/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.time.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class QuotaMemoryTest {

    private static final int IDS = 1_000_000;
    private static final long BOUND = 10_000_000;

    private final ManualTime time = new ManualTime();
    private final Quotas quotas =
            Quotas.builder(time).eachTenant(Quota.perMinute(60, 100_000)).build();
    private final QuotaTier tier = quotas.tier("any");

    @Nested
    @DisplayName("K2: a million tenant ids passing through cost 10 MB at most")
    class Bounded {

        @Test
        void reserve_allBusy_keepsNoMoreThanTheBound() {
            assertThat(grown("0123456789abcdef-", Duration.ZERO)).isLessThan(BOUND);

            assertThat(quotas.tenants()).isEqualTo(16_384);
            assertThat(quotas.overflowed()).isEqualTo(IDS - 16_384);
        }

        @Test
        void reserve_idleAfterAMinute_keepsNoMoreThanTheBoundAndRefusesNobody() {
            assertThat(grown("0123456789abcdef-", Duration.ofMillis(10))).isLessThan(BOUND);

            assertThat(quotas.tenants()).isBetween(16_000, 16_384);
            assertThat(quotas.forgotten()).isEqualTo(IDS - quotas.tenants());
            assertThat(quotas.overflowed()).isZero();
        }

        @Test
        void reserve_longestIdsOfWideCharacters_keepsNoMoreThanTheBound() {
            assertThat(grown("\u0142".repeat(121), Duration.ZERO)).isLessThan(BOUND);
        }

        @Test
        void reserve_hugeIds_areNotKept() {
            assertThat(grown("x".repeat(1_000), Duration.ZERO)).isLessThan(BOUND);

            assertThat(quotas.tenants()).isZero();
        }
    }

    /** Bytes by which the live heap grew. */
    private long grown(String prefix, Duration step) {
        long before = used();
        for (int i = 0; i < IDS; i++) {
            long at = time.nanos();
            if (quotas.reserve(prefix + (IDS + i), tier, 1_000, at) == 0 && i % 2 == 0) {
                quotas.settle(prefix + (IDS + i), tier, 1_000, 900, at);
            }
            if (!step.isZero()) {
                time.advance(step);
            }
        }
        return used() - before;
    }

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }
}
