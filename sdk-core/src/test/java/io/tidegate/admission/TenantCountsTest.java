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
        assertThat(counts.came("a")).isTrue();
        assertThat(counts.came("a")).isFalse();
        assertThat(counts.came("b")).isTrue();
        assertThat(counts.of("a")).isEqualTo(2);
        assertThat(counts.of("b")).isOne();

        assertThat(counts.left("a")).isFalse();
        assertThat(counts.left("b")).isTrue();
        assertThat(counts.of("a")).isOne();
        assertThat(counts.of("b")).isZero();
    }

    @Test
    void of_manyTenants_isNeverFewerThanThereAre_andNothingWhenAllHaveLeft() {
        SplittableRandom random = new SplittableRandom(1);
        Map<String, Integer> plain = new HashMap<>();
        int cells = 0;
        for (int i = 0; i < 20_000; i++) {
            String tenant = "t" + random.nextInt(5_000);
            if (plain.getOrDefault(tenant, 0) > 0 && random.nextBoolean()) {
                cells -= counts.left(tenant) ? 1 : 0;
                plain.merge(tenant, -1, Integer::sum);
            } else {
                cells += counts.came(tenant) ? 1 : 0;
                plain.merge(tenant, 1, Integer::sum);
            }
        }
        plain.forEach((tenant, waiting) -> assertThat(counts.of(tenant)).isGreaterThanOrEqualTo(waiting));
        assertThat(cells).isBetween(900, 1024);

        for (Map.Entry<String, Integer> each : plain.entrySet()) {
            for (int i = 0; i < each.getValue(); i++) {
                cells -= counts.left(each.getKey()) ? 1 : 0;
            }
        }
        assertThat(cells).isZero();
        assertThat(counts.of("t1")).isZero();
    }

    @Test
    void of_fewTenants_areNearlyAlwaysCountedApart() {
        int cells = 0;
        for (int i = 0; i < 32; i++) {
            cells += counts.came("tenant-" + i) ? 1 : 0;
        }
        // 32 × 31 ÷ 2 pairs, of which one in 1,024 shares a cell.
        assertThat(cells).isGreaterThanOrEqualTo(30);
    }
}
