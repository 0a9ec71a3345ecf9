/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.admission.Appointments.Told;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When those who were refused are told to come back, and what that is worth. */
class AppointmentsTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long HORIZON = Appointments.HORIZON_NANOS;
    private static final int REMEMBERED = 8192;

    private final SplittableRandom random = new SplittableRandom(42);
    private long now = 1_000 * SECOND;
    private Appointments appointments = new Appointments(now);

    private Told give(long aheadNanos, long intervalNanos) {
        return appointments.give(random.nextLong(), "tenant", now, aheadNanos, (double) intervalNanos);
    }

    private long inNanos(Told told) {
        return told.atNanos() - now;
    }

    // ---- times -----------------------------------------------------------------------------------------------------

    @Test
    void give_oneAfterTheOther_oneIntervalApart() {
        for (int i = 0; i < 100; i++) {
            Told told = give(20 * SECOND, 2 * SECOND);
            assertThat(inNanos(told)).isEqualTo((20 + 2L * i) * SECOND);
            assertThat(told.right()).isTrue();
        }
        assertThat(appointments.givenAheadNanos(now)).isEqualTo(220 * SECOND);
    }

    @Test
    void give_workAheadGrows_notBeforeThatIsDone() {
        give(20 * SECOND, SECOND);

        assertThat(inNanos(give(60 * SECOND, SECOND))).isEqualTo(60 * SECOND);
        assertThat(inNanos(give(0, SECOND))).as("time given is given").isEqualTo(61 * SECOND);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 999_999_999})
    void give_nearlyNothingAhead_notBeforeASecond(long aheadNanos) {
        assertThat(inNanos(give(aheadNanos, 0))).isEqualTo(SECOND);
    }

    @Test
    void givenAhead_timePasses_shrinksToNothing() {
        assertThat(appointments.givenAheadNanos(now)).isZero();
        give(10 * SECOND, 4 * SECOND);
        assertThat(appointments.givenAheadNanos(now)).isEqualTo(14 * SECOND);

        now += 13 * SECOND;
        assertThat(appointments.givenAheadNanos(now)).isEqualTo(SECOND);
        now += 100 * SECOND;
        assertThat(appointments.givenAheadNanos(now)).isZero();
        assertThat(inNanos(give(0, SECOND)))
                .as("what is past is not made up for")
                .isEqualTo(SECOND);
    }

    @Test
    void give_beyondTheHorizon_isToldItAndGivesNoRight() {
        int rights = 0;
        for (int i = 0; i < 1_000; i++) {
            Told told = give(0, SECOND);
            rights += told.right() ? 1 : 0;
            assertThat(inNanos(told)).isBetween(SECOND, HORIZON);
            if (i >= 299) {
                assertThat(told.right()).isFalse();
                assertThat(inNanos(told)).isEqualTo(HORIZON);
            }
        }
        assertThat(rights).isEqualTo(299);
        assertThat(appointments.givenAheadNanos(now)).isEqualTo(HORIZON);
        assertThat(give(10 * HORIZON, SECOND)).satisfies(told -> {
            assertThat(told.right()).isFalse();
            assertThat(inNanos(told)).isEqualTo(HORIZON);
        });
        // As time passes, it can be given again, as much as has passed.
        now += 10 * SECOND;
        for (int i = 0; i < 20; i++) {
            assertThat(give(0, SECOND).right()).isEqualTo(i < 10);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e30, Double.MAX_VALUE, Double.POSITIVE_INFINITY})
    void give_endlessInterval_isBeyondTheHorizonAndOverflowsNothing(double intervalNanos) {
        Told told = appointments.give(1, "tenant", now, Long.MAX_VALUE, intervalNanos);

        assertThat(inNanos(told)).isEqualTo(HORIZON);
        assertThat(told.right()).isFalse();
        assertThat(appointments.givenAheadNanos(now)).isZero();
    }

    // ---- coming back -----------------------------------------------------------------------------------------------

    private Told toldOf(long key) {
        Told told = appointments.told(key, now);
        assertThat(told).isNotNull();
        return java.util.Objects.requireNonNull(told);
    }

    @Test
    void told_tooSoon_isTheSameTimeAgain() {
        Told given = appointments.give(5, "tenant", now, 10 * SECOND, 1e9);
        for (int second = 0; second < 9; second++) {
            now += SECOND;
            assertThat(toldOf(5)).isSameAs(given);
            assertThat(given.tooSoon(now)).isTrue();
        }
        now += SECOND / 2 - 1;
        assertThat(given.tooSoon(now)).isTrue();
        now++;
        assertThat(given.tooSoon(now)).as("half a second is in time").isFalse();
        assertThat(appointments.told(6, now)).isNull();
    }

    @Test
    void told_aMinuteLate_hasLapsed() {
        Told given = appointments.give(5, "tenant", now, 10 * SECOND, 1e9);
        now += 70 * SECOND;
        assertThat(toldOf(5)).isSameAs(given);
        now++;
        assertThat(appointments.told(5, now)).isNull();
    }

    @Test
    void kept_isForgotten_andOnlyOnce() {
        Told given = appointments.give(5, "tenant", now, 10 * SECOND, 1e9);
        appointments.kept(given);
        assertThat(appointments.told(5, now)).isNull();

        Told anew = appointments.give(5, "tenant", now, 10 * SECOND, 1e9);
        appointments.kept(given);
        assertThat(toldOf(5)).as("of another time").isSameAs(anew);
    }

    @Test
    void told_beforeAnyIsGiven_isNull() {
        assertThat(appointments.told(0, now)).isNull();
        appointments.kept(new Told(1, now, true, 0));
    }

    // ---- the share that shows --------------------------------------------------------------------------------------

    /** How far apart two are, in parts of the interval. */
    private double share() {
        now += 2 * HORIZON;
        Told one = give(0, SECOND);
        return (double) (give(0, SECOND).atNanos() - one.atNanos()) / SECOND;
    }

    private void tellMany(int count, boolean allCome) {
        for (int i = 0; i < count; i++) {
            Told told = give(0, 1_000);
            if (allCome) {
                appointments.kept(told);
            }
            now += 100_000_000;
        }
    }

    @Test
    void interval_allCome_staysWhole() {
        tellMany(50_000, true);
        assertThat(share()).isCloseTo(1, within(1e-6));
    }

    @Test
    void interval_nobodyComes_isNeverLessThanAFifth() {
        tellMany(50_000, false);
        double share = share();
        assertThat(share).isCloseTo(0.2, within(1e-6));

        tellMany(50_000, false);
        assertThat(share()).isGreaterThanOrEqualTo(0.2 - 1e-9);
    }

    @Test
    void interval_halfCome_isHalf() {
        for (int i = 0; i < 100_000; i++) {
            Told told = give(0, 1_000);
            if (random.nextBoolean()) {
                appointments.kept(told);
            }
            now += 100_000_000;
        }
        assertThat(share()).isCloseTo(0.5, within(0.25));
    }

    @Test
    void interval_comeAgainAfterNobodyDid_isWholeAgain() {
        tellMany(50_000, false);
        // Those of before count as not come as their places are taken.
        tellMany(50_000, true);
        assertThat(share()).isGreaterThan(0.95);
    }

    // ---- bounds ----------------------------------------------------------------------------------------------------

    @Test
    void give_aMillionKeys_remembersABoundedNumber() {
        long[] keys = random.longs(1_000_000).toArray();
        for (long key : keys) {
            appointments.give(key, "tenant", now, 0, 10);
        }
        int remembered = 0;
        for (long key : keys) {
            remembered += appointments.told(key, now) != null ? 1 : 0;
        }
        assertThat(remembered).isBetween(REMEMBERED / 2, REMEMBERED);
        int ofTheLast = 0;
        for (int i = keys.length - 1_000; i < keys.length; i++) {
            ofTheLast += appointments.told(keys[i], now) != null ? 1 : 0;
        }
        assertThat(ofTheLast).as("those told last").isGreaterThan(980);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE - 5_000_000_000L, -5_000_000_000L, Long.MIN_VALUE})
    void everything_clockWraps_asEver(long start) {
        now = start;
        appointments = new Appointments(now);
        @Nullable Told before = null;
        for (int i = 0; i < 20; i++) {
            Told told = give(2 * SECOND, SECOND);
            assertThat(told.right()).isTrue();
            if (before != null) {
                assertThat(told.atNanos() - before.atNanos()).isEqualTo(SECOND);
            }
            before = told;
        }
        assertThat(appointments.givenAheadNanos(now)).isEqualTo(22 * SECOND);
        Told last = java.util.Objects.requireNonNull(before);
        assertThat(last.tooSoon(now)).isTrue();
        now += 21 * SECOND;
        assertThat(last.tooSoon(now)).isFalse();
        assertThat(toldOf(last.key())).isSameAs(last);
        now += 61 * SECOND;
        assertThat(appointments.told(last.key(), now)).isNull();
        assertThat(appointments.givenAheadNanos(now)).isZero();
    }
}
