/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.ArrayList;
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
 * <p>Let c(t) be the replicas that are ready in second t, and R the seconds to ready. Anything implementable pays for c(t) and, if
 * replicas cost from being asked, R for each one that was not there the second before: at least {@code Σ c + R·Σ max(0, c(t+1) -
 * c(t))}. What is there at the start is free of R. Relaxations of that:
 *
 * <ul>
 *   <li>The total: {@code Σ c} is at least T, the work that can be served in time, and the least count always.
 *   <li>Blocks: cut the time into blocks of B seconds. Work that arrives in a block and is due in it must be served in it, so the mean
 *       of c over block k is at least {@code y(k) = max(least, work / B)}. The means rise no more than c does: the step from one mean
 *       to the next is the mean of B sums of B steps of c, in which each step of c has a weight of one in all. So {@code B·Σ z +
 *       R·Σ max(0, z(k+1) - z(k))} bounds the cost, for the cheapest {@code z >= y}. That is y with the dips filled that last no
 *       longer than R: to keep a replica through a dip of g seconds costs g, to start it anew R.
 *   <li>Both: for any m in 0..1, {@code m·T} and {@code (1 - m)·Σ c} with the starts, which is the blocks' with dips filled up to
 *       {@code R / (1 - m)}.
 * </ul>
 *
 * <p>The highest over several B and m is taken. Counts are whole, so the work of a block is rounded up. Short blocks see peaks, long
 * ones lose less of the work that crosses their borders.
 *
 * <p>Chance, whole requests, drains, detection and time to the first token of a prompt only raise what is needed.
 *
 * @since 0.1.0
 */
public final class Bound {

    private static final int[] BLOCKS = {1, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400};

    /** Shares of the total. Not for the shortest blocks: there they add little and take long. */
    private static final double[] SHARES = {0, 0.5, 0.8, 0.95, 0.99};

    private static final int SHORTEST_SHARED = 10;

    /** Seconds for which a schedule may hold its count. */
    private static final int[] STEADY = {20, 60, 180};

    /** Delays up to so many seconds are left to the servers as they are. */
    private static final int LAST = 10;

    /** Sums of doubles may be too high by so much. */
    private static final double ROUNDING = 1e-9;

    /** Differences of long sums may be too high by so much. */
    private static final double SUBTRACTION = 1e-6;

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
        double[][] arrived = arrived(demands);
        double all = due(demands, arrived, 0, seconds);
        double served = seconds == 0 ? 0 : servable(demands, limits.max(), 0, seconds);
        boolean overloaded = served < all * (1 - ROUNDING);
        double total = Math.max(served, (double) seconds * limits.min());
        double lower = total;
        for (int block : BLOCKS) {
            double[] needed = needed(demands, arrived, limits, block, overloaded);
            for (double share : SHARES) {
                if (share == 0 || block >= SHORTEST_SHARED) {
                    lower = Math.max(lower, share * total + cost(needed, seconds, limits, block, 1 - share));
                }
            }
        }
        return schedule(demands, limits, lower);
    }

    /**
     * Most of the work that arrives and is due between two seconds that the most replicas can serve in time: earliest deadline first,
     * what is late is left.
     */
    private static double servable(List<Demand> demands, int max, int from, int to) {
        int classes = demands.size();
        int[] head = new int[classes];
        double[] left = new double[classes];
        double served = 0;
        for (int i = 0; i < classes; i++) {
            head[i] = from;
            left[i] = demands.get(i).work()[from];
        }
        for (int t = from; t < to; t++) {
            double capacity = max;
            while (capacity > 0) {
                int first = -1;
                double due = to;
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
                served += part;
            }
        }
        return served;
    }

    /** For each class the work that has arrived before each second, and in the end all of it. */
    private static double[][] arrived(List<Demand> demands) {
        double[][] arrived = new double[demands.size()][];
        for (int i = 0; i < arrived.length; i++) {
            double[] work = demands.get(i).work();
            double[] sums = new double[work.length + 1];
            for (int t = 0; t < work.length; t++) {
                sums[t + 1] = sums[t] + work[t];
            }
            arrived[i] = sums;
        }
        return arrived;
    }

    /** The work that arrives and is due between two seconds. */
    private static double due(List<Demand> demands, double[][] arrived, int from, int to) {
        double sum = 0;
        for (int i = 0; i < arrived.length; i++) {
            double end = to - Math.ceil(demands.get(i).allowedDelaySeconds());
            sum += end > from ? arrived[i][(int) end] - arrived[i][from] : 0;
        }
        return sum;
    }

    /** Least mean of the replicas in each whole block. */
    private static double[] needed(
            List<Demand> demands, double[][] arrived, Limits limits, int block, boolean overloaded) {
        double[] needed = new double[demands.get(0).work().length / block];
        for (int k = 0; k < needed.length; k++) {
            int from = k * block;
            double work = overloaded
                    ? servable(demands, limits.max(), from, from + block)
                    : due(demands, arrived, from, from + block);
            double mean = Math.ceil(work * (1 - ROUNDING) - SUBTRACTION) / block;
            needed[k] = Math.min(Math.max(mean, limits.min()), limits.max());
        }
        return needed;
    }

    /** Least of {@code price} times the replica-seconds, and the starts. */
    private static double cost(double[] needed, int seconds, Limits limits, int block, double price) {
        int blocks = needed.length;
        double start = limits.costsFromAsked() ? Math.floor(limits.secondsToReady()) : 0;
        double[] kept = fillDips(needed, (int) Math.min(blocks, start / price / block));
        double cost = price * (seconds - blocks * block) * limits.min();
        for (int k = 0; k < blocks; k++) {
            cost += price * block * kept[k] + (k > 0 ? start * Math.max(0, kept[k] - kept[k - 1]) : 0);
        }
        return cost;
    }

    /** The cheapest of several schedules. */
    private static Result schedule(List<Demand> demands, Limits limits, double lower) {
        Result best = schedule(evenly(demands, limits), limits, lower);
        List<Released> released = released(demands);
        for (int steady : STEADY) {
            Result other = schedule(steadily(released, limits, steady), limits, lower);
            best = other.upperReplicaSeconds() < best.upperReplicaSeconds() ? other : best;
        }
        return best;
    }

    private static Result schedule(double[] needed, Limits limits, double lower) {
        int seconds = needed.length;
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

    /** Work as it is given to the servers, and the seconds that are left to it then, at most {@link #LAST}. */
    @SuppressWarnings("ArrayRecordComponent") // read once, here
    private record Released(double[] work, int left) {}

    /** Work with a long delay is given evenly over the time before the last seconds of it. */
    private static List<Released> released(List<Demand> demands) {
        List<Released> all = new ArrayList<>();
        for (Demand demand : demands) {
            double[] work = demand.work();
            int delay = (int) Math.min(work.length, Math.floor(demand.allowedDelaySeconds()));
            int left = Math.min(delay, LAST);
            int span = delay - left + 1;
            double[] released = new double[work.length];
            double spread = 0;
            for (int t = 0; t < work.length; t++) {
                spread = Math.max(0, spread + work[t] - (t >= span ? work[t - span] : 0));
                released[t] = spread / span;
            }
            all.add(new Released(released, left));
        }
        return all;
    }

    /**
     * For each block the least count, the same throughout, with which earliest deadline first serves in time what is given to it. The
     * most replicas, if none is enough.
     */
    private static double[] steadily(List<Released> released, Limits limits, int block) {
        int seconds = released.get(0).work().length;
        double[] replicas = new double[seconds];
        double[] pending = new double[LAST + 1];
        for (int from = 0; from < seconds; from += block) {
            int to = Math.min(seconds, from + block);
            double work = 0;
            for (double each : pending) {
                work += each;
            }
            for (Released each : released) {
                for (int t = from; t < to; t++) {
                    work += each.work()[t];
                }
            }
            int count = Math.max(limits.min(), (int) Math.min(limits.max(), work / (to - from + LAST)));
            double[] after = pending.clone();
            while (!serve(released, after, count, from, to) && count < limits.max()) {
                count++;
                after = pending.clone();
            }
            pending = after;
            Arrays.fill(replicas, from, to, count);
        }
        return replicas;
    }

    /** Serves a block; whether in time. What is late stays due at once. */
    private static boolean serve(List<Released> released, double[] pending, int count, int from, int to) {
        boolean inTime = true;
        for (int t = from; t < to; t++) {
            for (int i = 0; i < released.size(); i++) {
                pending[released.get(i).left()] += released.get(i).work()[t];
            }
            double capacity = count;
            for (int left = 0; left <= LAST && capacity > 0; left++) {
                double part = Math.min(capacity, pending[left]);
                capacity -= part;
                pending[left] -= part;
            }
            double late = pending[0];
            inTime &= late < ROUNDING;
            System.arraycopy(pending, 1, pending, 0, LAST);
            pending[LAST] = 0;
            pending[0] += late;
        }
        return inTime;
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

    /** The values with all dips filled that last at most {@code longest}; the time before the first counts as above all of them. */
    private static double[] fillDips(double[] values, int longest) {
        if (longest == 0) {
            return values;
        }
        int length = values.length;
        double[] padded = new double[length + 2 * longest];
        Arrays.fill(padded, 0, longest, Double.POSITIVE_INFINITY);
        System.arraycopy(values, 0, padded, longest, length);
        // A value is in the windows that begin up to longest before it; the lowest of their highest values is what
        // remains of a dip.
        double[] highest = highestAhead(padded, longest);
        double[] filled = new double[length];
        int[] rising = new int[longest + length];
        int first = 0;
        int end = 0;
        for (int i = 0; i < longest + length; i++) {
            while (end > first && highest[rising[end - 1]] >= highest[i]) {
                end--;
            }
            rising[end++] = i;
            while (rising[first] < i - longest) {
                first++;
            }
            if (i >= longest) {
                filled[i - longest] = highest[rising[first]];
            }
        }
        return filled;
    }

    /** The highest from each value to the one {@code ahead} after it. */
    private static double[] highestAhead(double[] values, int ahead) {
        double[] highest = new double[values.length];
        int[] falling = new int[values.length];
        int first = 0;
        int end = 0;
        for (int i = values.length - 1; i >= 0; i--) {
            while (end > first && values[falling[end - 1]] <= values[i]) {
                end--;
            }
            falling[end++] = i;
            while (falling[first] > i + ahead) {
                first++;
            }
            highest[i] = values[falling[first]];
        }
        return highest;
    }
}
