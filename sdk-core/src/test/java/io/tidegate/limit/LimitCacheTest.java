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

/** Long answers on a small KV cache: by slots alone the engine is full long before its slots are, and computes things twice. */
class LimitCacheTest {

    /** 256 slots, of which the cache holds about 70 with answers as long as these. */
    private static Fleet fleet(long seed, LimitMode mode) {
        Fleet fleet = new Fleet(seed, 1, new Work(256, Work.MAX_TOKENS), 256, 100_000, Duration.ZERO, Fleet.mode(mode));
        fleet.promptTokens = 1000;
        fleet.meanOutput = 900;
        fleet.perSecond = 6;
        fleet.run(300);
        long preempted = fleet.engines.get(0).preemptions();
        fleet.forget().run(900);
        fleet.preempted = fleet.engines.get(0).preemptions() - preempted;
        System.out.printf(
                Locale.ROOT,
                "%s, seed %d: limit %d to %d, preemptions %d, in the engine's queue %.1f, served %d%n",
                mode,
                seed,
                fleet.leastLimit,
                fleet.mostLimit,
                fleet.preempted,
                fleet.meanWaiting(),
                fleet.served);
        return fleet;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void cacheIsSmall_bothOtherModesKeepTheQueueInTheGate(long seed) {
        Fleet fixed = fleet(seed, LimitMode.FIXED);
        Fleet tokens = fleet(seed, LimitMode.TOKENS);
        Fleet engine = fleet(seed, LimitMode.ENGINE);

        assertThat(fixed.meanWaiting()).isGreaterThan(100);
        assertThat(tokens.meanWaiting()).isLessThan(5);
        assertThat(engine.meanWaiting()).isLessThan(5);
        assertThat(tokens.preempted).isLessThan(fixed.preempted / 2);
        assertThat(engine.preempted).isLessThan(fixed.preempted / 20);
        assertThat((double) tokens.served).isGreaterThan(0.9 * fixed.served);
        assertThat((double) engine.served).isGreaterThan(0.9 * fixed.served);
    }
}
