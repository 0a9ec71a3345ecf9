/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Recent;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecentLoadTest {

    private final RecentLoad recent = new RecentLoad();

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 1_500_000_000L, Long.MIN_VALUE, -700_000_000L})
    void update_quarterSeconds_areJoinedToSeconds(long start) {
        ManualTime time = new ManualTime(start, Instant.EPOCH);
        FakeLoad load = new FakeLoad(time);
        load.inFlight = 3;
        load.queued = 1;
        recent.update(load.get(), 2);
        Recent found = Recent.NOTHING;
        for (int i = 0; i < 14; i++) {
            load.arrive(5);
            time.advance(Duration.ofMillis(250));
            found = recent.update(load.get(), 2);
        }
        assertThat(found.seconds()).hasSize(4);
        assertThat(found.seconds().get(0).lengthNanos()).isEqualTo(1_000_000_000L);
        assertThat(found.seconds().get(0).arrivals()).isEqualTo(20);
        assertThat(found.seconds().get(3).lengthNanos()).as("still runs").isEqualTo(500_000_000L);
        assertThat(found.concurrency(time.nanos(), Duration.ofMinutes(1)).orElseThrow())
                .isEqualTo(4);
        assertThat(found.arrivalsPerSecond(time.nanos(), Duration.ofMinutes(1)).orElseThrow())
                .isCloseTo(20, within(1e-9));
    }

    @Test
    void update_sameInstant_losesNothing() {
        ManualTime time = new ManualTime();
        FakeLoad load = new FakeLoad(time);
        recent.update(load.get(), 1);
        time.advance(Duration.ofSeconds(1));
        load.arrive(3);
        recent.update(load.get(), 1);
        load.arrive(4);
        recent.update(load.get(), 1);
        recent.update(load.get(), 1);
        time.advance(Duration.ofSeconds(1));
        Recent found = recent.update(load.get(), 1);
        assertThat(found.seconds()).hasSize(2);
        assertThat(found.seconds().get(0).arrivals()).isEqualTo(3);
        assertThat(found.seconds().get(1).arrivals()).isEqualTo(4);
    }

    @Test
    void update_gaps_areOneLongSecond_andTenMinutesAreTheBound() {
        ManualTime time = new ManualTime();
        FakeLoad load = new FakeLoad(time);
        recent.update(load.get(), 1);
        load.arrive(60);
        time.advance(Duration.ofSeconds(30));
        Recent found = recent.update(load.get(), 1);
        assertThat(found.seconds()).hasSize(1);
        assertThat(found.arrivalsPerSecond(time.nanos(), Duration.ofSeconds(10)).orElseThrow())
                .isEqualTo(2);
        for (int i = 0; i < 2_000; i++) {
            time.advance(Duration.ofMillis(1_100));
            found = recent.update(load.get(), 1);
        }
        assertThat(found.seconds()).hasSizeBetween(540, 601);
        assertThat(time.nanos() - found.seconds().get(0).endNanos()).isLessThanOrEqualTo(Recent.LENGTH.toNanos());
        for (int i = 0; i < 10_000; i++) {
            time.advance(Duration.ofMillis(250));
            found = recent.update(load.get(), 1);
        }
        assertThat(found.seconds()).hasSizeBetween(600, 601);
        time.advance(Duration.ofHours(3));
        found = recent.update(load.get(), 1);
        assertThat(found.seconds()).hasSize(1);
        assertThat(found.concurrency(time.nanos(), Duration.ofMinutes(1))).isPresent();
    }

    @Test
    void update_counterGoesBack_isNoNegativeNumber() {
        ManualTime time = new ManualTime();
        FakeLoad load = new FakeLoad(time);
        load.arrive(100);
        recent.update(load.get(), 1);
        load.arrive(-60);
        time.advance(Duration.ofSeconds(1));
        assertThat(recent.update(load.get(), 1).seconds().get(0).arrivals()).isZero();
    }
}
