/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Slo;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the use of replicas at a threshold, and learns the threshold from promises that were broken.
 *
 * <pre>
 *   wanted = ⌈ ready·use/threshold ⌉
 * </pre>
 *
 * <p>Use is that of the slots of ready replicas (or of what their tokens hold, if these are fewer), or any other signal that is a ratio.
 * Example: 4 replicas at a use of 0.74 with a threshold of 0.72 want 4·0.74/0.72 = 4.11, so 5; at 0.80 they want 3.7, so 4.
 *
 * <p>The threshold begins at 0.8 and stays within 0.4 and 0.95. It is lowered while a tier breaks its SLO although use is at the threshold or
 * below (0.02 above at most): toward 95 % of the use at which it breaks, by 1 − e<sup>−t/60 s</sup> of the way in t of such
 * evidence. A use below the least threshold moves nothing, since more replicas would not cure what breaks then. It is raised by 0.01
 * for every 10 minutes with use at 90 % of the threshold or more and nothing broken, but not above 95 % of the use at which it broke
 * last; that is forgotten by 0.02 an hour. So one that has found its place stays there.
 *
 * <p>An SLO counts as broken in the latency window if at least 20 requests were evaluated, 3 of them broke it and they are more
 * than its target allows by two standard deviations. Only SLOs that bound a latency count, and requests that failed do not: failures
 * are no matter of use. Requests over quota are not evaluated at all.
 *
 * <p>Nothing is learned from an incomplete view, while replicas are due or drain, and until the number of ready ones has been the same for
 * the warm-up, the latency window and a mean time in flight: what is broken then may be of another pool size.
 *
 * @since 0.1.0
 */
public final class AdaptiveThresholdPolicy implements LearningPolicy {

    private static final String THRESHOLD = "threshold";
    private static final String FROM = "from";
    private static final String USE = "use";
    private static final String AT = "at";
    private static final String NEAR = "near";
    private static final String BROKE = "broke";
    private static final String SHARE = "share";
    private static final String TIER = "tier";
    private static final String DIRECTION = "direction";

    private static final double BELOW = 0.95;
    private static final double TOLERANCE = 0.02;
    private static final double NEARLY = 0.9;
    private static final double EVIDENCE_SECONDS = 60;
    private static final double FORGET_PER_SECOND = 0.02 / 3600;
    private static final double LEAST_EVALUATED = 20;
    private static final double LEAST_BROKEN = 3;

    /** Rounds further apart than this are not taken to be one after the other: the process stood still, or is another. */
    private static final double MOST_SECONDS = 10;

    private final @Nullable String signal;
    private final double initial;
    private final double least;
    private final double most;
    private final Duration raiseAfter;
    private final double raiseBy;
    private final Duration warmUp;
    private final Duration latencyWindow;

    private AdaptiveThresholdPolicy(Builder builder) {
        this.signal = builder.signal;
        this.initial = builder.initial;
        this.least = builder.least;
        this.most = builder.most;
        this.raiseAfter = builder.raiseAfter;
        this.raiseBy = builder.raiseBy;
        this.warmUp = builder.warmUp;
        this.latencyWindow = builder.latencyWindow;
        if (!(least <= initial && initial <= most)) {
            throw new IllegalArgumentException("initial must be " + least + " to " + most + " but was " + initial);
        }
    }

    /** Starts a policy with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String name() {
        return "adaptive";
    }

    @Override
    public Optional<Recipe> recipe() {
        Map<String, String> settings = new HashMap<>();
        settings.put("initial", Double.toString(initial));
        settings.put("least", Double.toString(least));
        settings.put("most", Double.toString(most));
        settings.put("raiseAfter", raiseAfter.toString());
        settings.put("raiseBy", Double.toString(raiseBy));
        settings.put("warmUp", warmUp.toString());
        settings.put("latencyWindow", latencyWindow.toString());
        if (signal != null) {
            settings.put("signal", signal);
        }
        return Optional.of(new Recipe("adaptive", settings));
    }

    /** The threshold that has been learned; the initial one if none has. */
    public double threshold(Learned learned) {
        return Math.min(Math.max(learned.get(THRESHOLD, initial), least), most);
    }

    @Override
    public Learned learn(PoolView view, Learned before) {
        double at = view.nowNanos() / 1e9;
        double elapsed = at - before.get(AT, Double.NaN);
        if (!(elapsed > 0 && elapsed <= MOST_SECONDS)) {
            elapsed = 0;
        }
        Map<String, Double> numbers = known(before);
        numbers.put(AT, at);
        double now = use(view);
        if (now >= 0) {
            double old = before.get(USE, now);
            old = old >= 0 ? old : now;
            double weight = 1 - Math.exp(-elapsed / (Throughput.seconds(latencyWindow) / 3));
            numbers.put(USE, old + weight * (now - old));
            if (settled(view)) {
                Broken broken = worst(view);
                if (broken != null) {
                    lower(numbers, broken, elapsed);
                } else {
                    raise(numbers, elapsed);
                }
            }
        }
        return new Learned(numbers);
    }

    /** The numbers that are this policy's, within their range: they may be another version's. */
    private Map<String, Double> known(Learned before) {
        Map<String, Double> numbers = new HashMap<>();
        for (String name : List.of(FROM, NEAR, BROKE, SHARE, TIER, DIRECTION)) {
            double value = before.get(name, Double.NaN);
            if (value >= -1 && value <= 1e6) {
                numbers.put(name, value);
            }
        }
        numbers.put(THRESHOLD, threshold(before));
        return numbers;
    }

    private void lower(Map<String, Double> numbers, Broken broken, double elapsed) {
        double threshold = number(numbers, THRESHOLD, initial);
        double use = number(numbers, USE, 0);
        numbers.put(NEAR, 0.0);
        double aim = Math.max(least, BELOW * use);
        if (use < least || use > threshold + TOLERANCE || aim >= threshold || elapsed == 0) {
            return;
        }
        if (number(numbers, DIRECTION, 0) >= 0) {
            numbers.put(FROM, threshold);
        }
        numbers.put(DIRECTION, -1.0);
        numbers.put(BROKE, use);
        numbers.put(SHARE, broken.share());
        numbers.put(TIER, (double) broken.tier());
        numbers.put(THRESHOLD, threshold + (1 - Math.exp(-elapsed / EVIDENCE_SECONDS)) * (aim - threshold));
    }

    private void raise(Map<String, Double> numbers, double elapsed) {
        double threshold = number(numbers, THRESHOLD, initial);
        double broke = number(numbers, BROKE, 1 / BELOW) + FORGET_PER_SECOND * elapsed;
        if (numbers.containsKey(BROKE)) {
            numbers.put(BROKE, Math.min(broke, 2));
        }
        if (number(numbers, USE, 0) < NEARLY * threshold) {
            return;
        }
        double near = number(numbers, NEAR, 0) + elapsed;
        double raised = Math.min(Math.min(most, BELOW * broke), threshold + raiseBy);
        double enough = Throughput.seconds(raiseAfter);
        if (near >= enough && raised > threshold) {
            if (number(numbers, DIRECTION, 0) <= 0) {
                numbers.put(FROM, threshold);
            }
            numbers.put(DIRECTION, 1.0);
            numbers.put(THRESHOLD, raised);
            near = 0;
        }
        numbers.put(NEAR, Math.min(near, enough));
    }

    private static double number(Map<String, Double> numbers, String name, double otherwise) {
        return numbers.getOrDefault(name, otherwise);
    }

    /** Use of ready replicas; NaN if it is not known. */
    private double use(PoolView view) {
        if (signal != null) {
            return view.signal(signal) instanceof Signal.Known known ? known.value() : Double.NaN;
        }
        double room = Throughput.slots(view) * view.replicas().ready();
        return room > 0 ? view.inFlight() / room : Double.NaN;
    }

    /** Whether what was broken lately was broken by as many replicas as there are now. */
    private boolean settled(PoolView view) {
        int ready = view.replicas().ready();
        if (!view.complete()
                || ready == 0
                || view.replicas().desired() != ready
                || view.replicas().due() > 0) {
            return false;
        }
        double inFlight = Throughput.meanSeconds(view);
        double needed = Throughput.seconds(warmUp)
                + Throughput.seconds(latencyWindow)
                + (Double.isNaN(inFlight) ? 0 : inFlight);
        double same = 0;
        List<Second> seconds = view.recent().seconds();
        for (int i = seconds.size() - 1; i >= 0 && seconds.get(i).readyReplicas() == ready && same < needed; i--) {
            same += Math.max(0, seconds.get(i).lengthNanos() / 1e9);
        }
        return same >= needed;
    }

    /**
     * A tier that broke its SLO.
     *
     * @param tier its place among the tiers
     * @param share of its requests, in the latency window
     */
    private record Broken(int tier, double share) {}

    private static @Nullable Broken worst(PoolView view) {
        Broken worst = null;
        for (int i = 0; i < view.tiers().size(); i++) {
            TierView tier = view.tiers().get(i);
            Slo slo = tier.tier().slo();
            ServedView served = tier.served();
            double evaluated = (double) served.sloEvaluated() - Math.max(0, served.failed());
            double broken = (double) served.sloBroken() - Math.max(0, served.failed());
            double allowed = (1 - slo.target()) * evaluated;
            boolean promised = slo.timeToFirstToken().isPresent()
                    || slo.timePerOutputToken().isPresent();
            if (promised
                    && evaluated >= LEAST_EVALUATED
                    && broken >= LEAST_BROKEN
                    && broken > allowed + 2 * Math.sqrt(allowed)
                    && (worst == null || broken / evaluated > worst.share())) {
                worst = new Broken(i, Math.min(1, broken / evaluated));
            }
        }
        return worst;
    }

    @Override
    public Proposal propose(PoolView view, Learned learned) {
        int ready = view.replicas().ready();
        if (ready == 0) {
            return view.traffic()
                    ? new Proposal.Abstains(name(), "no replica is ready, so there is no use to compare")
                    : new Proposal.Wants(name(), 0, Proposal.Cause.SIGNAL, "nobody asks, waits or is served.");
        }
        double use = use(view);
        if (!(use >= 0 && Double.isFinite(use))) {
            return new Proposal.Abstains(name(), "the use of replicas is not known" + gap(view));
        }
        double threshold = threshold(learned);
        double demand = Math.min(ready * use / threshold, ReplicaMath.MANY);
        String why = String.format(
                Locale.ROOT,
                "%s is %.2f at %d ready, %.2f replicas at the threshold. %s",
                signal == null ? "use of slots" : signal,
                use,
                ready,
                demand,
                history(view, learned, threshold));
        int replicas = ReplicaMath.ceil(demand);
        int current = view.replicas().desired();
        if (use > threshold && replicas < current) {
            // What is used above the threshold is no reason for fewer, however many of those asked for are missing.
            return new Proposal.Wants(
                    name(), current, Proposal.Cause.SIGNAL, why + " Not all are ready, so " + current + " stay.");
        }
        return new Proposal.Wants(name(), replicas, demand, Proposal.Cause.SIGNAL, why);
    }

    private String gap(PoolView view) {
        return signal == null ? "" : ": " + view.signal(signal).gap();
    }

    private static String history(PoolView view, Learned learned, double threshold) {
        double direction = learned.get(DIRECTION, 0);
        String text = String.format(Locale.ROOT, "The threshold is %.2f", threshold);
        if (direction < 0) {
            double place = learned.get(TIER, -1);
            String tier = place >= 0 && place < view.tiers().size()
                    ? view.tiers().get((int) place).tier().name()
                    : "a tier";
            return text
                    + String.format(
                            Locale.ROOT,
                            ": it was %.2f, lowered since %.1f %% of %s broke their SLO at %.2f use.",
                            learned.get(FROM, threshold),
                            learned.get(SHARE, 0) * 100,
                            tier,
                            learned.get(BROKE, 0));
        }
        return direction > 0
                ? text
                        + String.format(
                                Locale.ROOT,
                                ": it was %.2f, raised since no SLO was broken near it.",
                                learned.get(FROM, threshold))
                : text + ".";
    }

    /** Collects the settings of an {@link AdaptiveThresholdPolicy}. Not safe for use by several threads. */
    public static final class Builder {

        private @Nullable String signal;
        private double initial = 0.8;
        private double least = 0.4;
        private double most = 0.95;
        private Duration raiseAfter = Duration.ofMinutes(10);
        private double raiseBy = 0.01;
        private Duration warmUp = Duration.ofSeconds(30);
        private Duration latencyWindow = Duration.ofMinutes(1);

        private Builder() {}

        /** Name of the signal to keep at the threshold, a mean ratio over replicas; the use of slots, from the gate, by default. */
        public Builder signal(String name) {
            this.signal = name;
            return this;
        }

        /** Threshold before anything is learned; from the least to the most, 0.8 by default. */
        public Builder initial(double initial) {
            this.initial = initial;
            return this;
        }

        /**
         * Bounds of the threshold, above 0 and at most 1; 0.4 and 0.95 by default. The least bounds what a false alarm can cost: at 0.4
         * a pool is twice as large as at 0.8.
         */
        public Builder bounds(double least, double most) {
            if (!(least > 0 && least <= most && most <= 1)) {
                throw new IllegalArgumentException(
                        "bounds must be above 0 and at most 1, the least first, but were " + least + " and " + most);
            }
            this.least = least;
            this.most = most;
            return this;
        }

        /**
         * Time near the threshold without a broken SLO after which it is raised, positive, 10 min by default, and by how much, 0 to 0.1,
         * 0.01 by default; 0 never raises.
         */
        public Builder raise(Duration after, double by) {
            this.raiseAfter = positive("raiseAfter", after);
            if (!(by >= 0 && by <= 0.1)) {
                throw new IllegalArgumentException("raiseBy must be 0 to 0.1 but was " + by);
            }
            this.raiseBy = by;
            return this;
        }

        /** Time after which a replica that has become ready is as fast as the others; 0 to 5 min, 30 s by default. */
        public Builder warmUp(Duration warmUp) {
            if (warmUp.isNegative() || warmUp.compareTo(Duration.ofMinutes(5)) > 0) {
                throw new IllegalArgumentException("warmUp must be 0 to 5 minutes but was " + warmUp);
            }
            this.warmUp = warmUp;
            return this;
        }

        /** Time over which views count broken SLOs, as the engine is set; positive, 1 min by default. */
        public Builder latencyWindow(Duration latencyWindow) {
            this.latencyWindow = positive("latencyWindow", latencyWindow);
            return this;
        }

        private static Duration positive(String name, Duration value) {
            if (value.isZero() || value.isNegative()) {
                throw new IllegalArgumentException(name + " must be positive but was " + value);
            }
            return value;
        }

        /** The policy. */
        public AdaptiveThresholdPolicy build() {
            return new AdaptiveThresholdPolicy(this);
        }
    }
}
