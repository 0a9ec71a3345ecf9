/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.sim.baseline.Bound.Demand;
import io.tidegate.sim.baseline.Bound.Limits;
import io.tidegate.sim.baseline.Bound.Result;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BoundTest {

    private static final Limits FREE_START = new Limits(0, 0, 100, false);

    private static Demand demand(double delay, double... work) {
        return new Demand(work, delay);
    }

    private static double[] row(int seconds, double value) {
        double[] row = new double[seconds];
        Arrays.fill(row, value);
        return row;
    }

    @Test
    void of_wholeWorkAtOnce_isExact() {
        Result result = Bound.of(List.of(demand(0, 1, 3, 2, 0)), FREE_START);

        assertThat(result.schedule()).containsExactly(1, 3, 2, 0);
        assertThat(result.lowerReplicaSeconds()).isEqualTo(6);
        assertThat(result.upperReplicaSeconds()).isEqualTo(6);
        assertThat(result.peak()).isEqualTo(3);
    }

    @Test
    void of_partsOfReplicasAtOnce_areRoundedUp() {
        Result result = Bound.of(List.of(demand(0, 0.5, 1.2)), FREE_START);

        assertThat(result.lowerReplicaSeconds()).isEqualTo(3);
    }

    @Test
    void of_delay_spreadsTheWork() {
        // 4 replica-seconds may be served in four seconds: one replica.
        Result result = Bound.of(List.of(demand(3, 4, 0, 0, 0)), FREE_START);

        assertThat(result.schedule()).containsExactly(1, 1, 1, 1);
        assertThat(result.lowerReplicaSeconds()).isEqualTo(4);
    }

    @Test
    void of_shortDip_keepsTheReplica() {
        // Keeping one through a dip of 3 s costs 3, starting it anew 5.
        Result result = Bound.of(List.of(demand(0, 1, 1, 0, 0, 0, 1)), new Limits(5, 0, 9, true));

        assertThat(result.schedule()).containsExactly(1, 1, 1, 1, 1, 1);
        assertThat(result.lowerReplicaSeconds()).isEqualTo(6);
    }

    @Test
    void of_longDip_startsAnew() {
        // 3 + 1 of service and 2 of starting.
        Result result = Bound.of(List.of(demand(0, 1, 1, 1, 0, 0, 0, 0, 1)), new Limits(2, 0, 9, true));

        assertThat(result.schedule()).containsExactly(1, 1, 1, 0, 0, 1, 1, 1);
        assertThat(result.lowerReplicaSeconds()).isEqualTo(6);
        assertThat(result.upperReplicaSeconds()).isEqualTo(6);
    }

    @Test
    void of_startsThatCostNothing_countOnlyWhatIsReady() {
        Result result = Bound.of(List.of(demand(0, 1, 1, 1, 0, 0, 0, 0, 1)), new Limits(2, 0, 9, false));

        assertThat(result.lowerReplicaSeconds()).isEqualTo(4);
        assertThat(result.upperReplicaSeconds()).isEqualTo(4);
    }

    @Test
    void of_firstNeedBeforeOneCouldBeReady_costsFromTheBeginning() {
        Result result = Bound.of(List.of(demand(0, 0, 0, 2)), new Limits(60, 0, 9, true));

        assertThat(result.schedule()).containsExactly(2, 2, 2);
        assertThat(result.lowerReplicaSeconds()).isEqualTo(6);
    }

    @Test
    void of_least_isKeptAlways() {
        Result result = Bound.of(List.of(demand(0, 0, 0, 0, 0)), new Limits(60, 3, 9, true));

        assertThat(result.lowerReplicaSeconds()).isEqualTo(12);
        assertThat(result.upperReplicaSeconds()).isEqualTo(12);
    }

    @Test
    void of_moreThanTheMostCanServe_boundsWhatCanBeServed() {
        Result result = Bound.of(List.of(demand(0, 10, 0, 0)), new Limits(0, 0, 4, false));

        assertThat(result.lowerReplicaSeconds()).isEqualTo(4);
        assertThat(result.peak()).isEqualTo(4);
    }

    @Test
    void of_twoClasses_fillTheRestOfTheUrgentOne() {
        // Half a replica is urgent; the patient work fits beside it.
        Result result =
                Bound.of(List.of(new Demand(row(10, 0.5), 0), demand(9, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0)), FREE_START);

        assertThat(result.upperReplicaSeconds()).isEqualTo(10);
        assertThat(result.lowerReplicaSeconds()).isCloseTo(10, within(1e-6));
    }

    @Test
    void of_randomDemand_scheduleServesInTimeAndCostsNoLessThanTheBound() {
        Random random = new Random(7);
        for (int run = 0; run < 40; run++) {
            Demand urgent = new Demand(random(random, 400, 3), run % 4);
            Demand patient = new Demand(random(random, 400, 2), 10 + run);
            Limits limits = new Limits(run, run % 3, 50, run % 2 == 0);

            Result result = Bound.of(List.of(urgent, patient), limits);

            assertThat(result.lowerReplicaSeconds())
                    .isGreaterThan(0)
                    .isLessThanOrEqualTo(result.upperReplicaSeconds() + 1e-6);
            assertThat(late(List.of(urgent, patient), result.schedule(), run)).isLessThan(1e-6);
        }
    }

    @Test
    void of_smallCases_neverExceedTheBestOfAllSchedules() {
        Random random = new Random(11);
        for (int run = 0; run < 60; run++) {
            List<Demand> demands =
                    List.of(new Demand(random(random, 6, 1.5), run % 3), new Demand(random(random, 6, 1), 1 + run % 4));
            Limits limits = new Limits(run % 5, run % 2, 3, true);

            double best = best(demands, limits);

            assertThat(Bound.of(demands, limits).lowerReplicaSeconds()).isLessThanOrEqualTo(best + 1e-6);
        }
    }

    @Test
    void of_week_addsTheStartsToTheWork() {
        int week = 604_800;
        double[] work = new double[week];
        for (int t = 0; t < week; t++) {
            work[t] = 10 - 8 * StrictMath.cos(2 * Math.PI * t / 86_400);
        }

        Result result = Bound.of(
                List.of(new Demand(work, 3), new Demand(row(week, 0.5), 30), new Demand(row(week, 0.5), 600)),
                new Limits(100, 1, 64, true));

        // Sixteen replicas start on each of seven days, but for the first that are there; 100 s each.
        double sum = 11.0 * week;
        double starts = 7 * 16 * 100;
        assertThat(result.lowerReplicaSeconds()).isBetween(sum + 0.85 * starts, sum + starts);
        assertThat(result.upperReplicaSeconds()).isBetween(result.lowerReplicaSeconds(), 1.1 * sum);
        assertThat(result.peak()).isEqualTo(19);
    }

    @Test
    void of_differentLengths_areRefused() {
        assertThatThrownBy(() -> Bound.of(List.of(demand(0, 1), demand(0, 1, 2)), FREE_START))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static double[] random(Random random, int seconds, double most) {
        double[] work = new double[seconds];
        for (int t = 0; t < seconds; t++) {
            work[t] = random.nextInt(3) == 0 ? 0 : most * random.nextDouble();
        }
        return work;
    }

    /** Work due before the end that an earliest-deadline server on the schedule serves late. */
    private static double late(List<Demand> demands, int[] schedule, int toReady) {
        int seconds = schedule.length;
        double[][] left = new double[demands.size()][];
        for (int i = 0; i < left.length; i++) {
            left[i] = demands.get(i).work().clone();
        }
        double late = 0;
        for (int t = 0; t < seconds; t++) {
            double capacity = Integer.MAX_VALUE;
            for (int ago = 0; ago <= Math.min(t, toReady); ago++) {
                capacity = Math.min(capacity, schedule[t - ago]);
            }
            for (int due = 0; due < 2 * seconds; due++) {
                for (int i = 0; i < left.length; i++) {
                    int arrived = due - (int) demands.get(i).allowedDelaySeconds();
                    if (arrived >= 0 && arrived <= t && left[i][arrived] > 0) {
                        double part = Math.min(capacity, left[i][arrived]);
                        capacity -= part;
                        left[i][arrived] -= part;
                        late += due < t ? part : 0;
                    }
                }
            }
        }
        for (int i = 0; i < left.length; i++) {
            for (int t = 0; t + demands.get(i).allowedDelaySeconds() < seconds; t++) {
                late += left[i][t];
            }
        }
        return late;
    }

    /** Cheapest of all rows of counts that serve as much as can be, with the start counted for each rise after the first second. */
    private static double best(List<Demand> demands, Limits limits) {
        int seconds = demands.get(0).work().length;
        int[] counts = new int[seconds];
        double least = Double.POSITIVE_INFINITY;
        double leastLate = Double.POSITIVE_INFINITY;
        int base = limits.max() + 1;
        int all = (int) Math.round(StrictMath.pow(base, seconds));
        for (int code = 0; code < all; code++) {
            int rest = code;
            double cost = 0;
            boolean allowed = true;
            for (int t = 0; t < seconds; t++) {
                counts[t] = rest % base;
                rest /= base;
                allowed &= counts[t] >= limits.min();
                cost += counts[t] + (t > 0 ? limits.secondsToReady() * Math.max(0, counts[t] - counts[t - 1]) : 0);
            }
            if (!allowed) {
                continue;
            }
            double late = late(demands, counts, 0);
            if (late < leastLate - 1e-9 || (late < leastLate + 1e-9 && cost < least)) {
                least = cost;
                leastLate = Math.min(leastLate, late);
            }
        }
        return least;
    }
}
