/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Slo;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The fewest replicas with which every tier keeps its promise, given that higher tiers are served first.
 *
 * <p>A tier has to be served after all that rank above it, so its need is that of all work ranked at or above it. With λ the arrivals of
 * these tiers (those refused included) and q what of them waits, both as work (tokens, or requests where tokens are not reported), μ what
 * a replica sustains ({@link PoolView#capacity()}), ρ the tier's target use, T the time a new replica needs to be ready, b what is left
 * of the tier's latency budget and W the drain window,
 *
 * <pre>
 *   steady  = λ/(μ·ρ)
 *   safety  = z·σ/μ,  σ = √(Σ n·w²/T)       for tiers with a promise; n their arrivals per second, w the work of each
 *   late    = max(0, q − ∫ max(0, μ·replicas(t) − λ) dt), for t from now to max(T, b)
 *   backlog = late/(μ·max(W, b − T))        for tiers with a promise
 *   wanted  = ⌈ max over tiers of (steady + safety + backlog) ⌉
 * </pre>
 *
 * <p>where replicas(t) are those ready and those due by then. The safety is for arrivals that by mere chance exceed their rate while a
 * replica is on its way: that of λT requests is √(λT). What drains before a replica asked for now could be ready asks for none.
 *
 * <p>A tier is promised something if its SLO bounds a latency. Its budget is the bound on the time to first token less what the time to
 * first token takes without waiting, or its longest time in queue if only the time per output token is bounded; what is left of it is
 * that less the age of its oldest waiter. A tier without a promise buys replicas for its steady need only, at a higher use: what it
 * leaves idle is what tiers above it need in bursts, and what waits of it waits until there is room.
 *
 * <p>What a promise needs of that depends on how long it lets requests wait: arrivals that come at once by chance are served within b, but
 * for the part p that the SLO's target leaves, by a throughput C with C·(C − λ) = V·ln(1/p)/(2·b), where V = 2·Σ n·w² is the variance of work
 * per second (a queue in heavy traffic is a Brownian motion with drift: Kingman 1962; sizes spread like an exponential). Where
 * max(C, λ/otherUse) is less than steady and safety together, it stands for both: a patient tier costs no more room than one without a promise. With b
 * = 60 s and a target of 90 %, 10/s need C = 10.04/s.
 *
 * <p>λ is the quick rate of arrivals where that asks for more replicas than there are, else the steady one ({@link
 * PoolView#steady()}): of a quick rate a window of stabilization would keep what chance made of it.
 *
 * <p>Example: μ = 1.45 requests/s, T = 100 s, premium 3/s with a promise, standard 7/s without, z = 1. Premium needs
 * 3/(1.45·0.85) + √(3/100)/1.45 = 2.55; both need 10/(1.45·0.92) = 7.50; so 8. Were standard promised its first token within a second as well, both would need
 * 10/(1.45·0.85) + √(10/100)/1.45 = 8.33; so 9.
 *
 * <p>Until a throughput is learned, 80 % of slots ÷ mean time in flight stands for it. It abstains while there is traffic and neither is known.
 * Tiers are taken to be served strictly by rank, but for their floors, which are neglected. A figure for μ that is too high shows as a
 * backlog, which asks for more, and is corrected by {@link CapacityLearner} as the pool is then full; no more is done about promises
 * that are broken with replicas enough by these sums, since that is what {@link AdaptiveThresholdPolicy} learns from.
 *
 * @since 0.1.0
 */
public final class SloPolicy implements Policy {

    /** What of a guessed throughput is counted on: it is one of a pool with room, and engines slow down as they fill. */
    private static final double GUESSED = 0.8;

    private final double promisedUse;
    private final double otherUse;
    private final double sigmas;
    private final Duration drainWindow;
    private final boolean onlyLasting;

    private SloPolicy(Builder builder) {
        this.promisedUse = builder.promisedUse;
        this.otherUse = builder.otherUse;
        this.sigmas = builder.sigmas;
        this.drainWindow = builder.drainWindow;
        this.onlyLasting = builder.onlyLasting;
    }

    /** Starts a policy with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String name() {
        return "slo";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                "slo",
                Map.of(
                        "promisedUse", Double.toString(promisedUse),
                        "otherUse", Double.toString(otherUse),
                        "sigmas", Double.toString(sigmas),
                        "drainWindow", drainWindow.toString(),
                        "onlyLasting", Boolean.toString(onlyLasting))));
    }

    @Override
    public Proposal propose(PoolView view) {
        return Steady.unlessMore(view, this::on);
    }

    private Proposal on(PoolView view) {
        if (!view.tiers().stream().allMatch(Throughput::possible)) {
            return new Proposal.Abstains(name(), "the gate's counts are not numbers that can be true");
        }
        if (!view.traffic()) {
            return new Proposal.Wants(name(), 0, Proposal.Cause.ARRIVALS, "nobody asks, waits or is served.");
        }
        Throughput throughput = Throughput.of(view);
        throughput = throughput.learned() ? throughput : throughput.times(GUESSED);
        if (Double.isNaN(throughput.perReplica())) {
            return new Proposal.Abstains(name(), "what a replica sustains is not known before a request has ended");
        }
        Need largest = largest(view, throughput);
        if (largest == null) {
            return new Proposal.Wants(name(), 0, Proposal.Cause.ARRIVALS, "nobody asks or waits.");
        }
        if (Double.isNaN(largest.replicas())) {
            return new Proposal.Abstains(name(), "the gate's counts are not numbers that can be reckoned with");
        }
        double demand = Math.min(largest.replicas(), ReplicaMath.MANY);
        return new Proposal.Wants(
                name(),
                ReplicaMath.ceil(demand),
                demand,
                largest.promised() ? Proposal.Cause.SLO : Proposal.Cause.ARRIVALS,
                why(view, throughput, largest));
    }

    private @Nullable Need largest(PoolView view, Throughput throughput) {
        Need largest = null;
        double arriving = 0;
        double variance = 0;
        double queued = 0;
        for (int i = 0; i < view.tiers().size(); i++) {
            TierView tier = view.tiers().get(i);
            double each = throughput.perRequest().get(i);
            arriving += tier.arrivalsPerSecond() * each;
            variance += tier.arrivalsPerSecond() * each * each;
            queued += Throughput.waiting(view, tier, onlyLasting) * each;
            if (tier.arrivalsPerSecond() > Throughput.IDLE || tier.queued() > 0) {
                Need need = promised(tier)
                        ? promised(view, tier, throughput.perReplica(), arriving, queued, variance)
                        : new Need(
                                tier,
                                false,
                                otherUse,
                                arriving / (throughput.perReplica() * otherUse),
                                0,
                                0,
                                arriving,
                                0);
                largest = largest == null || need.replicas() > largest.replicas() ? need : largest;
            }
        }
        return largest;
    }

    private Need promised(
            PoolView view, TierView tier, double perReplica, double arriving, double queued, double variance) {
        double toReady = seconds(view.timeToReady());
        double left = Math.max(0, seconds(budget(tier)) - seconds(tier.oldestAge()));
        double late = Math.max(0, queued - Throughput.free(view, perReplica, arriving, Math.max(toReady, left)));
        double untilReady = toReady > 0 ? sigmas * Math.sqrt(variance / toReady) : 0;
        double chance = chance(tier, arriving, variance, left);
        // A promise that leaves more time than chance takes needs no more room than none.
        boolean patient = Math.max(chance, arriving / otherUse) < arriving / promisedUse + untilReady;
        double use = patient ? otherUse : promisedUse;
        double safety = patient ? Math.max(0, chance - arriving / use) : untilReady;
        return new Need(
                tier,
                true,
                use,
                arriving / (perReplica * use),
                safety / perReplica,
                late / (perReplica * Math.max(seconds(drainWindow), left - toReady)),
                arriving,
                late);
    }

    /**
     * Throughput at which what arrives by chance waits longer than {@code seconds} as seldom as the tier's promise allows: C(C − A) = V·ln(1/p)/(2·seconds)
     * for a queue in heavy traffic, with arrivals A, p the part that may be late, and V the variance of work per second.
     */
    private static double chance(TierView tier, double arriving, double variance, double seconds) {
        double late = 1 - tier.tier().slo().target();
        if (!(seconds > 0) || !(late > 0)) {
            return Double.POSITIVE_INFINITY;
        }
        // Requests differ in size, which doubles the variance where sizes spread like an exponential.
        double room = 2 * variance * Math.log(1 / late) / (2 * seconds);
        return (arriving + Math.sqrt(arriving * arriving + 4 * room)) / 2;
    }

    private static boolean promised(TierView tier) {
        Slo slo = tier.tier().slo();
        return slo.timeToFirstToken().isPresent() || slo.timePerOutputToken().isPresent();
    }

    /** How long a request of the tier may wait. */
    private static Duration budget(TierView tier) {
        Duration longest = tier.tier().maxQueueTime();
        Duration bound = tier.tier().slo().timeToFirstToken().orElse(longest);
        Duration unqueued = median(tier.served().timeToFirstToken())
                .minus(median(tier.served().queueTime()));
        // A replica that takes the whole bound by itself leaves nothing to wait for; more than half of it is not taken
        // off,
        // since medians of different requests are no more than a hint.
        Duration taken = max(Duration.ZERO, min(unqueued, bound.dividedBy(2)));
        Duration budget = tier.tier().slo().timeToFirstToken().isPresent() ? bound.minus(taken) : bound;
        return min(budget, longest);
    }

    private static Duration median(LatencySnapshot times) {
        return times.quantile(0.5).orElse(Duration.ZERO);
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private String why(PoolView view, Throughput throughput, Need need) {
        String unit = throughput.tokens() ? "tokens" : "requests";
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s and what ranks above it bring %s %s/s, %.2f replicas of %s%s at %.0f %% of it",
                need.tier().tier().name(),
                number(need.arriving()),
                unit,
                need.steady(),
                number(throughput.perReplica()),
                throughput.learned() ? "" : " (a guess)",
                need.use() * 100));
        if (need.safety() > 0) {
            text.append(String.format(Locale.ROOT, "; %.2f more for chance", need.safety()));
            if (need.use() == promisedUse) {
                text.append(String.format(
                        Locale.ROOT, " until one more could be ready (%.0f s)", seconds(view.timeToReady())));
            }
        }
        if (need.backlog() > 0) {
            text.append(String.format(
                    Locale.ROOT, "; %s %s would wait too long: %.2f more", number(need.late()), unit, need.backlog()));
        }
        return text.append(need.promised() ? "." : "; it is promised no latency.")
                .toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value);
    }

    private static double seconds(Duration duration) {
        return Throughput.seconds(duration);
    }

    /** What it takes to serve a tier and all above it, in replicas. */
    private record Need(
            TierView tier,
            boolean promised,
            double use,
            double steady,
            double safety,
            double backlog,
            double arriving,
            double late) {
        double replicas() {
            return steady + safety + backlog;
        }
    }

    /** Collects the settings of a {@link SloPolicy}. Not safe for use by several threads. */
    public static final class Builder {

        private double promisedUse = 0.85;
        private double otherUse = 0.92;
        private double sigmas = 1;
        private Duration drainWindow = Duration.ofSeconds(30);
        private boolean onlyLasting;

        private Builder() {}

        /**
         * Part of what replicas sustain that tiers with a promise, and those above them, should ask for; above 0 and at most 1, 0.85 by
         * default. Lower keeps more promises and costs more. Tiers whose promise leaves more time than chance takes ask for {@link
         * #otherUse} only.
         */
        public Builder promisedUse(double promisedUse) {
            this.promisedUse = share("promisedUse", promisedUse);
            return this;
        }

        /** The same for tiers without a promise; above 0 and at most 1, 0.92 by default. */
        public Builder otherUse(double otherUse) {
            this.otherUse = share("otherUse", otherUse);
            return this;
        }

        /**
         * Standard deviations of the arrivals during the time to ready that are kept room for; 0 to 5, 1 by default. 0 keeps none.
         */
        public Builder sigmas(double sigmas) {
            if (!(sigmas >= 0 && sigmas <= 5)) {
                throw new IllegalArgumentException("sigmas must be 0 to 5 but was " + sigmas);
            }
            this.sigmas = sigmas;
            return this;
        }

        /**
         * Time in which new replicas should work off what waits too long anyway; positive, 30 s by default. Longer asks for fewer
         * replicas.
         */
        public Builder drainWindow(Duration drainWindow) {
            if (drainWindow.isZero() || drainWindow.isNegative()) {
                throw new IllegalArgumentException("drainWindow must be positive but was " + drainWindow);
            }
            this.drainWindow = drainWindow;
            return this;
        }

        private static double share(String name, double value) {
            if (!(value > 0 && value <= 1)) {
                throw new IllegalArgumentException(name + " must be above 0 and at most 1 but was " + value);
            }
            return value;
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
        public SloPolicy build() {
            return new SloPolicy(this);
        }
    }
}
