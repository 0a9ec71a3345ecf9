/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Tier;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** How demand is smoothed, and what is kept of a guarantee by it. */
class LendingTest {

    private static final long SECOND = 1_000_000_000;

    private long now = -5 * SECOND;

    private Lending lending(double guarantee, double lends) {
        Tier tier = Tier.builder("a").guarantee(guarantee).lends(lends).build();
        return Objects.requireNonNull(Lending.of(List.of(tier, Tier.builder("b").build()), now));
    }

    private void look(Lending lending, double demand, int seconds) {
        for (int i = 0; i < seconds; i++) {
            now += SECOND;
            lending.look(new double[] {demand, 0}, now);
        }
    }

    @Test
    void of_noGuarantee_isNone() {
        assertThat(Lending.of(List.of(Tier.builder("a").build()), 0)).isNull();
    }

    @Test
    void reserved_idle_isWhatIsNotLent() {
        Lending lending = lending(0.4, 0.75);
        assertThat(lending.reserved(0)).isCloseTo(0.1, within(1e-9));
        look(lending, 0, 100);
        assertThat(lending.reserved(0)).isCloseTo(0.1, within(1e-9));
        assertThat(lending.reserved(1)).isZero();
    }

    @Test
    void reserved_demandRises_countsAtOnceUpToTheGuarantee() {
        Lending lending = lending(0.4, 1);
        look(lending, 0.25, 1);
        assertThat(lending.reserved(0)).isCloseTo(0.25, within(1e-9));
        look(lending, 0.9, 1);
        assertThat(lending.reserved(0)).isCloseTo(0.4, within(1e-9));
    }

    @Test
    void reserved_demandEnds_halvesInFiveMinutes() {
        Lending lending = lending(0.4, 1);
        look(lending, 0.3, 60);
        look(lending, 0, 1);
        assertThat(lending.reserved(0)).isCloseTo(0.3, within(1e-6));
        look(lending, 0, 300);
        // 0.977 to the power of 30 is 0.498.
        assertThat(lending.reserved(0)).isCloseTo(0.15, within(0.01));
    }

    @Test
    void reserved_nobodyLooksForLong_countsTheWindowsThatPassed() {
        Lending lending = lending(0.4, 1);
        look(lending, 0.3, 60);
        look(lending, 0, 20);
        now += 600 * SECOND;
        look(lending, 0, 1);
        assertThat(lending.reserved(0)).isCloseTo(0.3 * Math.pow(0.977, 61), within(0.01));
    }
}
