/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is kept out of a queue while more comes than can be served, and how all are let in again. */
class RankCursorTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long HOUR = 3_600 * SECOND;
    private static final long SEED = 7;

    /** Above half of what a tier may wait, and below a quarter. */
    private static final double LONG = 0.9;

    private static final double SHORT = 0.1;

    /** So many tiers, and with them ranks, that one rank has one arrival of a thousand. */
    private static final int TIERS = 16;

    private long now;

    private RankCursor cursor(int tiers, long start) {
        now = start;
        return new RankCursor(tiers, SEED, start);
    }

    private void turn(RankCursor cursor, double share) {
        now += SECOND;
        assertThat(cursor.isDue(now, true)).isTrue();
        double[] shares = new double[TIERS];
        Arrays.fill(shares, share);
        cursor.turn(now, shares);
    }

    /** Seconds in which nobody arrives and the queue stands: once that is overload, each closes one rank. */
    private void closeTo(RankCursor cursor, int ranks, int tiers) {
        for (int second = 0; second < 20_000 && open(cursor, tiers) > ranks; second++) {
            turn(cursor, LONG);
        }
        assertThat(open(cursor, tiers)).isEqualTo(ranks);
    }

    private static int open(RankCursor cursor, int tiers) {
        return (int) Math.round(cursor.openShare() * tiers * RankCursor.COHORTS);
    }

    /** Cohort of each of so many tenants: the number of ranks that must be open for it, less one. */
    private int[] cohorts(int tenants) {
        int[] cohorts = new int[tenants];
        Arrays.fill(cohorts, RankCursor.COHORTS - 1);
        for (int ranks = RankCursor.COHORTS - 1; ranks >= 1; ranks--) {
            RankCursor probe = cursor(1, 0);
            closeTo(probe, ranks, 1);
            for (int tenant = 0; tenant < tenants; tenant++) {
                if (probe.mayQueue(0, "t" + tenant)) {
                    cohorts[tenant] = ranks - 1;
                }
            }
        }
        return cohorts;
    }

    /** A tenant of each cohort. */
    private Map<Integer, String> tenantsByCohort() {
        int[] cohorts = cohorts(2_000);
        Map<Integer, String> tenants = new HashMap<>();
        for (int tenant = 0; tenant < cohorts.length; tenant++) {
            tenants.putIfAbsent(cohorts[tenant], "t" + tenant);
        }
        assertThat(tenants).hasSize(RankCursor.COHORTS);
        return tenants;
    }

    private static int arrive(RankCursor cursor, Map<Integer, String> tenants, int arrivals) {
        int passed = 0;
        for (int rank = 0; rank < arrivals; rank++) {
            String tenant = String.valueOf(tenants.get(rank % RankCursor.COHORTS));
            passed += cursor.mayQueue(rank / RankCursor.COHORTS, tenant) ? 1 : 0;
        }
        return passed;
    }

    // ---- the cursor ------------------------------------------------------------------------------------------------

    @Test
    void turn_ofAThousandArrivals_movesAsTheExampleSays() {
        Map<Integer, String> tenants = tenantsByCohort();
        RankCursor cursor = cursor(TIERS, 0);
        closeTo(cursor, 400, TIERS);

        assertThat(arrive(cursor, tenants, 1_000)).isEqualTo(400);
        turn(cursor, LONG);
        int[] expected = {380, 399, 438, 525, 735};
        for (int passed : expected) {
            assertThat(arrive(cursor, tenants, 1_000)).isEqualTo(passed);
            assertThat(cursor.active()).isTrue();
            turn(cursor, SHORT);
        }
        assertThat(arrive(cursor, tenants, 1_000)).isEqualTo(1_000);
        assertThat(cursor.active()).isFalse();
        assertThat(cursor.openShare()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 50, 500, 900})
    void turn_calm_opensAllWithinSomeSeconds(int open) {
        Map<Integer, String> tenants = tenantsByCohort();
        RankCursor cursor = cursor(TIERS, 0);
        closeTo(cursor, open, TIERS);
        int windows = 0;
        while (cursor.active()) {
            arrive(cursor, tenants, 1_000);
            turn(cursor, SHORT);
            windows++;
        }
        // 1.05 × 1.1 × 1.2 × 1.4 × 1.8 × 2.6 is 9, and each more multiplies by nearly twice as much as the one before.
        assertThat(windows).isLessThanOrEqualTo(open >= 120 ? 6 : 9);
    }

    @Test
    void turn_overloadedForEver_neverBelowOneRank() {
        Map<Integer, String> tenants = tenantsByCohort();
        RankCursor cursor = cursor(1, 0);
        for (int second = 0; second < 500; second++) {
            arrive(cursor, tenants, RankCursor.COHORTS);
            turn(cursor, LONG);
            assertThat(open(cursor, 1)).isPositive();
        }
        assertThat(open(cursor, 1)).isOne();
        assertThat(cursor.mayQueue(0, String.valueOf(tenants.get(0)))).isTrue();
        assertThat(cursor.mayQueue(0, String.valueOf(tenants.get(1)))).isFalse();
    }

    /** All are of one rank, which must not hold the cursor above it or below it. */
    @Test
    void turn_allArrivalsOfOneRank_movesOverIt() {
        String one = String.valueOf(tenantsByCohort().get(30));
        RankCursor cursor = cursor(1, 0);
        for (int second = 0; second < 60; second++) {
            IntStream.range(0, 1_000).forEach(ignored -> cursor.mayQueue(0, one));
            turn(cursor, LONG);
        }
        assertThat(cursor.mayQueue(0, one)).isFalse();
        int windows = 0;
        while (cursor.active()) {
            IntStream.range(0, 1_000).forEach(ignored -> cursor.mayQueue(0, one));
            turn(cursor, SHORT);
            windows++;
        }
        assertThat(windows).isLessThanOrEqualTo(RankCursor.COHORTS);
    }

    // ---- overload --------------------------------------------------------------------------------------------------

    @Test
    void turn_queueStandsForLessThanTenSeconds_isNoOverload() {
        RankCursor cursor = cursor(1, 0);
        for (int second = 0; second < 100; second++) {
            if (second % 9 == 8) {
                assertThat(cursor.isDue(now, false)).isFalse();
            }
            turn(cursor, LONG);
            assertThat(cursor.active()).isFalse();
        }
    }

    @Test
    void turn_betweenQuarterAndHalf_startsNoOverloadAndEndsNone() {
        RankCursor cursor = cursor(1, 0);
        for (int second = 0; second < 30; second++) {
            turn(cursor, 0.4);
        }
        assertThat(cursor.active()).isFalse();

        turn(cursor, 0.5);
        int closed = open(cursor, 1);
        assertThat(closed).isLessThan(RankCursor.COHORTS);
        for (int second = 0; second < 5; second++) {
            turn(cursor, 0.26);
            assertThat(open(cursor, 1)).isLessThan(closed);
            closed = open(cursor, 1);
        }
        turn(cursor, 0.24);
        assertThat(open(cursor, 1)).isGreaterThan(closed);
        int opened = open(cursor, 1);
        turn(cursor, 0.4);
        assertThat(open(cursor, 1)).as("calm until half").isGreaterThanOrEqualTo(opened);
    }

    @Test
    void turn_somebodyWasGrantedSoon_isCalmWhateverTheOldestWaits() {
        RankCursor cursor = cursor(2, 0);
        for (int second = 0; second < 30; second++) {
            cursor.granted(0, 0.9);
            cursor.granted(0, 0.1);
            cursor.granted(1, 0.2);
            turn(cursor, LONG);
        }
        assertThat(cursor.active()).isFalse();

        // One tier of two is enough.
        cursor.granted(0, 0.1);
        turn(cursor, LONG);
        assertThat(cursor.active()).isTrue();
    }

    @Test
    void turn_nobodyWaitsInATier_isCalmThere() {
        RankCursor cursor = cursor(1, 0);
        for (int second = 0; second < 30; second++) {
            turn(cursor, -1);
        }
        assertThat(cursor.active()).isFalse();
    }

    @Test
    void turn_queueEmpty_ends() {
        RankCursor cursor = cursor(1, 0);
        closeTo(cursor, 20, 1);
        assertThat(cursor.isDue(now, false)).isFalse();
        int open = open(cursor, 1);
        now += SECOND;
        assertThat(cursor.isDue(now, false)).isTrue();
        cursor.turn(now, new double[] {-1});
        assertThat(open(cursor, 1)).isGreaterThan(open);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE - 5_500_000_000L, -5_500_000_000L, Long.MIN_VALUE})
    void turn_clockWraps_closesAndOpensAsEver(long start) {
        Map<Integer, String> tenants = tenantsByCohort();
        RankCursor cursor = cursor(1, start);
        int opened = 0;
        for (int second = 1; second <= 40; second++) {
            arrive(cursor, tenants, RankCursor.COHORTS);
            turn(cursor, second <= 20 ? LONG : SHORT);
            // Stands from the first look on, and so for 10 s at the eleventh.
            if (second == 10 || second == 11) {
                assertThat(cursor.active()).isEqualTo(second == 11);
            }
            opened = opened == 0 && second > 20 && !cursor.active() ? second : opened;
        }
        assertThat(opened).isBetween(24, 27);
    }

    // ---- cohorts ---------------------------------------------------------------------------------------------------

    @Test
    void cohorts_manyTenants_areSpreadEvenly() {
        int[] sizes = new int[RankCursor.COHORTS];
        for (int cohort : cohorts(10_000)) {
            sizes[cohort]++;
        }
        // 156 on average, with a standard deviation of 12.4.
        assertThat(Arrays.stream(sizes).boxed().toList())
                .allSatisfy(size -> assertThat(size).isBetween(95, 220));
    }

    /** As it was dealt first. A new deal would let in whoever is of another cohort then. */
    private boolean[] servedWithHalfOpen(RankCursor cursor) {
        boolean[] served = new boolean[1_000];
        for (int tenant = 0; tenant < served.length; tenant++) {
            served[tenant] = cursor.mayQueue(0, "t" + tenant);
        }
        return served;
    }

    private void openAll(RankCursor cursor) {
        while (cursor.active()) {
            turn(cursor, SHORT);
        }
    }

    @Test
    void cohorts_withinAnHour_areTheSame_thenDealtAnew() {
        RankCursor cursor = cursor(1, Long.MAX_VALUE - 1_000 * SECOND);
        closeTo(cursor, 32, 1);
        boolean[] first = servedWithHalfOpen(cursor);
        openAll(cursor);
        now += HOUR - 300 * SECOND;
        closeTo(cursor, 32, 1);
        assertThat(servedWithHalfOpen(cursor)).as("within the hour").isEqualTo(first);

        openAll(cursor);
        now += HOUR;
        turn(cursor, SHORT);
        closeTo(cursor, 32, 1);
        boolean[] anew = servedWithHalfOpen(cursor);
        int moved = 0;
        for (int tenant = 0; tenant < anew.length; tenant++) {
            moved += anew[tenant] != first[tenant] ? 1 : 0;
        }
        assertThat(moved).as("of 1,000 about half").isBetween(400, 600);
    }

    @Test
    void cohorts_someAreKeptOutForHours_areNotDealtAnew() {
        RankCursor cursor = cursor(1, 0);
        closeTo(cursor, 32, 1);
        boolean[] first = servedWithHalfOpen(cursor);
        for (int hour = 0; hour < 5; hour++) {
            now += HOUR;
            IntStream.range(0, 1_000).forEach(tenant -> cursor.mayQueue(0, "t" + tenant));
            turn(cursor, LONG);
        }
        assertThat(cursor.active()).isTrue();
        boolean[] still = servedWithHalfOpen(cursor);
        for (int tenant = 0; tenant < still.length; tenant++) {
            assertThat(!still[tenant] || first[tenant])
                    .as("t%d is of those served before", tenant)
                    .isTrue();
        }
    }
}
