/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What an autoscaler that knows the future could not beat: a lower bound on the replica-seconds of anything that serves the same work
 * in time, and a schedule that does serve it, from above.
 *
 * <p>Replicas are fluid: a serving replica does one replica-second of work per second, work may be divided at will and work that
 * arrives in a second may be served in that second. Replicas may be stopped at once. Where the limit of replicas makes it impossible to
 * serve all in time, the bound holds for those that serve as much in time as can be.
 *
 * <h2>Why it is a bound</h2>
 *
 * <p>Let c(t) be the replicas that are ready in second t, and R the seconds to ready. Anything implementable pays for c(t), and, if
 * replicas cost from being asked, R for each one that was not there before: at least {@code Σ c + R·Σ max(0, c(t+1) - c(t))}. What
 * was there at the start is free of R. Three relaxations of it, of which the highest is taken:
 *
 * <ul>
 *   <li>All work that could be served in time must be served: {@code Σ c} is at least that much, and at least the least count always.
 *   <li>Cut the time into blocks of B seconds. Work that arrives in a block and is due in it must be served in it, so the mean of c
 *       over the block is at least {@code y = max(least, work / B)}. Rises of block means never exceed the rises of c (each is a mean
 *       of B sums of steps, and each step is in one of them per offset), so {@code B·Σ y' + R·Σ max(0, y'(k+1) - y'(k))} is a bound
 *       for the cheapest {@code y' >= y}. That is y with all dips filled that last no longer than R: keeping a replica through a
 *       dip of g seconds costs g, starting it anew costs R. For {@code B = 1} y is rounded up, since counts are whole.
 *   <li>The same for several B: short ones see peaks and rounding, long ones lose less work across the borders of blocks.
 * </ul>
 *
 * <p>Chance, whole requests, drains, detection and time to the first token of a prompt only raise what is needed.
 *
 * @since 0.1.0
 */
public final class Bound {

    private static final int[] BLOCKS = {
        1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400
    };

    /** Sums of doubles may be too high by so much. */
    private static final double ROUNDING = 1e-9;

    private Bound() {}

    /**
     * Work that comes with the same allowed delay.
     *
     * @param work replica-seconds that arrive in each second; finite, not negative; not copied
     * @param allowedDelaySeconds how long after its arrival it may still be served; not negative
     */
    @SuppressWarnings("ArrayRecordComponent") // a week of seconds, read once
    public record Demand(double[] work, double allowedDelaySeconds) {
        public Demand {
            if (!(allowedDelaySeconds >= 0)) {
                throw new IllegalArgumentException("allowedDelaySeconds must be >= 0 but was " + allowedDelaySeconds);
            }
            for (double each : work) {
                if (!(each >= 0) || Double.isInfinite(each)) {
                    throw new IllegalArgumentException("work must be finite and >= 0 but was " + each);
                }
            }
        }
    }

    /**
     * What may be asked for, and what counts as cost.
     *
     * @param secondsToReady the least that passes from asking for a replica until it serves; not negative
     * @param min least replicas at any time
     * @param max most replicas at any time, at least {@code min}
     * @param costsFromAsked whether a replica costs while it starts
     */
    public record Limits(double secondsToReady, int min, int max, boolean costsFromAsked) {
        public Limits {
            if (!(secondsToReady >= 0) || min < 0 || max < min) {
                throw new IllegalArgumentException("secondsToReady must be >= 0 and 0 <= min <= max, but they were "
                        + secondsToReady + ", " + min + " and " + max);
            }
        }
    }

    /**
     * The two sides of the optimum.
     *
     * @param lowerReplicaSeconds nothing that serves in time costs less
     * @param upperReplicaSeconds what the schedule costs
     * @param schedule replicas to ask for in each second, the first of which are ready at the start; serves all work in time that is
     *     due before the end, if the most replicas allow it
     * @param peak most of the schedule
     */
    @SuppressWarnings("ArrayRecordComponent") // a week of seconds, made for the caller
    public record Result(double lowerReplicaSeconds, double upperReplicaSeconds, int[] schedule, int peak) {}

    /**
     * Bounds the cost of serving the demands together.
     *
     * @param demands not empty, all of the same length, which is that of the episode
     * @throws IllegalArgumentException if the lengths differ
     */
    public static Result of(List<Demand> demands, Limits limits) {
        if (demands.isEmpty()) {
            throw new IllegalArgumentException("demands must not be empty");
        }
        int seconds = demands.get(0).work().length;
        for (Demand demand : demands) {
            if (demand.work().length != seconds) {
                throw new IllegalArgumentException(
                        "demands must have one length but had " + seconds + " and " + demand.work().length);
            }
        }
        double lower = Math.max(servable(demands, limits.max()), (double) seconds * limits.min());
        for (int block : BLOCKS) {
            lower = Math.max(lower, byBlocks(demands, limits, block));
        }
        return schedule(demands, limits, lower);
    }

    /** Most work that can be served in time by the most replicas: earliest deadline first, what is late is left. */
    private static double servable(List<Demand> demands, int max) {
        int classes = demands.size();
        int seconds = demands.get(0).work().length;
        int[] head = new int[classes];
        double[] left = new double[classes];
        double served = 0;
        for (int i = 0; i < classes; i++) {
            left[i] = seconds > 0 ? demands.get(i).work()[0] : 0;
        }
        for (int t = 0; t < seconds; t++) {
            double capacity = max;
            while (capacity > 0) {
                int first = -1;
                double due = Double.POSITIVE_INFINITY;
                for (int i = 0; i < classes; i++) {
                    double[] work = demands.get(i).work();
                    double delay = Math.ceil(demands.get(i).allowedDelaySeconds());
                    while (head[i] < t && (left[i] <= 0 || head[i] + delay < t)) {
                        head[i]++;
                        left[i] = work[head[i]];
                    }
                    if (left[i] > 0 && head[i] + delay < due) {
                        first = i;
                        due = head[i] + delay;
                    }
                }
                if (first < 0) {
                    break;
                }
                double part = Math.min(capacity, left[first]);
                capacity -= part;
                left[first] -= part;
                served += due < seconds ? part : 0;
            }
        }
        return served;
    }

    private static double byBlocks(List<Demand> demands, Limits limits, int block) {
        int seconds = demands.get(0).work().length;
        int blocks = seconds / block;
        if (blocks == 0) {
            return 0;
        }
        double[] needed = new double[blocks];
        for (Demand demand : demands) {
            double delay = Math.ceil(demand.allowedDelaySeconds());
            for (int k = 0; k < blocks; k++) {
                double end = (k + 1.0) * block - delay;
                for (int t = k * block; t < end; t++) {
                    needed[k] += demand.work()[t];
                }
            }
        }
        for (int k = 0; k < blocks; k++) {
            double mean = Math.ceil(needed[k] * (1 - ROUNDING)) / block;
            needed[k] = Math.min(Math.max(mean, limits.min()), limits.max());
        }
        double start = limits.costsFromAsked() ? Math.floor(limits.secondsToReady()) : 0;
        double[] kept = fillDips(needed, (int) Math.min(blocks, start / block));
        double cost = (double) (seconds - blocks * block) * limits.min();
        for (int k = 0; k < blocks; k++) {
            cost += block * kept[k] + (k > 0 ? start * Math.max(0, kept[k] - kept[k - 1]) : 0);
        }
        return cost;
    }

    private static Result schedule(List<Demand> demands, Limits limits, double lower) {
        int seconds = demands.get(0).work().length;
        double[] needed = evenly(demands, limits);
        int toReady = (int) Math.min(seconds, Math.ceil(limits.secondsToReady()));
        double[] ready = fillDips(needed, toReady);
        double[] asked = highestAhead(ready, toReady);
        int[] schedule = new int[seconds];
        double cost = 0;
        int peak = 0;
        for (int t = 0; t < seconds; t++) {
            schedule[t] = (int) asked[t];
            peak = Math.max(peak, schedule[t]);
            cost += limits.costsFromAsked() ? asked[t] : ready[t];
        }
        return new Result(lower, cost, schedule, peak);
    }

    /**
     * Whole replicas that keep each class at least as far as if its work were spread evenly over the allowed delay. What rounding up
     * leaves over serves ahead, the shortest delay first.
     */
    private static double[] evenly(List<Demand> unordered, Limits limits) {
        List<Demand> demands = unordered.stream()
                .sorted(Comparator.comparingDouble(Demand::allowedDelaySeconds))
                .toList();
        int classes = demands.size();
        int seconds = demands.get(0).work().length;
        double[] replicas = new double[seconds];
        double[] lead = new double[classes];
        double[] waiting = new double[classes];
        double[] spread = new double[classes];
        double[] due = new double[classes];
        for (int t = 0; t < seconds; t++) {
            double need = 0;
            for (int i = 0; i < classes; i++) {
                double[] work = demands.get(i).work();
                int span = (int) Math.min(seconds, Math.floor(demands.get(i).allowedDelaySeconds())) + 1;
                spread[i] += work[t] - (t >= span ? work[t - span] : 0);
                waiting[i] += work[t];
                // A running sum keeps a rest of what has left it.
                due[i] = Math.max(0, spread[i]) / span - lead[i];
                need += Math.max(0, due[i]);
            }
            double count = Math.min(Math.max(Math.ceil(need - ROUNDING), limits.min()), limits.max());
            replicas[t] = count;
            double left = count;
            double[] part = new double[classes];
            for (int i = 0; i < classes; i++) {
                part[i] = Math.min(left, Math.max(0, due[i]));
                left -= part[i];
            }
            for (int i = 0; i < classes; i++) {
                double ahead = Math.min(left, Math.max(0, waiting[i] - part[i]));
                left -= ahead;
                waiting[i] -= part[i] + ahead;
                lead[i] = part[i] + ahead - due[i];
            }
        }
        return replicas;
    }

    /** The values with all dips filled that last at most {@code longest}. Before the first value is no dip's edge lower than it. */
    private static double[] fillDips(double[] values, int longest) {
        if (longest == 0) {
            return values;
        }
        int length = values.length;
        double[] padded = new double[length + 2 * longest];
        Arrays.fill(padded, 0, longest, Double.POSITIVE_INFINITY);
        System.arraycopy(values, 0, padded, longest, length);
        double[] highest = highestAhead(padded, longest);
        // The lowest of the windows that reach over a value: windows begin up to longest before it.
        double[] filled = new double[length];
        ArrayDeque<Integer> rising = new ArrayDeque<>();
        for (int i = 0; i < longest + length; i++) {
            while (!rising.isEmpty() && highest[rising.getLast()] >= highest[i]) {
                rising.removeLast();
            }
            rising.add(i);
            while (rising.getFirst() < i - longest) {
                rising.removeFirst();
            }
            if (i >= longest) {
                filled[i - longest] = highest[rising.getFirst()];
            }
        }
        return filled;
    }

    /** The highest from each value to the one {@code ahead} after it. */
    private static double[] highestAhead(double[] values, int ahead) {
        double[] highest = new double[values.length];
        ArrayDeque<Integer> falling = new ArrayDeque<>();
        for (int i = values.length - 1; i >= 0; i--) {
            while (!falling.isEmpty() && values[falling.getLast()] <= values[i]) {
                falling.removeLast();
            }
            falling.add(i);
            while (falling.getFirst() > i + ahead) {
                falling.removeFirst();
            }
            highest[i] = values[falling.getFirst()];
        }
        return highest;
    }
}
