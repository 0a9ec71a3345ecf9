/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the gate counts, under names as other signals have, so that policies and formulas can follow either: of the pool under {@code
 * gate.}, of a tier under {@code gate.tier.<tier>.}.
 *
 * <p>Where nobody asks, latencies are zero, which lets an idle pool shrink; where somebody does and nothing has ended in the window,
 * they are missing, and nothing does.
 */
final class GateSignals {

    private static final String SOURCE = "gate";

    /** Arrivals per second below which nobody asks: what smoothing leaves of one request after about a minute. */
    private static final double ASKED = 1e-3;

    private final long nowNanos;
    private final Map<String, Signal> signals = new HashMap<>();

    private GateSignals(long nowNanos) {
        this.nowNanos = nowNanos;
    }

    static Map<String, Signal> of(List<TierView> tiers, int readyReplicas, Work replicaWork, long nowNanos) {
        GateSignals made = new GateSignals(nowNanos);
        Sum all = new Sum();
        for (TierView tier : tiers) {
            Sum one = new Sum();
            one.add(tier);
            all.add(tier);
            made.put("gate.tier." + tier.tier().name() + ".", one);
        }
        made.put("gate.", all);
        double slots = (double) replicaWork.slots() * readyReplicas;
        made.put(
                "gate.utilization",
                slots > 0
                        ? new Signal.Known((double) all.inFlight / slots, "ratio", nowNanos, SOURCE)
                        : all.inFlight + all.queued == 0
                                ? new Signal.Known(0, "ratio", nowNanos, SOURCE)
                                : new Signal.Missing(SOURCE, "no replica is ready"));
        return made.signals;
    }

    private void put(String prefix, Sum sum) {
        number(prefix + "requests.in.flight", (double) sum.inFlight, "requests");
        number(prefix + "queue.depth", (double) sum.queued, "requests");
        number(prefix + "concurrency", (double) (sum.inFlight + sum.queued), "requests");
        number(prefix + "queue.oldest.age", sum.oldest.toNanos() / 1e9, "seconds");
        number(prefix + "arrivals", sum.arrivals, "requests/s");
        number(prefix + "refused", sum.refused, "requests/s");
        number(prefix + "completed", sum.completed, "requests/s");
        number(prefix + "tokens", sum.tokens, "tokens/s");
        share(prefix + "failed.share", sum.failed, sum.failed + sum.ended);
        share(prefix + "slo.broken.share", sum.sloBroken, sum.sloEvaluated);
        quantile(prefix + "ttft.p50", sum.firstTokens, 0.5, sum);
        quantile(prefix + "ttft.p95", sum.firstTokens, 0.95, sum);
        quantile(prefix + "ttft.p99", sum.firstTokens, 0.99, sum);
        quantile(prefix + "queue.time.p95", sum.queueTimes, 0.95, sum);
        quantile(prefix + "queue.time.p99", sum.queueTimes, 0.99, sum);
        quantile(prefix + "duration.p50", sum.durations, 0.5, sum);
        quantile(prefix + "duration.p95", sum.durations, 0.95, sum);
        quantile(prefix + "duration.p99", sum.durations, 0.99, sum);
    }

    private void put(String name, Signal signal) {
        signals.put(name, signal);
    }

    private void number(String name, double value, String unit) {
        put(name, Signal.ofNonNegative(value, unit, nowNanos, SOURCE));
    }

    private void share(String name, long part, long whole) {
        number(name, whole <= 0 ? 0 : (double) Math.min(part, whole) / (double) whole, "ratio");
    }

    private void quantile(String name, LatencySnapshot times, double fraction, Sum sum) {
        Optional<Duration> value = times.quantile(fraction);
        if (value.isPresent()) {
            number(name, value.get().toNanos() / 1e9, "seconds");
        } else if (sum.inFlight + sum.queued == 0 && sum.arrivals < ASKED) {
            number(name, 0, "seconds");
        } else {
            put(name, new Signal.Missing(SOURCE, "requests come, but none has got so far in the window"));
        }
    }

    /** Several tiers as one. */
    private static final class Sum {
        private long inFlight;
        private long queued;
        private Duration oldest = Duration.ZERO;
        private double arrivals;
        private double refused;
        private double completed;
        private double tokens;
        private long ended;
        private long failed;
        private long sloEvaluated;
        private long sloBroken;
        private LatencySnapshot firstTokens = LatencySnapshot.EMPTY;
        private LatencySnapshot queueTimes = LatencySnapshot.EMPTY;
        private LatencySnapshot durations = LatencySnapshot.EMPTY;

        void add(TierView tier) {
            ServedView served = tier.served();
            inFlight += tier.inFlight();
            queued += tier.queued();
            oldest = tier.oldestAge().compareTo(oldest) > 0 ? tier.oldestAge() : oldest;
            arrivals += tier.arrivalsPerSecond();
            refused += tier.refusedPerSecond();
            completed += served.completedPerSecond();
            tokens += served.promptTokensPerSecond() + served.outputTokensPerSecond();
            ended += served.completed();
            failed += served.failed();
            sloEvaluated += served.sloEvaluated();
            sloBroken += served.sloBroken();
            firstTokens = firstTokens.plus(served.timeToFirstToken());
            queueTimes = queueTimes.plus(served.queueTime());
            durations = durations.plus(served.duration());
        }
    }
}
