/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.k8s.lease.Schedule.Faults;
import io.tidegate.k8s.lease.Schedule.Gateway;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Two leaders and one target, under many schedules: {@code -Dtidegate.schedules=10000000} for a night's worth. */
class FencedScheduleTest {

    private static final long SCHEDULES = Long.getLong("tidegate.schedules", 100_000);

    /** Of one virtual minute and a half, in which what is wanted changes every few seconds. */
    private static Schedule run(long seed, boolean fenced) {
        Schedule schedule = new Schedule(seed, Faults.ALL, LeaseTiming.DEFAULT, fenced);
        schedule.add("a");
        schedule.add("b");
        SplittableRandom wanted = new SplittableRandom(~seed);
        for (int seconds = 5; seconds <= 90; seconds += 5) {
            schedule.run(Duration.ofSeconds(seconds));
            schedule.wanted = wanted.nextInt(1, 20);
        }
        return schedule;
    }

    @Test
    @DisplayName("H1: two leaders under many schedules write nothing of an old epoch after the claim of a newer one")
    void write_twoLeadersManySchedules_neverOfAnOldEpochAfterTheClaim() {
        long claims = 0;
        long writes = 0;
        long refused = 0;
        for (long seed = 0; seed < SCHEDULES; seed++) {
            Schedule done = run(seed, true);
            claims += done.claims;
            writes += done.writes;
            refused += done.refused;
            if (done.staleWrites + done.overlaps + done.sharedEpochs > 0) {
                assertThat(done.staleWrites).as("stale writes of seed %d", seed).isZero();
                assertThat(done.overlaps).as("overlaps of seed %d", seed).isZero();
                assertThat(done.sharedEpochs)
                        .as("epochs of two leaders, seed %d", seed)
                        .isZero();
            }
        }
        System.out.println(
                "schedules " + SCHEDULES + ", claims " + claims + ", writes " + writes + ", refused " + refused);
        // It is shown of something only if there were leaders that changed, and writes that came too late.
        assertThat(claims).isGreaterThan(SCHEDULES);
        assertThat(writes).isGreaterThan(SCHEDULES);
        assertThat(refused).isGreaterThan(SCHEDULES / 100);
    }

    @Test
    @DisplayName("H1: the same schedules without a fence do write of an old epoch, so the test can see it")
    void write_withoutFence_isSeenToBeStale() {
        int stale = 0;
        for (long seed = 0; seed < 2_000; seed++) {
            stale += run(seed, false).staleWrites;
        }
        System.out.println("without fence: stale writes in 2000 schedules " + stale);
        assertThat(stale).isPositive();
    }

    @Test
    @DisplayName(
            "H2: a leader cut off in the middle of its write: the next reads what came of it, and there is one event")
    void write_leaderLostInTheMiddle_nextFinishesWithOneEvent() {
        for (long seed = 0; seed < 2_000; seed++) {
            Schedule schedule = steady(seed);
            schedule.wanted = 9;
            // Somewhere in the two seconds in which it reads and writes.
            schedule.run(Duration.ofNanos(Duration.ofSeconds(40).toNanos() + seed * 1_000_000));
            schedule.gateways.stream().filter(each -> each.term().leads()).forEach(leader -> leader.partitioned = true);
            schedule.run(Duration.ofSeconds(90));
            assertThat(schedule.replicas).as("seed %d", seed).isEqualTo(9);
            assertThat(schedule.scaleEvents).as("seed %d", seed).isEqualTo(1);
            assertThat(schedule.staleWrites).isZero();
        }
    }

    @Test
    @DisplayName("L5: a leader killed in the middle of a scale: the next one converges, with one event")
    void write_leaderKilledMidScale_nextConvergesWithOneEvent() {
        for (long seed = 0; seed < 2_000; seed++) {
            Schedule schedule = steady(seed);
            schedule.wanted = 9;
            schedule.run(Duration.ofNanos(Duration.ofSeconds(40).toNanos() + seed * 1_000_000));
            schedule.gateways.stream().filter(each -> each.term().leads()).forEach(Gateway::kill);
            schedule.run(Duration.ofSeconds(90));
            assertThat(schedule.replicas).as("seed %d", seed).isEqualTo(9);
            assertThat(schedule.scaleEvents).as("seed %d", seed).isEqualTo(1);
            assertThat(schedule.gateways.stream().filter(each -> each.term().leads()))
                    .hasSize(1);
        }
    }

    private static Schedule steady(long seed) {
        Schedule schedule = new Schedule(seed, Faults.NONE, LeaseTiming.DEFAULT, true);
        schedule.add("a");
        schedule.add("b");
        schedule.run(Duration.ofSeconds(40));
        assertThat(schedule.gateways.stream().filter(each -> each.term().leads()))
                .hasSize(1);
        return schedule;
    }
}
