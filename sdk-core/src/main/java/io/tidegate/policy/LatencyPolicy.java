/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a latency well below its objective, without compounding.
 *
 * <p>A latency answers late, and to those replicas that served while it was measured. So it is multiplied onto the mean
 * number r̄ of ready replicas over the window it was measured in, never onto what has been asked for. With n replicas asked
 * for, p = latency/objective, θup and θdown the parts of the objective at which to add and to remove:
 *
 * <pre>
 *   add    = ⌈ r̄ · min(p/θup, maxGrowth) ⌉
 *   remove = ⌈ max(r̄, ready) · max(p/θdown, 1/maxShrink) ⌉
 *   wanted = add if n &lt; add,  remove if n &gt; remove,  else n
 * </pre>
 *
 * <p>While r̄ is the same, so is the answer, however often it is asked: replicas that start are credited in full, and those
 * that left are still counted until the window has passed them by. Between {@code add} and {@code remove} nothing moves.
 * Three examples with an objective of 3 s and four replicas, each a test:
 *
 * <ul>
 *   <li>at 2.4 s, p = 0.8: ⌈4·0.8/0.55⌉ = 6; with those two due and the latency unchanged, still 6.
 *   <li>at 9 s, p = 3: 3/0.55 is capped at 2, so 8.
 *   <li>at 0.9 s, p = 0.3: ⌈4·0.3/0.4⌉ = 3; at 1.5 s, p = 0.5, 4 stay.
 * </ul>
 *
 * <p>For one replica count r that is both ready and asked for, this is the law of llm-d's SLO-aware scaling (its credit c =
 * r/n makes n·(p·c/θup) the same as r·p/θup), with its thresholds 0.55 and 0.40 as the defaults: they lie below the knee,
 * past which latency says nothing of how much is missing. Its clamp of 2 on p is a cap on growth here.
 *
 * <p>With no traffic the latency is 0 and nobody needs a replica: 0 are wanted, and other policies and bounds keep what
 * they need. A latency of 0 with traffic is no measurement, an unknown one says nothing, and where none was ready nothing
 * was measured: all abstain, so this policy wakes no pool. Where only a part was heard it never scales down.
 *
 * <p>Immutable, safe for any thread.
 *
 * @since 0.1.0
 */
public final class LatencyPolicy implements Policy {

    private final String name;
    private final String signal;
    private final Duration objective;
    private final double addAt;
    private final double removeAt;
    private final double maxGrowth;
    private final double maxShrink;
    private final Duration window;

    private LatencyPolicy(Builder builder) {
        this.name = builder.name != null ? builder.name : "latency " + builder.signal;
        this.signal = builder.signal;
        this.objective = builder.objective;
        this.addAt = builder.addAt;
        this.removeAt = builder.removeAt;
        this.maxGrowth = builder.maxGrowth;
        this.maxShrink = builder.maxShrink;
        this.window = builder.window;
    }

    /**
     * Starts a policy on a latency in seconds.
     *
     * @param signal name of the signal
     * @param objective what it should stay below; positive, at most 1 day
     */
    public static Builder of(String signal, Duration objective) {
        return new Builder(signal, objective);
    }

    /** Time in flight that 95 of 100 requests stay within. */
    public static Builder latencyP95(Duration objective) {
        return of("gate.duration.p95", objective);
    }

    /** Time in flight that 99 of 100 requests stay within. */
    public static Builder latencyP99(Duration objective) {
        return of("gate.duration.p99", objective);
    }

    /** Time from arrival to the first token that half of the requests stay within. */
    public static Builder timeToFirstTokenP50(Duration objective) {
        return of("gate.ttft.p50", objective);
    }

    /** Time from arrival to the first token that 95 of 100 requests stay within. */
    public static Builder timeToFirstTokenP95(Duration objective) {
        return of("gate.ttft.p95", objective);
    }

    /** Time from arrival to the first token that 99 of 100 requests stay within. */
    public static Builder timeToFirstTokenP99(Duration objective) {
        return of("gate.ttft.p99", objective);
    }

    /** Time in queue that 95 of 100 admitted requests stay within. */
    public static Builder queueTimeP95(Duration objective) {
        return of("gate.queue.time.p95", objective);
    }

    /** Time in queue that 99 of 100 admitted requests stay within. */
    public static Builder queueTimeP99(Duration objective) {
        return of("gate.queue.time.p99", objective);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                "latency",
                Map.of(
                        "signal", signal,
                        "objective", objective.toString(),
                        "removeAt", Double.toString(removeAt),
                        "addAt", Double.toString(addAt),
                        "maxGrowth", Double.toString(maxGrowth),
                        "maxShrink", Double.toString(maxShrink),
                        "window", window.toString())));
    }

    @Override
    public Proposal propose(PoolView view) {
        Signal found = view.signal(signal);
        String unusable = Figures.unusable(signal, found);
        if (!unusable.isEmpty() || !(found instanceof Known known)) {
            return new Abstains(name, unusable);
        }
        if (Figures.RATIO.equals(known.unit())) {
            return new Abstains(name, signal + " is a ratio and no latency");
        }
        if (known.value() == 0) {
            return view.traffic()
                    ? new Abstains(name, signal + " is 0 although there is traffic, so nothing was measured")
                    : guarded(view, known, 0, 0, "there is no traffic, so no replica is needed for " + signal);
        }
        if (view.replicas().desired() == 0) {
            return new Abstains(name, "no replica is asked for, and a latency of the past wakes none");
        }
        double served = meanReady(view);
        if (served == 0) {
            return new Abstains(name, "no replica was ready while " + signal + " was measured");
        }
        return weigh(view, known, served);
    }

    private Proposal weigh(PoolView view, Known known, double served) {
        int current = view.replicas().desired();
        double pressure = known.value() / (objective.toNanos() / 1e9);
        double add = served * Math.min(pressure / addAt, maxGrowth);
        double remove = Math.max(served, view.replicas().ready()) * Math.max(pressure / removeAt, 1 / maxShrink);
        String fact = signal + " is " + Figures.number(known.value()) + " s, " + Figures.number(pressure * 100)
                + " % of the objective, while " + Figures.number(served) + " served";
        int most = ReplicaMath.ceil(remove);
        int least = ReplicaMath.ceil(add);
        if (current < least) {
            String capped = pressure / addAt > maxGrowth
                    ? ", as at most " + Figures.number(maxGrowth) + " times as many are asked for at once"
                    : "; " + (least - 1) + " would be at " + percent(served * pressure / Math.max(1, least - 1))
                            + ", above " + percent(addAt);
            return guarded(view, known, least, add, fact + ", so " + least + capped);
        }
        if (current > most) {
            String capped = pressure / removeAt < 1 / maxShrink
                    ? ", as at most " + Figures.number(maxShrink) + " times fewer are asked for at once"
                    : "; " + Math.max(0, most - 1) + " would be above " + percent(removeAt);
            return guarded(view, known, most, remove, fact + ", so " + most + capped);
        }
        return guarded(
                view,
                known,
                current,
                current,
                fact + ", which is between what asks for more and what asks for less than " + current);
    }

    private Wants guarded(PoolView view, Known known, int replicas, double demand, String why) {
        int current = view.replicas().desired();
        if (known.coverage() < 1 && replicas < current) {
            return new Wants(name, current, Cause.SLO, why + ", but only " + known.gap() + ": " + current + " stay.");
        }
        return new Wants(name, replicas, demand, Cause.SLO, why + ".");
    }

    /** Mean of the replicas ready over the window, leaving out the time in which none was; those ready now if nothing is known. */
    private double meanReady(PoolView view) {
        double sum = 0;
        double length = 0;
        List<Second> seconds = view.recent().seconds();
        for (int i = seconds.size() - 1; i >= 0; i--) {
            Second second = seconds.get(i);
            long age = view.nowNanos() - second.endNanos();
            if (age >= window.toNanos()) {
                break;
            }
            if (age >= 0 && second.readyReplicas() > 0 && second.lengthNanos() > 0) {
                sum += (double) second.readyReplicas() * second.lengthNanos();
                length += (double) second.lengthNanos();
            }
        }
        return length > 0 ? sum / length : view.replicas().ready();
    }

    private static String percent(double share) {
        return Figures.number(share * 100) + " %";
    }

    /** Collects the settings of a {@link LatencyPolicy}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Duration LONGEST = Duration.ofDays(1);

        private final String signal;
        private final Duration objective;
        private @Nullable String name;
        private double addAt = 0.55;
        private double removeAt = 0.40;
        private double maxGrowth = 2;
        private double maxShrink = 2;
        private Duration window = Duration.ofMinutes(1);

        private Builder(String signal, Duration objective) {
            check("objective of " + signal, objective, LONGEST);
            this.signal = signal;
            this.objective = objective;
        }

        private static void check(String name, Duration value, Duration longest) {
            if (value.isZero() || value.isNegative() || value.compareTo(longest) > 0) {
                throw new IllegalArgumentException(
                        name + " must be positive and at most " + longest + " but was " + value);
            }
        }

        /** Name of the policy, unique in a pool; {@code latency} and the signal's name by default. */
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /**
         * Parts of the objective at which replicas are removed and added; 0 &lt; removeAt &lt; addAt ≤ 1, 0.40 and 0.55 by
         * default. Near 1 it adds too late, since latency rises steeply once replicas are full.
         */
        public Builder between(double removeAt, double addAt) {
            if (!(removeAt >= Double.MIN_NORMAL && removeAt < addAt && addAt <= 1)) {
                throw new IllegalArgumentException(
                        "removeAt and addAt must be 0 < removeAt < addAt <= 1 but were " + removeAt + " and " + addAt);
            }
            this.removeAt = removeAt;
            this.addAt = addAt;
            return this;
        }

        /** At most so many times the replicas that served are asked for; above 1, finite, 2 by default. */
        public Builder maxGrowth(double maxGrowth) {
            if (!(maxGrowth > 1) || Double.isInfinite(maxGrowth)) {
                throw new IllegalArgumentException("maxGrowth must be above 1 and finite but was " + maxGrowth);
            }
            this.maxGrowth = maxGrowth;
            return this;
        }

        /** At least the replicas that served divided by this are asked for; above 1, finite, 2 by default. */
        public Builder maxShrink(double maxShrink) {
            if (!(maxShrink > 1) || Double.isInfinite(maxShrink)) {
                throw new IllegalArgumentException("maxShrink must be above 1 and finite but was " + maxShrink);
            }
            this.maxShrink = maxShrink;
            return this;
        }

        /** The time the latency is measured over; positive, at most 10 minutes, 1 minute by default, as the gate's own latencies. */
        public Builder window(Duration window) {
            check("window", window, Recent.LENGTH);
            this.window = window;
            return this;
        }

        /** The policy. */
        public LatencyPolicy build() {
            return new LatencyPolicy(this);
        }
    }
}
