/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.Served;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** The counts of a gate with one tier, as the test moves them. */
final class FakeLoad implements Supplier<PoolLoad> {

    Tier tier = Tier.builder("standard").build();
    TimeSource time;
    long inFlight;
    long queued;
    /** When the one came who waits longest. */
    long oldestSinceNanos;

    Served served = Served.NOTHING;
    private long arrivals;
    private long admitted;
    private long shed;
    private long expired;
    private long closed;
    private long inFlightNanos;
    private long admittedTokens;

    FakeLoad(TimeSource time) {
        this.time = time;
    }

    void arrive(long count) {
        arrivals += count;
    }

    void admit(long count, long tokensEach) {
        admitted += count;
        admittedTokens += count * tokensEach;
    }

    void shed(long count) {
        shed += count;
    }

    void expire(long count) {
        expired += count;
    }

    void close(long count, Duration each) {
        closed += count;
        inFlightNanos += count * each.toNanos();
    }

    @Override
    public PoolLoad get() {
        TierLoad load = new TierLoad(
                tier,
                inFlight,
                queued,
                queued == 0 ? 0 : time.nanos() - oldestSinceNanos,
                arrivals,
                admitted,
                shed,
                expired,
                0,
                closed,
                inFlightNanos,
                admittedTokens,
                0,
                0,
                served);
        return new PoolLoad("chat", time.nanos(), List.of(load));
    }
}
