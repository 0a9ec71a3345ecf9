/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import static io.tidegate.k8s.lease.Schedule.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.k8s.lease.Schedule.Faults;
import io.tidegate.k8s.lease.Schedule.Gateway;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Elections in virtual time, with an API server of one lease. */
class ElectionTest {

    private static Schedule two(long seed, LeaseTiming timing) {
        Schedule schedule = new Schedule(seed, Faults.NONE, timing, true);
        schedule.add("a");
        schedule.add("b");
        return schedule;
    }

    private static Gateway leader(Schedule schedule) {
        List<Gateway> leading =
                schedule.gateways.stream().filter(each -> each.term().leads()).toList();
        assertThat(leading).hasSize(1);
        return leading.get(0);
    }

    /** Runs on until another leads, and says how long that took. */
    private static Duration untilAnotherLeads(Schedule schedule, Gateway before) {
        long from = schedule.now;
        while (schedule.gateways.stream()
                .noneMatch(each -> each != before && each.term().leads())) {
            schedule.run(Duration.ofNanos(schedule.now + 10_000_000));
            if (schedule.now - from > 120 * SECOND) {
                throw new AssertionError("nobody else leads after two minutes");
            }
        }
        return Duration.ofNanos(schedule.now - from);
    }

    @Test
    @DisplayName("H4: all gateways restart at once: one leads within lease + retry, 17 s, and nothing is removed")
    void term_allRestartAtOnce_oneLeadsWithinSeventeenSeconds() {
        long worst = 0;
        for (long seed = 0; seed < 2_000; seed++) {
            Schedule schedule = new Schedule(seed, Faults.NONE, LeaseTiming.DEFAULT, true);
            for (int i = 0; i < 5; i++) {
                schedule.add("gateway-" + i);
            }
            schedule.run(Duration.ofNanos(30 * SECOND + seed * 1_000_000));
            long before = leader(schedule).term().epoch();
            schedule.gateways.forEach(Gateway::kill);
            schedule.gateways.forEach(Gateway::restart);
            Duration taken = untilAnotherLeads(schedule, schedule.new Gateway("none", 1, 0));
            worst = Math.max(worst, taken.toMillis());
            assertThat(taken).isLessThanOrEqualTo(Duration.ofSeconds(17));
            assertThat(leader(schedule).term().epoch()).isGreaterThan(before);
            schedule.run(Duration.ofNanos(schedule.now).plusSeconds(20));
            assertThat(schedule.scaleEvents).isZero();
            assertThat(schedule.overlaps).isZero();
        }
        System.out.println("H4: worst " + worst + " ms");
    }

    @Test
    void term_firstGatewayEver_leadsAfterOneLease() {
        Schedule schedule = two(1, LeaseTiming.DEFAULT);

        schedule.run(Duration.ofSeconds(14));
        assertThat(schedule.firstLeaderAt).isNegative();

        schedule.run(Duration.ofSeconds(17));
        assertThat(leader(schedule).term().epoch()).isEqualTo(1);
    }

    @Test
    void term_leaderCannotRenew_endsByItsOwnClockAloneAndTheNextIsOfAHigherEpoch() {
        for (long seed = 0; seed < 200; seed++) {
            Schedule schedule = two(seed, LeaseTiming.DEFAULT);
            schedule.run(Duration.ofSeconds(40));
            Gateway old = leader(schedule);
            long epoch = old.term().epoch();
            old.partitioned = true;
            // Nothing is told to it: a round at most, and the deadline.
            schedule.run(Duration.ofSeconds(40).plus(Duration.ofMillis(8_001)));
            assertThat(old.term().leads()).isFalse();
            untilAnotherLeads(schedule, old);
            assertThat(leader(schedule).term().epoch()).isEqualTo(epoch + 1);
            assertThat(schedule.overlaps).isZero();
        }
    }

    @Test
    void term_leaderIsBackAfterItsTermRanOut_leadsInAHigherEpochOnly() {
        Schedule schedule = new Schedule(3, Faults.NONE, LeaseTiming.DEFAULT, true);
        Gateway only = schedule.add("a");
        schedule.run(Duration.ofSeconds(40));
        long epoch = only.term().epoch();
        only.partitioned = true;
        schedule.run(Duration.ofSeconds(50));
        assertThat(only.term().leads()).isFalse();

        only.partitioned = false;
        schedule.run(Duration.ofSeconds(56));

        assertThat(only.term().leads()).isTrue();
        assertThat(only.term().epoch()).isGreaterThan(epoch);
    }

    @Test
    void term_givenBack_isTakenAtTheNextLook() {
        Schedule schedule = two(5, LeaseTiming.DEFAULT);
        schedule.run(Duration.ofSeconds(40));
        Gateway old = leader(schedule);

        old.stopNicely();

        assertThat(untilAnotherLeads(schedule, old)).isLessThan(Duration.ofMillis(2_500));
    }

    @ParameterizedTest(name = "edit {0}")
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    @DisplayName(
            "H5: a lease that is deleted, or whose holder, duration or count is edited: no overlap, and epochs grow")
    void term_leaseEditedByHand_noOverlapAndEpochsGrow(int how) {
        for (long seed = 0; seed < 300; seed++) {
            Schedule schedule = two(seed, LeaseTiming.DEFAULT);
            schedule.run(Duration.ofSeconds(40));
            Gateway old = leader(schedule);
            long epoch = old.term().epoch();
            // Cut off in half of the cases, so that it cannot see that it is one no more.
            old.partitioned = seed % 2 == 0;
            schedule.run(Duration.ofNanos(40 * SECOND + seed * 10_000_000));
            schedule.edit(how);
            schedule.run(Duration.ofSeconds(80));
            assertThat(schedule.overlaps).isZero();
            assertThat(leader(schedule).term().epoch()).isGreaterThanOrEqualTo(epoch);
            assertThat(schedule.sharedEpochs).isZero();
            assertThat(schedule.staleWrites).isZero();
        }
    }

    @Test
    @DisplayName("H5: a gateway with a shorter lease of its own waits as long as the holder published")
    void term_publishedDurationIsLonger_isWaitedFor() {
        LeaseTiming shortOne = new LeaseTiming(
                Duration.ofSeconds(3), Duration.ofMillis(1_600), Duration.ofMillis(400), Duration.ofMillis(400));
        Election election = new Election("b", shortOne, 0, new java.util.SplittableRandom(1));
        LeaseView theirs = new LeaseView("1", "a", 7, Duration.ofSeconds(30), "t", "m", false);
        long writesAt = -1;
        for (long now = 0; writesAt < 0 && now < 60 * SECOND; now += 10_000_000) {
            Election.Step step = election.next(now);
            while (step instanceof Election.Read) {
                election.found(now, theirs);
                step = election.next(now);
            }
            if (step instanceof Election.Write) {
                writesAt = now;
            }
        }
        assertThat(writesAt).isBetween(30 * SECOND, 31 * SECOND);
    }

    @ParameterizedTest(name = "leader''s clock {0} times slower, other''s {1}")
    @CsvSource({"1.5, 1", "1, 1.5", "1.25, 1", "1, 1"})
    @DisplayName("H6: clocks that differ by half in rate and by an hour in what they say: no overlap at 15/8")
    void term_clocksDiffer_noOverlap(double one, double other) {
        for (long seed = 0; seed < 1_000; seed++) {
            Schedule schedule = new Schedule(seed, new Faults(6, 6, 8, 0, 0, 0, 1), LeaseTiming.DEFAULT, true);
            schedule.add("a", one, 0);
            schedule.add("b", other, Duration.ofHours(1).toNanos());
            for (int seconds = 30; seconds < 300; seconds += 30) {
                schedule.run(Duration.ofSeconds(seconds));
                int part = seconds / 30 % 2;
                schedule.gateways.get(part).partitioned = true;
                schedule.gateways.get(1 - part).partitioned = false;
            }
            assertThat(schedule.overlaps).as("seed %d", seed).isZero();
            assertThat(schedule.claims).isPositive();
        }
    }
}
