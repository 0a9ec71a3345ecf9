/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What comes of readings that are older than what was sent meanwhile: an engine that is read once a second, and asked about four
 * times as often, fills up before its own figures say so (llm-d-router#2066).
 */
class LimitCreditTest {

    /** Engines hold 100; they are said to hold 64, and the controller may find out up to 256. */
    private static Fleet fleet(long seed, boolean credits) {
        LimitSettings settings =
                LimitSettings.builder().mode(LimitMode.ENGINE).maxShare(4).build();
        Fleet fleet = new Fleet(seed, 2, Work.slots(64), 100, 400_000, Duration.ZERO, builder -> {
            builder.settings(settings);
            return credits ? builder : builder.withoutCredit();
        });
        fleet.perSecond = 80;
        fleet.forget().run(600);
        System.out.printf(
                Locale.ROOT,
                "seed %d, %s credit: limit %d to %d, in the engines' queues %.1f, at most %d, served %d%n",
                seed,
                credits ? "with" : "without",
                fleet.leastLimit,
                fleet.mostLimit,
                fleet.meanWaiting(),
                fleet.mostWaiting,
                fleet.served);
        return fleet;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void enginesHoldMoreThanSaid_isFoundOutWithoutOvershoot(long seed) {
        Fleet with = fleet(seed, true);
        Fleet without = fleet(seed, false);

        assertThat(with.mostLimit).isLessThanOrEqualTo(250);
        assertThat(with.meanWaiting()).isLessThan(20);
        assertThat(without.mostLimit).as("overshoots").isGreaterThan(with.mostLimit + 30);
        assertThat(without.meanWaiting()).isGreaterThan(1.7 * with.meanWaiting());
        assertThat(without.mostWaiting).isGreaterThan(2 * with.mostWaiting);
        assertThat(with.served).isGreaterThan((int) (0.98 * without.served));
    }
}
