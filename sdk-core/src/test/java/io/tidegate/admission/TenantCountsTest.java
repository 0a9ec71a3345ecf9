/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How many wait of whom, as anyone may ask. */
class TenantCountsTest {

    private final TenantCounts counts = new TenantCounts(9);

    @Test
    void of_cameAndLeft_isTheDifference() {
        counts.came("a");
        counts.came("a");
        counts.came("b");
        assertThat(counts.of("a")).isEqualTo(2);
        assertThat(counts.of("b")).isOne();
        assertThat(counts.tenants()).isEqualTo(2);

        counts.left("a");
        counts.left("b");
        assertThat(counts.of("a")).isOne();
        assertThat(counts.of("b")).isZero();
        assertThat(counts.tenants()).isOne();
    }

    @Test
    void of_manyTenants_isNeverFewerThanThereAre_andNothingWhenAllHaveLeft() {
        SplittableRandom random = new SplittableRandom(1);
        Map<String, Integer> plain = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            String tenant = "t" + random.nextInt(5_000);
            if (plain.getOrDefault(tenant, 0) > 0 && random.nextBoolean()) {
                counts.left(tenant);
                plain.merge(tenant, -1, Integer::sum);
            } else {
                counts.came(tenant);
                plain.merge(tenant, 1, Integer::sum);
            }
        }
        plain.forEach((tenant, waiting) -> assertThat(counts.of(tenant)).isGreaterThanOrEqualTo(waiting));
        assertThat(counts.tenants()).isBetween(900, 1024);

        plain.forEach((tenant, waiting) -> {
            for (int i = 0; i < waiting; i++) {
                counts.left(tenant);
            }
        });
        assertThat(counts.tenants()).isZero();
        assertThat(counts.of("t1")).isZero();
    }

    @Test
    void of_fewTenants_areNearlyAlwaysCountedApart() {
        for (int i = 0; i < 32; i++) {
            counts.came("tenant-" + i);
        }
        // 32 × 31 ÷ 2 pairs, of which one in 1,024 shares a cell.
        assertThat(counts.tenants()).isGreaterThanOrEqualTo(30);
    }
}
