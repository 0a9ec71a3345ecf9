/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.pool.Capacity;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent.Second;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * Learns the throughput of one warm replica from what a pool answers while it is busy.
 *
 * <p>A second of {@link PoolView#recent()} is a measurement when
 *
 * <ul>
 *   <li>the pool was full: the mean use of its slots over the time in flight before it was at least {@code highUse}. Where a replica's
 *       tokens hold fewer requests than it has slots, or a tier that may fill the pool has waited for more than 2 s, the pool is full
 *       at what it holds;
 *   <li>the number of ready replicas has not changed for the warm-up and one time in flight. What ends now was admitted a time in
 *       flight ago, so the rate of what ends tells of the pool as it was then: replicas that have just come have ended nothing yet,
 *       and those that drain end what no ready replica serves.
 * </ul>
 *
 * <p>The newest of them, two minutes by default and at least four times in flight, are put into groups no shorter than a time in
 * flight; groups beyond three times or a third of their median count as that; the mean per replica and second is the sample. It moves
 * what is known by 5 % of the difference, of which no more than 25 % of what is known is seen. As the sample itself is a mean over the
 * window, a change of the true figure is followed within that window and half a minute more, whatever the number of rounds in a second:
 * asked again of the same view it comes nearer to the same sample. Example: 1.45 requests/s are known and a sample says 1.16:
 * 1.45 − 0.05·0.29 = 1.4355; if it says 0.5, no more than 1.45·0.25 is seen: 1.45 − 0.05·0.3625 = 1.4319.
 *
 * <p>Below high use what ends is what arrives, a lower bound. So it never lowers what is known. Where the bound less three standard
 * deviations of a Poisson count is above it, what is known was too low and becomes the bound.
 *
 * <p>Until there are 20 s and 20 answers of such measurements, the result is a guess of {@code samples} 0: slots ÷ mean time in flight
 * ({@link BacklogPolicy} needs no more than that). Nothing is learned from a view that is not complete, from a pool that scales down,
 * and where no request has ended. What is known never exceeds four times the guess, so that a figure restored from another pool does
 * not stay.
 *
 * <p>Pure, so safe for any thread. Cost: one pass over the ten minutes of {@code recent}.
 *
 * @since 0.1.0
 */
public final class CapacityLearner {

    private static final double WEIGHT = 0.05;
    private static final double CLIP = 0.25;
    private static final int GROUPS = 8;
    private static final int LEAST_GROUPS = 4;
    private static final double SPREAD = 3;
    private static final double LEAST_SECONDS = 20;
    private static final double LEAST_ENDED = 20;
    private static final double SIGMAS = 3;
    private static final double MOST_TIMES_GUESS = 4;
    private static final Duration WAITED = Duration.ofSeconds(2);

    /** A hole in the record longer than this may hide anything: a change of replicas, or a process that stood still. */
    private static final double HOLE_SECONDS = 3;

    private final double warmUp;
    private final double highUse;
    private final double window;

    private CapacityLearner(Builder builder) {
        this.warmUp = Throughput.seconds(builder.warmUp);
        this.highUse = builder.highUse;
        this.window = Throughput.seconds(builder.window);
    }

    /** Starts a learner with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** What is known after this view; {@link PoolView#capacity()} is what was known before. */
    public Capacity learn(PoolView view) {
        Capacity guess = Throughput.guess(view);
        if (!view.capacity().known()) {
            return trustworthy(view) ? learned(view, guess, guess) : guess;
        }
        Capacity before = new Capacity(
                most(view.capacity().tokensPerSecond(), guess.tokensPerSecond()),
                most(view.capacity().requestsPerSecond(), guess.requestsPerSecond()),
                view.capacity().samples());
        return trustworthy(view) ? learned(view, before, guess) : before;
    }

    private static double most(double known, double guess) {
        return known > MOST_TIMES_GUESS * guess ? MOST_TIMES_GUESS * guess : known;
    }

    private static boolean trustworthy(PoolView view) {
        return view.complete()
                && view.replicas().ready() > 0
                && view.replicas().desired() >= view.replicas().ready()
                && view.tiers().stream().allMatch(Throughput::possible);
    }

    private Capacity learned(PoolView view, Capacity before, Capacity guess) {
        if (Double.isNaN(guess.requestsPerSecond())) {
            return before;
        }
        Measured measured = measure(view);
        double requests = before.requestsPerSecond();
        double tokens = before.tokensPerSecond();
        long samples = before.samples();
        if (before.known()) {
            requests = Math.max(requests, measured.any().atLeast(false));
            tokens = Math.max(tokens, measured.any().atLeast(true));
        }
        Sum full = measured.full();
        double sample = full.mean(false);
        if (!full.enough() || Double.isNaN(sample)) {
            return new Capacity(tokens, requests, samples);
        }
        double tokenSample = full.mean(true);
        requests = before.known() ? moved(requests, sample) : sample;
        tokens = before.known() ? moved(tokens, tokenSample) : tokenSample;
        return new Capacity(tokens, requests, samples == Long.MAX_VALUE ? samples : samples + 1);
    }

    private static double moved(double known, double sample) {
        if (Double.isNaN(known) || Double.isNaN(sample)) {
            return Double.isNaN(sample) ? known : sample;
        }
        double seen = Math.min(Math.max(sample, known * (1 - CLIP)), known * (1 + CLIP));
        return known + WEIGHT * (seen - known);
    }

    /** Measurements of the window: at high use, and at any. */
    private record Measured(Sum full, Sum any) {}

    private Measured measure(PoolView view) {
        double lag = Throughput.meanSeconds(view);
        double slots = fullAt(view);
        List<Second> seconds = view.recent().seconds();
        boolean[] settled = settled(seconds, warmUp + lag);
        boolean[] busy = busy(seconds, slots, lag);
        // Where replicas fill at once, what they hold ends at once too, wave after wave: a group holds a whole one.
        double group = Math.max(window / GROUPS, lag);
        int groups = (int) Math.min(GROUPS, Math.max(LEAST_GROUPS, Math.ceil(window / group)));
        Sum full = new Sum(group, groups);
        Sum any = new Sum(group, groups);
        for (int i = seconds.size() - 1; i >= 0; i--) {
            Second second = seconds.get(i);
            if (!settled[i] || view.nowNanos() - second.endNanos() < 0) {
                continue;
            }
            if (busy[i]) {
                full.add(second);
            }
            any.add(second);
        }
        return new Measured(full, any);
    }

    /** Requests at which one replica is full. */
    private static double fullAt(PoolView view) {
        double slots = Throughput.slots(view);
        boolean waits = view.tiers().stream().anyMatch(CapacityLearner::waits);
        double held = (double) view.inFlight() / view.replicas().ready();
        // Half of it at least: a tier may wait for its share while the pool has room, but not for long at less.
        return waits && held >= slots / 2 ? Math.min(slots, held) : slots;
    }

    private static boolean waits(TierView tier) {
        return tier.queued() > 0
                && tier.tier().ceiling() >= 1
                && tier.oldestAge().compareTo(WAITED) > 0;
    }

    private static boolean possible(Second second) {
        return second.lengthNanos() > 0
                && second.readyReplicas() > 0
                && second.concurrency() >= 0
                && second.completed() >= 0
                && second.tokens() >= 0
                && Double.isFinite(second.concurrency() + second.completed() + second.tokens());
    }

    /** Which seconds are so long after the last change of ready replicas; what was before the record is not known. */
    private static boolean[] settled(List<Second> seconds, double settle) {
        boolean[] settled = new boolean[seconds.size()];
        double since = 0;
        for (int i = 0; i < settled.length; i++) {
            Second second = seconds.get(i);
            double length = second.lengthNanos() / 1e9;
            boolean hole = i > 0
                    && (second.endNanos() - seconds.get(i - 1).endNanos()) / 1e9 > Math.max(0, length) + HOLE_SECONDS;
            boolean changed =
                    i > 0 && second.readyReplicas() != seconds.get(i - 1).readyReplicas();
            boolean possible = possible(second);
            since = hole || changed || !possible ? 0 : since + length;
            settled[i] = possible && since >= settle;
        }
        return settled;
    }

    /** At the end of which seconds the pool had been full over the time in flight before. */
    private boolean[] busy(List<Second> seconds, double slots, double lag) {
        boolean[] busy = new boolean[seconds.size()];
        double span = Math.max(lag, 5);
        double used = 0;
        double room = 0;
        double length = 0;
        int first = 0;
        for (int i = 0; i < busy.length; i++) {
            used += used(seconds.get(i), slots);
            room += room(seconds.get(i), slots);
            length += seconds.get(i).lengthNanos() / 1e9;
            while (first < i && length - seconds.get(first).lengthNanos() / 1e9 >= span) {
                used -= used(seconds.get(first), slots);
                room -= room(seconds.get(first), slots);
                length -= seconds.get(first).lengthNanos() / 1e9;
                first++;
            }
            busy[i] = length >= span && room > 0 && used >= highUse * room;
        }
        return busy;
    }

    /** Slot-seconds used; what waits uses none. */
    private static double used(Second second, double slots) {
        return possible(second)
                ? Math.min(second.concurrency(), slots * second.readyReplicas()) * second.lengthNanos() / 1e9
                : 0;
    }

    private static double room(Second second, double slots) {
        return possible(second) ? slots * second.readyReplicas() * second.lengthNanos() / 1e9 : 0;
    }

    /** What was answered in a window of seconds, in groups. */
    private static final class Sum {

        private final double groupSeconds;
        private final double[] replicaSeconds;
        private final double[] ended;
        private final double[] tokens;
        private double total;

        Sum(double groupSeconds, int groups) {
            this.groupSeconds = groupSeconds;
            this.replicaSeconds = new double[groups];
            this.ended = new double[groups];
            this.tokens = new double[groups];
        }

        void add(Second second) {
            int group = (int) (total / groupSeconds);
            if (group < ended.length) {
                double length = second.lengthNanos() / 1e9;
                total += length;
                replicaSeconds[group] += length * second.readyReplicas();
                ended[group] += second.completed();
                tokens[group] += second.tokens();
            }
        }

        boolean enough() {
            return total >= LEAST_SECONDS && Arrays.stream(ended).sum() >= LEAST_ENDED;
        }

        /** Per replica and second; NaN if none. */
        double mean(boolean ofTokens) {
            double[] amount = ofTokens ? tokens : ended;
            int groups =
                    (int) Arrays.stream(replicaSeconds).filter(each -> each > 0).count();
            if (groups == 0) {
                return Double.NaN;
            }
            double[] rates = new double[groups];
            for (int i = 0; i < groups; i++) {
                rates[i] = amount[i] / replicaSeconds[i];
            }
            double[] sorted = rates.clone();
            Arrays.sort(sorted);
            double median = (sorted[(groups - 1) / 2] + sorted[groups / 2]) / 2;
            double sum = 0;
            double weights = 0;
            for (int i = 0; i < groups; i++) {
                sum += replicaSeconds[i] * Math.min(Math.max(rates[i], median / SPREAD), median * SPREAD);
                weights += replicaSeconds[i];
            }
            double mean = sum / weights;
            return mean > 0 && Double.isFinite(mean) ? mean : Double.NaN;
        }

        /** What a replica sustains at least, beyond chance; 0 if too little has ended to say. */
        double atLeast(boolean ofTokens) {
            double count = Arrays.stream(ended).sum();
            double mean = mean(ofTokens);
            if (!enough() || Double.isNaN(mean)) {
                return 0;
            }
            // Requests differ in size, which doubles the variance of their tokens where sizes spread like an
            // exponential.
            double chance = SIGMAS * Math.sqrt((ofTokens ? 2 : 1) / count);
            return Math.max(0, mean * (1 - chance));
        }
    }

    /** Collects the settings of a {@link CapacityLearner}. Not safe for use by several threads. */
    public static final class Builder {

        private Duration warmUp = Duration.ofSeconds(30);
        private double highUse = 0.95;
        private Duration window = Duration.ofMinutes(2);

        private Builder() {}

        /**
         * Time after which a replica that has become ready is as fast as the others; 0 to 5 min, 30 s by default. Too short lets the
         * slow first answers of new replicas lower the figure.
         */
        public Builder warmUp(Duration warmUp) {
            if (warmUp.isNegative() || warmUp.compareTo(Duration.ofMinutes(5)) > 0) {
                throw new IllegalArgumentException("warmUp must be 0 to 5 minutes but was " + warmUp);
            }
            this.warmUp = warmUp;
            return this;
        }

        /** Use of its slots from which a pool counts as full; 0.5 to 1, 0.95 by default. Lower learns
         * more often, and too low a figure: a batching engine at 85 % of its slots does a good 90 % of what it could. */
        public Builder highUse(double highUse) {
            if (!(highUse >= 0.5 && highUse <= 1)) {
                throw new IllegalArgumentException("highUse must be 0.5 to 1 but was " + highUse);
            }
            this.highUse = highUse;
            return this;
        }

        /** Time at high use that a sample is the mean of; 20 s to 5 min, 2 min by default. Longer is steadier and follows later. */
        public Builder window(Duration window) {
            if (window.compareTo(Duration.ofSeconds(20)) < 0 || window.compareTo(Duration.ofMinutes(5)) > 0) {
                throw new IllegalArgumentException("window must be 20 seconds to 5 minutes but was " + window);
            }
            this.window = window;
            return this;
        }

        /** The learner. */
        public CapacityLearner build() {
            return new CapacityLearner(this);
        }
    }
}
