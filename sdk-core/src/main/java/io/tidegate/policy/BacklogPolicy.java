/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.Locale;

/**
 * Enough replicas for what arrives, and for what waits and would not drain by itself.
 *
 * <p>Both terms come from the gate alone and need no scrape. With λ the arrivals per second (those refused included, so
 * that shedding never hides demand), S the mean time in flight, c the slots of a replica, ρ the target utilization, T the
 * time a new replica needs to be ready and W the drain window, Little's law gives
 *
 * <pre>
 *   steady  = λ·S                        slots in use if nobody had to wait
 *   free    = ∫ max(0, c·replicas(t) − steady) dt, for t from now to T
 *   surplus = max(0, queued·S − free)    work that still waits when a replica asked for now could help
 *   wanted  = ⌈ steady/(c·ρ) + surplus/(c·W) ⌉
 * </pre>
 *
 * <p>where replicas(t) are those ready and those due by then. A queue that drains before a new replica could be ready
 * therefore asks for none. Example: λ = 4/s, S = 8 s, c = 32, ρ = 0.8 need 32 slots, 1.25 replicas, so 2. With 60 waiting,
 * one replica ready, T = 60 s and W = 30 s: nothing drains, 60·8/(32·30) = 0.5 more: 1.75, so still 2; with 200 waiting,
 * 1.67 more: 2.92, so 3. With a second replica due in 20 s, 160 of the 200 drain by then, 0.33 more: 1.58, so 2.
 *
 * <p>Tiers differ in S: both products are summed over them. The same is done in tokens where replicas have a token limit, and
 * the larger wins. Until the first request of a tier has returned, what is in flight stands for its λ·S, what waits counts as
 * a full slot each, and what is only refused asks for one replica. The form follows the concurrency targets of Knative and AIBrix,
 * with measured service time in place of a configured one.
 *
 * @since 0.1.0
 */
public final class BacklogPolicy implements Policy {

    /** Arrivals per second below which a tier is idle: what smoothing leaves of the last request after minutes. */
    private static final double IDLE = 1e-9;

    private final double targetUtilization;
    private final Duration drainWindow;

    private BacklogPolicy(Builder builder) {
        this.targetUtilization = builder.targetUtilization;
        this.drainWindow = builder.drainWindow;
    }

    /** Starts a policy with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String name() {
        return "backlog";
    }

    @Override
    public Proposal propose(PoolView view) {
        Work replica = view.replicaWork();
        if (replica.slots() == 0) {
            return new Proposal.Abstains(name(), "a replica has no slots configured");
        }
        if (!view.tiers().stream().allMatch(BacklogPolicy::possible)) {
            return new Proposal.Abstains(name(), "the gate's counts are not numbers that can be true");
        }
        Demand slots = demand(view, false, replica.slots());
        Demand tokens = replica.tokens() > 0 && replica.tokens() < Work.MAX_TOKENS
                ? demand(view, true, (double) replica.tokens())
                : Demand.NONE;
        boolean byTokens = tokens.replicas() > slots.replicas();
        Demand larger = byTokens ? tokens : slots;
        int wanted = ReplicaMath.ceil(larger.replicas());
        // What waits or arrives needs at least one replica, however small its share of one may be.
        if (wanted == 0 && (view.queued() > 0 || view.inFlight() > 0 || refusedUnseen(view))) {
            wanted = 1;
        }
        Proposal.Cause cause = view.queued() > 0 && ReplicaMath.ceil(larger.steady()) < wanted
                ? Proposal.Cause.BACKLOG
                : Proposal.Cause.ARRIVALS;
        return new Proposal.Wants(name(), wanted, cause, why(view, larger, wanted, byTokens));
    }

    /** Whether a tier's counts can be true; a service time or a size that is not known yet is NaN. */
    private static boolean possible(TierView tier) {
        return tier.inFlight() >= 0
                && tier.queued() >= 0
                && tier.arrivalsPerSecond() >= 0
                && Double.isFinite(tier.arrivalsPerSecond())
                && !(tier.inFlightSeconds() < 0 || Double.isInfinite(tier.inFlightSeconds()))
                && !(tier.tokensPerRequest() < 0 || Double.isInfinite(tier.tokensPerRequest()));
    }

    /** Whether requests arrive of which none was ever served: they are refused, and nothing but their rate speaks for them. */
    private static boolean refusedUnseen(PoolView view) {
        return view.tiers().stream()
                .anyMatch(tier -> Double.isNaN(tier.inFlightSeconds()) && tier.arrivalsPerSecond() > IDLE);
    }

    private Demand demand(PoolView view, boolean inTokens, double capacity) {
        double arriving = 0;
        double inFlight = 0;
        double queuedUnits = 0;
        double queuedWork = 0;
        for (TierView tier : view.tiers()) {
            double perRequest = inTokens ? orZero(tier.tokensPerRequest()) : 1;
            double seconds = tier.inFlightSeconds();
            boolean known = !Double.isNaN(seconds);
            // What is in flight speaks only until a request has returned. A pool that works off a queue is full as
            // well, and need not grow for it.
            arriving += known ? tier.arrivalsPerSecond() * seconds * perRequest : 0;
            inFlight += known ? 0 : tier.inFlight() * perRequest;
            queuedUnits += tier.queued() * perRequest;
            // Before anything is known of service times, what waits counts as a full slot each.
            queuedWork += tier.queued() * perRequest * (known ? seconds : seconds(drainWindow));
        }
        // What is beyond the ready replicas belongs to some that drain.
        double steady = arriving + Math.min(inFlight, capacity * view.replicas().ready());
        double surplusWork = Math.max(0, queuedWork - freeWork(view, capacity, steady));
        double surplus = surplusWork > 0 ? queuedUnits * (surplusWork / queuedWork) : 0;
        double backlog = surplusWork / (capacity * seconds(drainWindow));
        return new Demand(steady / (capacity * targetUtilization), backlog, steady, surplus, capacity);
    }

    /** Slot-seconds that are free for the queue until a replica asked for now would be ready. */
    private static double freeWork(PoolView view, double capacity, double steady) {
        double end = seconds(view.timeToReady());
        double free = 0;
        double at = 0;
        double supplied = view.replicas().ready() * capacity;
        for (long due : view.replicas().dueNanos()) {
            double until = Math.min(end, Math.max(at, (due - view.nowNanos()) / 1e9));
            free += Math.max(0, supplied - steady) * (until - at);
            at = until;
            supplied += capacity;
        }
        return free + Math.max(0, supplied - steady) * (end - at);
    }

    private String why(PoolView view, Demand demand, int wanted, boolean inTokens) {
        String unit = inTokens ? "tokens" : "slots";
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%.1f requests/s arrive and keep %.0f %s busy, %.2f replicas of %.0f at %.0f %% use",
                view.arrivalsPerSecond(),
                demand.busy(),
                unit,
                demand.steady(),
                demand.capacity(),
                targetUtilization * 100));
        if (demand.backlog() > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "; %d wait, of which %.0f %s would still wait after %.0f s: %.2f more",
                    view.queued(),
                    demand.surplus(),
                    unit,
                    seconds(view.timeToReady()),
                    demand.backlog()));
        } else if (view.queued() > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "; %d wait and will be served before a new replica could be ready (%.0f s), so none is asked for them",
                    view.queued(),
                    seconds(view.timeToReady())));
        }
        if (wanted > 1) {
            text.append(String.format(
                    Locale.ROOT,
                    ". %d would be asked to run at %.0f %%",
                    wanted - 1,
                    demand.replicas() / (wanted - 1) * targetUtilization * 100));
        }
        return text.append('.').toString();
    }

    private static double orZero(double value) {
        return Double.isNaN(value) ? 0 : value;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /** Demand in replicas, with what it was made of. */
    private record Demand(double steady, double backlog, double busy, double surplus, double capacity) {
        static final Demand NONE = new Demand(0, 0, 0, 0, 0);

        double replicas() {
            return steady + backlog;
        }
    }

    /** Collects the settings of a {@link BacklogPolicy}. Not safe for use by several threads. */
    public static final class Builder {

        private double targetUtilization = 0.8;
        private Duration drainWindow = Duration.ofSeconds(30);

        private Builder() {}

        /**
         * Part of a replica's slots that should be busy, above 0 and at most 1; 0.8 by default. Lower keeps more room for
         * bursts and costs more.
         */
        public Builder targetUtilization(double targetUtilization) {
            if (!(targetUtilization > 0 && targetUtilization <= 1)) {
                throw new IllegalArgumentException(
                        "targetUtilization must be above 0 and at most 1 but was " + targetUtilization);
            }
            this.targetUtilization = targetUtilization;
            return this;
        }

        /**
         * Time in which new replicas should work off what still waits when they are ready; positive, 30 s by default. Longer
         * asks for fewer replicas.
         */
        public Builder drainWindow(Duration drainWindow) {
            if (drainWindow.isZero() || drainWindow.isNegative()) {
                throw new IllegalArgumentException("drainWindow must be positive but was " + drainWindow);
            }
            this.drainWindow = drainWindow;
            return this;
        }

        /** The policy. */
        public BacklogPolicy build() {
            return new BacklogPolicy(this);
        }
    }
}
