/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.pool.Capacity;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What arrives and waits, in the unit in which the throughput of a replica is known: tokens per second where tokens are reported,
 * else requests per second.
 *
 * @param tokens whether the unit is tokens
 * @param perReplica what one warm replica sustains, per second; NaN if nothing is known of it
 * @param learned whether that has been measured, and is no guess
 * @param perRequest what one request of each tier takes, in the order of the tiers
 */
record Throughput(boolean tokens, double perReplica, boolean learned, List<Double> perRequest) {

    /** Arrivals per second below which a tier is idle: what smoothing leaves of the last request after minutes. */
    static final double IDLE = 1e-9;

    static Throughput of(PoolView view) {
        Capacity known = view.capacity();
        Capacity capacity = known.known() ? known : guess(view);
        double meanTokens = meanTokens(view);
        if (!Double.isNaN(capacity.tokensPerSecond()) && !Double.isNaN(meanTokens)) {
            List<Double> tokens = view.tiers().stream()
                    .map(Throughput::tokens)
                    .map(each -> each > 0 && Double.isFinite(each) ? each : meanTokens)
                    .toList();
            return new Throughput(true, capacity.tokensPerSecond(), known.known(), tokens);
        }
        List<Double> ones = Collections.nCopies(view.tiers().size(), 1.0);
        return new Throughput(false, capacity.requestsPerSecond(), known.known(), ones);
    }

    /** The same where a replica sustains this part of it. */
    Throughput times(double factor) {
        return new Throughput(tokens, perReplica * factor, learned, perRequest);
    }

    /** Whether a tier's counts can be true; a service time or a size that is not known yet is NaN. */
    static boolean possible(TierView tier) {
        return tier.inFlight() >= 0
                && tier.queued() >= 0
                && tier.arrivalsPerSecond() >= 0
                && Double.isFinite(tier.arrivalsPerSecond())
                && !(tier.inFlightSeconds() < 0 || Double.isInfinite(tier.inFlightSeconds()))
                && !(tier.tokensPerRequest() < 0 || Double.isInfinite(tier.tokensPerRequest()));
    }

    /**
     * The throughput of a replica of which none was measured: its slots (or as many as its tokens hold) turn over once in the mean
     * time in flight. It is too high as long as the pool is not busy, since batching engines slow down as they fill.
     */
    static Capacity guess(PoolView view) {
        double requests = slots(view) / meanSeconds(view);
        double tokens = requests * meanTokens(view);
        return new Capacity(positiveOrNaN(tokens), positiveOrNaN(requests), 0);
    }

    /** Requests one replica holds at once: its slots, or as many as its tokens hold at the mean size if these are fewer. */
    static double slots(PoolView view) {
        Work replica = view.replicaWork();
        double perRequest = mean(view, TierView::tokensPerRequest);
        boolean limited = replica.tokens() > 0 && replica.tokens() < Work.MAX_TOKENS && perRequest > 0;
        return limited ? Math.min(replica.slots(), (double) replica.tokens() / perRequest) : replica.slots();
    }

    /** Mean time in flight of the requests that arrive; NaN before the first has ended. */
    static double meanSeconds(PoolView view) {
        return mean(view, TierView::inFlightSeconds);
    }

    /** Mean tokens of the requests that arrive, as reported at their end, else as estimated; NaN if nothing is known of them. */
    private static double meanTokens(PoolView view) {
        return mean(view, Throughput::tokens);
    }

    private static double tokens(TierView tier) {
        ServedView served = tier.served();
        double reported =
                (served.promptTokensPerSecond() + served.outputTokensPerSecond()) / served.completedPerSecond();
        boolean known = served.completedPerSecond() > IDLE && reported > 0 && Double.isFinite(reported);
        return known ? reported : tier.tokensPerRequest();
    }

    /** Mean over the tiers where it is known, by their arrivals; NaN where it is not known at all. */
    private static double mean(PoolView view, ToDoubleFunction<TierView> value) {
        double sum = 0;
        double weights = 0;
        for (TierView tier : view.tiers()) {
            double each = value.applyAsDouble(tier);
            if (each > 0 && Double.isFinite(each)) {
                // A tier at rest counts as well where no other is known, and next to nothing beside one.
                double weight = Math.max(tier.arrivalsPerSecond(), IDLE);
                sum += weight * each;
                weights += weight;
            }
        }
        return weights > 0 ? sum / weights : Double.NaN;
    }

    private static double positiveOrNaN(double value) {
        return value > 0 && Double.isFinite(value) ? value : Double.NaN;
    }

    /**
     * Work that can be done for a queue within the next seconds, beside what arrives: {@code ∫ max(0, perReplica·replicas(t) −
     * arriving) dt}, where replicas(t) are those ready and those due by then.
     */
    static double free(PoolView view, double perReplica, double arriving, double seconds) {
        double free = 0;
        double at = 0;
        double supplied = view.replicas().ready() * perReplica;
        for (long due : view.replicas().dueNanos()) {
            double until = Math.min(seconds, Math.max(at, (due - view.nowNanos()) / 1e9));
            free += Math.max(0, supplied - arriving) * (until - at);
            at = until;
            supplied += perReplica;
        }
        return free + Math.max(0, supplied - arriving) * (seconds - at);
    }

    /**
     * Requests of a tier that wait.
     *
     * @param onlyLasting none of a tier that waits for less long than a new replica takes, unless nothing serves
     */
    static double waiting(PoolView view, TierView tier, boolean onlyLasting) {
        boolean gone = onlyLasting
                && view.replicas().ready() > 0
                && tier.tier().maxQueueTime().compareTo(view.timeToReady()) < 0;
        return gone ? 0 : tier.queued();
    }

    static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
