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
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Concurrency over a slow and a fast window, by the rules of the Knative pod autoscaler (KPA).
 *
 * <p>With S and P the mean requests in flight and in queue over the stable and the panic window, t the target of a replica
 * and r the ready replicas (1 if none is):
 *
 * <pre>
 *   within(x)  = x, at least ⌊r/maxScaleDownRate⌋ and at most ⌈r·maxScaleUpRate⌉
 *   stable     = within(⌈S/t⌉)           panic = within(⌈P/t⌉)
 *   panicking  = P/(t·r) ≥ panicThreshold now or at any time in the last stable window
 *   wanted     = stable; while panicking the largest of both since the panic began, and at least those ready
 * </pre>
 *
 * <p>Both are totals over a target, so nothing compounds, however long replicas take to start. Three examples with 10
 * requests per replica, each a test:
 *
 * <ul>
 *   <li>Two replicas and 25 requests for a minute: ⌈25/10⌉ = 3, and no panic, since 25/(10·2) = 1.25 is below 2.
 *   <li>The same, but 85 for the last 6 s: 85/20 = 4.25 panics, and ⌈85/10⌉ = 9. The mean of the minute, 31, would have
 *       asked for 4.
 *   <li>30 s after that burst, at 25 again: still 9. One stable window after the last crossing the panic ends: 3, of 9
 *       ready at least ⌊9/2⌋ = 4 at first.
 * </ul>
 *
 * <p>The KPA remembers its panic; here it is worked out anew from the last ten minutes, so that a restart or another
 * gateway comes to the same answer. A panic that has lasted longer than that counts from then. Departures: the KPA rounds
 * P/t up before it compares, so that a single pod panics at 101 % of its target; replicas that hold GPUs are dearer than
 * that. And until a stable window of history is there, nothing is asked below what was last asked for.
 *
 * <p>Immutable, safe for any thread. One pass over at most ten minutes of seconds.
 *
 * @since 0.1.0
 */
public final class PanicWindowPolicy implements Policy {

    /** More requests than any pool holds: where broken counts saturate, so that sums stay exact enough. */
    private static final double MOST_REQUESTS = 1e12;

    private final Duration stableWindow;
    private final double panicWindowShare;
    private final Duration panicWindow;
    private final double panicThreshold;
    private final double targetPerReplica;
    private final double targetUtilization;
    private final double maxScaleUpRate;
    private final double maxScaleDownRate;

    private PanicWindowPolicy(Builder builder) {
        this.stableWindow = builder.stableWindow;
        this.panicWindowShare = builder.panicWindowShare;
        this.panicWindow = Duration.ofNanos((long) (builder.stableWindow.toNanos() * builder.panicWindowShare));
        this.panicThreshold = builder.panicThreshold;
        this.targetPerReplica = builder.targetPerReplica;
        this.targetUtilization = builder.targetUtilization;
        this.maxScaleUpRate = builder.maxScaleUpRate;
        this.maxScaleDownRate = builder.maxScaleDownRate;
    }

    /** Starts a policy with the defaults of the KPA. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String name() {
        return "panic";
    }

    @Override
    public Optional<Recipe> recipe() {
        Map<String, String> settings = new HashMap<>();
        settings.put("stableWindow", stableWindow.toString());
        settings.put("panicWindowShare", Double.toString(panicWindowShare));
        settings.put("panicThreshold", Double.toString(panicThreshold));
        settings.put("targetUtilization", Double.toString(targetUtilization));
        settings.put("maxScaleUpRate", Double.toString(maxScaleUpRate));
        settings.put("maxScaleDownRate", Double.toString(maxScaleDownRate));
        if (targetPerReplica > 0) {
            settings.put("targetPerReplica", Double.toString(targetPerReplica));
        }
        return Optional.of(new Recipe("panic", settings));
    }

    @Override
    public Proposal propose(PoolView view) {
        double target =
                targetPerReplica > 0 ? targetPerReplica : view.replicaWork().slots() * targetUtilization;
        if (target == 0) {
            return new Abstains(name(), "a replica has no slots configured, and no target is set");
        }
        List<Second> seconds = view.recent().seconds();
        if (seconds.isEmpty() || age(view, seconds.get(seconds.size() - 1)) >= panicWindow.toNanos()) {
            return new Abstains(name(), "nothing is known of the last " + panicWindow.toSeconds() + " s");
        }
        if (!seconds.stream().allMatch(PanicWindowPolicy::possible)) {
            return new Abstains(name(), "the counts of the last minutes are not numbers that can be true");
        }
        return decide(view, target, replay(view, seconds, target));
    }

    private static long age(PoolView view, Second second) {
        return view.nowNanos() - second.endNanos();
    }

    private static boolean possible(Second second) {
        return second.concurrency() >= 0 && second.lengthNanos() > 0 && second.readyReplicas() >= 0;
    }

    /** What the state machine of the KPA would hold now, had it run since the first second. */
    private record State(double stable, double panic, int wanted, boolean panicking, double peak) {}

    private State replay(PoolView view, List<Second> seconds, double target) {
        Window stable = new Window(seconds, stableWindow.toNanos());
        Window panic = new Window(seconds, panicWindow.toNanos());
        boolean panicking = false;
        long lastCrossing = 0;
        int most = 0;
        double peak = 0;
        int wanted = 0;
        for (int i = 0; i < seconds.size(); i++) {
            Second second = seconds.get(i);
            boolean last = i == seconds.size() - 1;
            int ready = Math.max(1, last ? view.replicas().ready() : second.readyReplicas());
            double slow = stable.mean(i);
            double fast = panic.mean(i);
            if (fast / target / ready >= panicThreshold) {
                panicking = true;
                lastCrossing = second.endNanos();
            } else if (panicking && second.endNanos() - lastCrossing > stableWindow.toNanos()) {
                panicking = false;
                most = 0;
                peak = 0;
            }
            wanted = within(slow / target, ready);
            if (panicking) {
                most = Math.max(most, Math.max(wanted, within(fast / target, ready)));
                peak = Math.max(peak, fast);
                wanted = most;
            }
        }
        int end = seconds.size() - 1;
        return new State(stable.mean(end), panic.mean(end), wanted, panicking, peak);
    }

    private int within(double demand, int ready) {
        int least = (int) Math.floor(ready / maxScaleDownRate);
        int most = ReplicaMath.ceil(ready * maxScaleUpRate);
        return Math.min(Math.max(ReplicaMath.ceil(demand), least), most);
    }

    private Proposal decide(PoolView view, double target, State state) {
        int ready = view.replicas().ready();
        int current = view.replicas().desired();
        int wanted = state.panicking ? Math.max(state.wanted, ready) : state.wanted;
        StringBuilder why = new StringBuilder(Figures.number(state.stable) + " requests in flight or in queue over "
                + stableWindow.toSeconds() + " s, " + Figures.number(state.panic) + " over " + panicWindow.toSeconds()
                + " s, for " + Figures.number(target) + " per replica");
        double demand;
        if (state.panicking) {
            demand = Math.max(state.peak / target, 0);
            why.append("; a burst that began at most ")
                    .append(stableWindow.toSeconds())
                    .append(" s ago reached ")
                    .append(Figures.number(state.peak))
                    .append(", and nothing is removed until it is over, so ")
                    .append(wanted);
        } else {
            demand = state.stable / target;
            why.append(": ")
                    .append(Figures.number(demand))
                    .append(" replicas, so ")
                    .append(wanted);
        }
        if (wanted < current && !history(view)) {
            return new Wants(
                    name(),
                    current,
                    Cause.ARRIVALS,
                    why + ", but less than " + stableWindow.toSeconds() + " s are known: " + current + " stay.");
        }
        if (wanted > 1) {
            why.append(
                    wanted - 1 < demand
                            ? "; " + (wanted - 1) + " would hold " + Figures.number(demand / (wanted - 1) * target)
                                    + " each"
                            : "; fewer would be removed faster than allowed, or were asked for in the burst");
        }
        return new Wants(
                name(),
                wanted,
                demand,
                state.panicking ? Cause.BURST : Cause.ARRIVALS,
                why.append('.').toString());
    }

    /** Whether a whole stable window is known. */
    private boolean history(PoolView view) {
        Second first = view.recent().seconds().get(0);
        return age(view, first) + first.lengthNanos() >= stableWindow.toNanos();
    }

    /** A mean that slides over seconds: each enters and leaves once. */
    private static final class Window {

        private final List<Second> seconds;
        private final long nanos;
        private int from;
        private int until;
        private double sum;
        private double length;

        Window(List<Second> seconds, long nanos) {
            this.seconds = seconds;
            this.nanos = nanos;
        }

        /** Mean over the window that ends with this second; asked in rising order. */
        double mean(int last) {
            long end = seconds.get(last).endNanos();
            while (until <= last) {
                add(seconds.get(until++), 1);
            }
            while (from < last && end - seconds.get(from).endNanos() >= nanos) {
                add(seconds.get(from++), -1);
            }
            return Math.max(0, sum / length);
        }

        private void add(Second second, int sign) {
            double part = second.lengthNanos() / 1e9;
            sum += sign * Math.min(second.concurrency(), MOST_REQUESTS) * part;
            length += sign * part;
        }
    }

    /** Collects the settings of a {@link PanicWindowPolicy}. Not safe for use by several threads. */
    public static final class Builder {

        private Duration stableWindow = Duration.ofMinutes(1);
        private double panicWindowShare = 0.1;
        private double panicThreshold = 2;
        private double targetPerReplica;
        private double targetUtilization = 0.7;
        private double maxScaleUpRate = 1000;
        private double maxScaleDownRate = 2;

        private Builder() {}

        /** Slow window; 6 s to 5 minutes, so that a panic fits into the ten minutes known; 1 minute by default. */
        public Builder stableWindow(Duration stableWindow) {
            if (stableWindow.compareTo(Duration.ofSeconds(6)) < 0
                    || stableWindow.compareTo(Recent.LENGTH.dividedBy(2)) > 0) {
                throw new IllegalArgumentException("stableWindow must be 6 s to 5 min but was " + stableWindow);
            }
            this.stableWindow = stableWindow;
            return this;
        }

        /** Fast window as a part of the slow one; 0.05 to 1, 0.1 by default. The load is known by the second, no finer. */
        public Builder panicWindowShare(double panicWindowShare) {
            if (!(panicWindowShare >= 0.05 && panicWindowShare <= 1)) {
                throw new IllegalArgumentException("panicWindowShare must be 0.05 to 1 but was " + panicWindowShare);
            }
            this.panicWindowShare = panicWindowShare;
            return this;
        }

        /** Load in the fast window, as a multiple of what ready replicas are meant for, that is a panic; above 1, 2 by default. */
        public Builder panicThreshold(double panicThreshold) {
            if (!(panicThreshold > 1) || Double.isInfinite(panicThreshold)) {
                throw new IllegalArgumentException(
                        "panicThreshold must be above 1 and finite but was " + panicThreshold);
            }
            this.panicThreshold = panicThreshold;
            return this;
        }

        /** Requests in flight and in queue per replica; above 0. By default the slots of a replica times the target utilization. */
        public Builder targetPerReplica(double targetPerReplica) {
            Figures.checkTarget("targetPerReplica", targetPerReplica);
            this.targetPerReplica = targetPerReplica;
            return this;
        }

        /** Part of a replica's slots that should be busy where no target is set; above 0 and at most 1, 0.7 by default. */
        public Builder targetUtilization(double targetUtilization) {
            if (!(targetUtilization >= Double.MIN_NORMAL && targetUtilization <= 1)) {
                throw new IllegalArgumentException(
                        "targetUtilization must be above 0 and at most 1 but was " + targetUtilization);
            }
            this.targetUtilization = targetUtilization;
            return this;
        }

        /** At most so many times the ready replicas are wanted at once; above 1, finite, 1000 by default. */
        public Builder maxScaleUpRate(double maxScaleUpRate) {
            if (!(maxScaleUpRate > 1) || Double.isInfinite(maxScaleUpRate)) {
                throw new IllegalArgumentException(
                        "maxScaleUpRate must be above 1 and finite but was " + maxScaleUpRate);
            }
            this.maxScaleUpRate = maxScaleUpRate;
            return this;
        }

        /** At least the ready replicas divided by this are wanted at once; above 1, finite, 2 by default. */
        public Builder maxScaleDownRate(double maxScaleDownRate) {
            if (!(maxScaleDownRate > 1) || Double.isInfinite(maxScaleDownRate)) {
                throw new IllegalArgumentException(
                        "maxScaleDownRate must be above 1 and finite but was " + maxScaleDownRate);
            }
            this.maxScaleDownRate = maxScaleDownRate;
            return this;
        }

        /** The policy. */
        public PanicWindowPolicy build() {
            return new PanicWindowPolicy(this);
        }
    }
}
