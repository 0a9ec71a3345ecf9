/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SharesTest {
    @Test
    void of_anyOrder_picksTheSame() {
        Map<String, Double> one = new LinkedHashMap<>();
        one.put("b", 3.0);
        one.put("a", 1.0);
        Map<String, Double> other = new LinkedHashMap<>();
        other.put("a", 1.0);
        other.put("b", 3.0);

        for (double uniform : new double[] {0, 0.2499, 0.25, 0.999999}) {
            assertThat(Shares.of(one).pick(uniform))
                    .isEqualTo(Shares.of(other).pick(uniform))
                    .isEqualTo(uniform < 0.25 ? "a" : "b");
        }
        assertThat(Shares.of(one).share("b")).isEqualTo(0.75);
        assertThat(Shares.of(one).share("c")).isZero();
        assertThat(Shares.of(one)).hasToString("{a=0.25, b=0.75}");
    }

    @Test
    void pick_shareOfZero_isNeverPicked() {
        Shares shares = Shares.of(Map.of("a", 0.0, "b", 1.0, "c", 0.0));

        assertThat(List.of(shares.pick(0), shares.pick(0.5), shares.pick(Math.nextDown(1.0))))
                .containsOnly("b");
    }

    @Test
    void zipfTenants_publishedNumber_meetsThePublishedShares() {
        Shares tenants = Shares.zipfTenants(Shares.PUBLISHED_TENANTS);

        assertThat(tenants.names()).hasSize(162).startsWith("tenant-1", "tenant-2");
        assertThat(tenants.share("tenant-1")).isCloseTo(0.160, within(0.0005));
        assertThat(tenants.names().stream()
                        .limit(10)
                        .mapToDouble(tenants::share)
                        .sum())
                .isCloseTo(0.632, within(0.0005));
        assertThat(tenants.names().stream().mapToDouble(tenants::share).sum()).isCloseTo(1, within(1e-9));
    }

    @Test
    void of_impossibleShares_areRefused() {
        assertThatThrownBy(() -> Shares.of(Map.of())).hasMessage("shares must have a sum above 0 but it was 0.0");
        assertThatThrownBy(() -> Shares.of(Map.of("a", -1.0)))
                .hasMessage("the share of a must be >= 0 and finite but was -1.0");
        assertThatThrownBy(() -> Shares.of(Map.of("a", Double.NaN))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Shares.of(Map.of("a b", 1.0)))
                .hasMessage("a name must be visible ASCII, 1 to 64 characters, but was 'a b'");
        assertThatThrownBy(() -> Shares.of(Map.of("", 1.0))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Shares.zipfTenants(0)).hasMessage("count must be >= 1 but was 0");
        Map<String, Double> huge = new HashMap<>(Map.of("a", Double.MAX_VALUE, "b", Double.MAX_VALUE));
        assertThatThrownBy(() -> Shares.of(huge)).isInstanceOf(IllegalArgumentException.class);
    }
}
