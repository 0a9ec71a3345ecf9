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
import java.util.Map;
import java.util.Optional;

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
 * <p>With {@link Builder#sigmas} set, ρ is at least 1/(1 + sigmas/√n) for n requests in flight. With 2, 300 busy slots of replicas of 32 ask
 * for (300 + 35)/32 = 10.5 replicas, not 11.7.
 *
 * <p>Replicas(t) are those ready and those due by then. A queue that drains before a new replica could be ready
 * therefore asks for none. Example: λ = 4/s, S = 8 s, c = 32, ρ = 0.8 need 32 slots, 1.25 replicas, so 2. With 60 waiting,
 * one replica ready, T = 60 s and W = 30 s: nothing drains, 60·8/(32·30) = 0.5 more: 1.75, so still 2; with 200 waiting,
 * 1.67 more: 2.92, so 3. With a second replica due in 20 s, 160 of the 200 drain by then, 0.33 more: 1.58, so 2.
 *
 * <p>Tiers differ in S: both products are summed over them. The same is done in tokens where replicas have a token limit. Until
 * the first request of a tier has returned, what is in flight stands for its λ·S, what waits counts as a full slot each, and
 * what is only refused asks for one replica. The form follows the concurrency targets of Knative and AIBrix, with measured service time
 * in place of a configured one.
 *
 * <p>Once the throughput μ of a replica has been learned ({@link PoolView#capacity()}), the same is done a third time with rates in
 * place of slots, r being the target throughput and w the tokens of a request (1 where tokens are not reported):
 *
 * <pre>
 *   wanted  = ⌈ Σλ·w/(μ·r) + surplus/(μ·W) ⌉,  surplus = max(0, Σqueued·w − ∫ max(0, μ·replicas(t) − Σλ·w) dt)
 * </pre>
 *
 * <p>λ is the quick rate of arrivals where that asks for more replicas than there are, else the steady one ({@link
 * PoolView#steady()}).
 *
 * <p>The largest of these wins. S of a batching engine grows with its load, from S₀ alone to c/μ when full. So the slots that are
 * in use on a pool with room are fewer than would be in use with fewer replicas, and λ·S/c is at most λ/μ, equal when the pool is
 * full: Little's law sees the pool as it is, rates see it as it would be. Rates decide therefore while μ is right or too
 * low; slots take over where μ is too high, or where requests have become longer and μ has not followed yet. Example: with c = 64,
 * S₀ = 20 s and μ = 1.45/s, 4 requests/s on 4 replicas take 31 s each. That is 4·31/(64·0.8) = 2.42 replicas in slots, and
 * 4/(1.45·0.85) = 3.25 in rates; 3 replicas would be at 92 % of their throughput, so 4.
 *
 * @since 0.1.0
 */
public final class BacklogPolicy implements Policy {

    private final double targetUtilization;
    private final double sigmas;
    private final double targetThroughput;
    private final Duration drainWindow;
    private final boolean onlyLasting;

    private BacklogPolicy(Builder builder) {
        this.targetUtilization = builder.targetUtilization;
        this.sigmas = builder.sigmas;
        this.targetThroughput = builder.targetThroughput;
        this.drainWindow = builder.drainWindow;
        this.onlyLasting = builder.onlyLasting;
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
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                "backlog",
                Map.of(
                        "targetUtilization", Double.toString(targetUtilization),
                        "sigmas", Double.toString(sigmas),
                        "targetThroughput", Double.toString(targetThroughput),
                        "drainWindow", drainWindow.toString(),
                        "onlyLasting", Boolean.toString(onlyLasting))));
    }

    @Override
    public Proposal propose(PoolView view) {
        return Steady.unlessMore(view, this::on);
    }

    private Proposal on(PoolView view) {
        Work replica = view.replicaWork();
        if (replica.slots() == 0) {
            return new Proposal.Abstains(name(), "a replica has no slots configured");
        }
        if (!view.tiers().stream().allMatch(Throughput::possible)) {
            return new Proposal.Abstains(name(), "the gate's counts are not numbers that can be true");
        }
        Demand slots = demand(view, false, replica.slots());
        Demand tokens = replica.tokens() > 0 && replica.tokens() < Work.MAX_TOKENS
                ? demand(view, true, (double) replica.tokens())
                : Demand.NONE;
        Demand larger = larger(larger(slots, tokens), ofThroughput(view));
        int wanted = ReplicaMath.ceil(larger.replicas());
        // What waits or arrives needs at least one replica, however small its share of one may be.
        if (wanted == 0 && (view.queued() > 0 || view.inFlight() > 0 || refusedUnseen(view))) {
            wanted = 1;
        }
        Proposal.Cause cause = view.queued() > 0 && ReplicaMath.ceil(larger.steady()) < wanted
                ? Proposal.Cause.BACKLOG
                : Proposal.Cause.ARRIVALS;
        double demand = Math.min(larger.replicas(), ReplicaMath.MANY);
        return new Proposal.Wants(name(), wanted, demand, cause, why(view, larger, wanted));
    }

    /** Whether requests arrive of which none was ever served: they are refused, and nothing but their rate speaks for them. */
    private static boolean refusedUnseen(PoolView view) {
        return view.tiers().stream()
                .anyMatch(tier -> Double.isNaN(tier.inFlightSeconds()) && tier.arrivalsPerSecond() > Throughput.IDLE);
    }

    private static Demand larger(Demand one, Demand other) {
        return other.replicas() > one.replicas() ? other : one;
    }

    /** Demand by what replicas have been seen to sustain; none until that has been measured. */
    private Demand ofThroughput(PoolView view) {
        Throughput throughput = Throughput.of(view);
        double each = throughput.perReplica();
        if (!throughput.learned() || Double.isNaN(each)) {
            return Demand.NONE;
        }
        double arriving = 0;
        double queued = 0;
        for (int i = 0; i < view.tiers().size(); i++) {
            arriving += view.tiers().get(i).arrivalsPerSecond()
                    * throughput.perRequest().get(i);
            queued += Throughput.waiting(view, view.tiers().get(i), onlyLasting)
                    * throughput.perRequest().get(i);
        }
        double surplus = Math.max(0, queued - Throughput.free(view, each, arriving, seconds(view.timeToReady())));
        return new Demand(
                throughput.tokens() ? Unit.TOKENS_PER_SECOND : Unit.REQUESTS_PER_SECOND,
                arriving / (each * targetThroughput),
                surplus / (each * seconds(drainWindow)),
                arriving,
                surplus,
                each,
                targetThroughput);
    }

    private Demand demand(PoolView view, boolean inTokens, double capacity) {
        double arriving = 0;
        double inFlight = 0;
        double requests = 0;
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
            requests += known ? tier.arrivalsPerSecond() * seconds : tier.inFlight();
            double waiting = Throughput.waiting(view, tier, onlyLasting);
            queuedUnits += waiting * perRequest;
            // Before anything is known of service times, what waits counts as a full slot each.
            queuedWork += waiting * perRequest * (known ? seconds : seconds(drainWindow));
        }
        // What is beyond the ready replicas belongs to some that drain.
        double steady = arriving + Math.min(inFlight, capacity * view.replicas().ready());
        double surplusWork =
                Math.max(0, queuedWork - Throughput.free(view, capacity, steady, seconds(view.timeToReady())));
        double surplus = surplusWork > 0 ? queuedUnits * (surplusWork / queuedWork) : 0;
        double backlog = surplusWork / (capacity * seconds(drainWindow));
        double use = use(requests);
        return new Demand(
                inTokens ? Unit.TOKENS : Unit.SLOTS,
                steady / (capacity * use),
                backlog,
                steady,
                surplus,
                capacity,
                use);
    }

    /** The target, or where so many are in flight that chance evens out, what keeps so many standard deviations free. */
    private double use(double requests) {
        return requests > 0 ? Math.max(targetUtilization, 1 / (1 + sigmas / Math.sqrt(requests))) : targetUtilization;
    }

    private String why(PoolView view, Demand demand, int wanted) {
        StringBuilder text =
                new StringBuilder(String.format(Locale.ROOT, "%.1f requests/s arrive ", view.arrivalsPerSecond()));
        text.append(String.format(
                Locale.ROOT,
                demand.unit().busy,
                demand.busy(),
                demand.steady(),
                demand.capacity(),
                demand.use() * 100));
        if (demand.backlog() > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "; %d wait, of which %.0f %s would still wait after %.0f s: %.2f more",
                    view.queued(),
                    demand.surplus(),
                    demand.unit().waiting,
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
                    demand.replicas() / (wanted - 1) * demand.use() * 100));
        }
        return text.append('.').toString();
    }

    private static double orZero(double value) {
        return Double.isNaN(value) ? 0 : value;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /** What demand is counted in, with the words for it. */
    private enum Unit {
        SLOTS("slots", "and keep %.0f slots busy, %.2f replicas of %.0f at %.0f %% use"),
        TOKENS("tokens", "and keep %.0f tokens busy, %.2f replicas of %.0f at %.0f %% use"),
        TOKENS_PER_SECOND(
                "tokens", "and bring %.0f tokens/s, %.2f replicas that were seen to do %.0f each, at %.0f %% of it"),
        REQUESTS_PER_SECOND("requests", "(%.2f), %.2f replicas that were seen to do %.2f each, at %.0f %% of it");

        private final String waiting;
        private final String busy;

        Unit(String waiting, String busy) {
            this.waiting = waiting;
            this.busy = busy;
        }
    }

    /** Demand in replicas, with what it was made of. */
    private record Demand(
            Unit unit, double steady, double backlog, double busy, double surplus, double capacity, double use) {
        static final Demand NONE = new Demand(Unit.SLOTS, 0, 0, 0, 0, 0, 1);

        double replicas() {
            return steady + backlog;
        }
    }

    /** Collects the settings of a {@link BacklogPolicy}. Not safe for use by several threads. */
    public static final class Builder {

        private double targetUtilization = 0.8;
        private double sigmas = 100;
        private double targetThroughput = 0.85;
        private Duration drainWindow = Duration.ofSeconds(30);
        private boolean onlyLasting;

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
         * Standard deviations of the requests in flight beyond which nothing is kept free, whatever {@code targetUtilization} says; 0 to 100,
         * 100 by default, which leaves it to that, and 2 in the {@linkplain PolicySets#standard() default set}. With n in flight one is √n:
         * at 80 % use, 2 of them are less than the fifth where n is above 64, so that a large pool does not pay for a chance it does not run
         * (square-root staffing; Halfin and Whitt, 1981).
         */
        public Builder sigmas(double sigmas) {
            if (!(sigmas >= 0 && sigmas <= 100)) {
                throw new IllegalArgumentException("sigmas must be 0 to 100 but was " + sigmas);
            }
            this.sigmas = sigmas;
            return this;
        }

        /**
         * Part of its learned throughput that a replica should be asked for, above 0 and at most 1; 0.85 by default. Does nothing
         * until throughput has been learned.
         */
        public Builder targetThroughput(double targetThroughput) {
            if (!(targetThroughput > 0 && targetThroughput <= 1)) {
                throw new IllegalArgumentException(
                        "targetThroughput must be above 0 and at most 1 but was " + targetThroughput);
            }
            this.targetThroughput = targetThroughput;
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

        /**
         * Whether what waits counts only where it may still wait when a replica that is asked for now could help; false by default. In a tier
         * whose {@code maxQueueTime} is shorter than the time to ready whoever waits is served or gone by then, and those who come meanwhile
         * are arrivals, refused or not: then a pool that is overrun does not ask for more than what arrives needs. What waits in it is worked
         * off by the room that the use leaves, more slowly.
         */
        public Builder onlyLasting(boolean onlyLasting) {
            this.onlyLasting = onlyLasting;
            return this;
        }

        /** The policy. */
        public BacklogPolicy build() {
            return new BacklogPolicy(this);
        }
    }
}
