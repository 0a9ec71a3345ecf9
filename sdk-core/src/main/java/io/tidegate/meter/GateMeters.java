/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.micrometer.core.instrument.Timer;
import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Latency;
import io.tidegate.admission.Objective;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.ThroughputBreach;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The meters of one gate. Requests pay nothing for them: counts are read from the gate when a registry asks, and what was
 * counted into its distributions of times is handed on to the timers once in a while by {@link #publish}.
 */
final class GateMeters implements Publishing {

    /**
     * Most values of one distribution handed on at a time: recording one takes some 50 ns, and nobody should wait for more than
     * a few milliseconds. Above it, a timer holds a sample of the right shape.
     */
    private static final long MOST_AT_ONCE = 100_000;

    /** A request whose time in queue is over has expired, and is counted as that. */
    private static final Set<Reason> OF_SHED = EnumSet.complementOf(EnumSet.of(Reason.QUEUE_TIMEOUT));

    private final Gate gate;
    private final List<Published> published = new ArrayList<>();

    GateMeters(Gate gate, Registration registration) {
        this.gate = gate;
        String pool = gate.pool();
        for (Tier tier : gate.tiers()) {
            counts(tier, registration);
            times(tier, registration);
        }
        registration.gauge(Meters.LIMIT_SLOTS, () -> gate.supply().limit().slots(), pool);
        registration.gauge(Meters.LIMIT_TOKENS, () -> tokens(gate.supply().limit()), pool);
        registration.gauge(Meters.RANKS_OPEN, gate::openRanks, pool);
        registration.counter(Meters.LISTENER_FAILURES, gate, Gate::listenerFailures, pool);
        registration.counter(Meters.PERMITS_LEAKED, gate, Gate::leakedPermits, pool);
    }

    /** None count as tokens without bound, and so does a limit of slots alone. */
    private static double tokens(Work limit) {
        boolean counted = limit.tokens() < Work.MAX_TOKENS && (limit.tokens() > 0 || limit.slots() == 0);
        return counted ? limit.tokens() : Double.NaN;
    }

    private void counts(Tier tier, Registration registration) {
        String pool = gate.pool();
        String name = tier.name();
        loadGauge(registration, Meters.IN_FLIGHT, tier, TierLoad::inFlight);
        loadGauge(registration, Meters.QUEUE_DEPTH, tier, TierLoad::queued);
        loadGauge(registration, Meters.QUEUE_OLDEST_AGE, tier, load -> load.oldestAgeNanos() / 1e9);
        registration.gauge(Meters.SLO_ATTAINMENT, () -> gate.sloAttainment(tier).orElse(Double.NaN), pool, name);
        registration.gauge(Meters.TIER_OPEN, () -> gate.openTo(tier), pool, name);
        registration.counter(Meters.RETRIED, gate, from -> from.retries(tier), pool, name);
        for (ThroughputBreach cause : ThroughputBreach.values()) {
            registration.counter(
                    Meters.THROUGHPUT_BREACHES,
                    gate,
                    from -> from.throughputBreaches(tier, cause),
                    pool,
                    name,
                    Registration.tag(cause));
        }
        loadCounter(registration, tier, TierLoad::admitted, "admitted");
        loadCounter(registration, tier, TierLoad::expired, "expired");
        loadCounter(registration, tier, TierLoad::cancelled, "cancelled");
        for (Reason reason : OF_SHED) {
            registration.counter(
                    Meters.ADMISSIONS,
                    gate,
                    from -> from.shed(tier, reason),
                    pool,
                    name,
                    "shed",
                    Registration.tag(reason));
        }
        registration.counter(Meters.TOKENS, gate, from -> from.usage(tier).promptTokens(), pool, name, "prompt");
        registration.counter(Meters.TOKENS, gate, from -> from.usage(tier).outputTokens(), pool, name, "output");
        for (boolean scaling : new boolean[] {false, true}) {
            String during = String.valueOf(scaling);
            registration.counter(
                    Meters.SLO_EVALUATED, gate, from -> from.sloEvaluated(tier, scaling), pool, name, during);
            for (Objective objective : Objective.values()) {
                registration.counter(
                        Meters.SLO_VIOLATIONS,
                        gate,
                        from -> from.sloViolations(tier, objective, scaling),
                        pool,
                        name,
                        Registration.tag(objective),
                        during);
            }
        }
    }

    private void times(Tier tier, Registration registration) {
        String pool = gate.pool();
        String name = tier.name();
        publish(tier, Latency.QUEUE_ADMITTED, registration.timer(Meters.QUEUE_TIME, pool, name, "admitted"));
        publish(tier, Latency.QUEUE_SHED, registration.timer(Meters.QUEUE_TIME, pool, name, "shed"));
        publish(tier, Latency.QUEUE_EXPIRED, registration.timer(Meters.QUEUE_TIME, pool, name, "expired"));
        publish(tier, Latency.QUEUE_CANCELLED, registration.timer(Meters.QUEUE_TIME, pool, name, "cancelled"));
        publish(tier, Latency.TIME_TO_FIRST_TOKEN, registration.timer(Meters.TTFT, pool, name));
        for (Outcome outcome : Outcome.values()) {
            publish(
                    tier,
                    Latency.inFlight(outcome),
                    registration.timer(Meters.REQUEST_DURATION, pool, name, Registration.tag(outcome)));
        }
    }

    private void publish(Tier tier, Latency which, Timer timer) {
        published.add(new Published(tier, which, timer, gate.latency(tier, which)));
    }

    @Override
    public void publish() {
        published.forEach(Published::handOn);
    }

    private void loadGauge(Registration registration, Meters meter, Tier tier, ToDoubleFunction<TierLoad> value) {
        int rank = gate.tiers().indexOf(tier);
        registration.gauge(meter, () -> value.applyAsDouble(gate.load().tiers().get(rank)), gate.pool(), tier.name());
    }

    private void loadCounter(Registration registration, Tier tier, ToDoubleFunction<TierLoad> value, String outcome) {
        int rank = gate.tiers().indexOf(tier);
        registration.counter(
                Meters.ADMISSIONS,
                gate,
                from -> value.applyAsDouble(from.load().tiers().get(rank)),
                gate.pool(),
                tier.name(),
                outcome,
                "none");
    }

    /** A distribution of the gate and the timer that shows it. */
    private final class Published {

        private final Tier tier;
        private final Latency which;
        private final Timer timer;
        private LatencySnapshot last;

        Published(Tier tier, Latency which, Timer timer, LatencySnapshot last) {
            this.tier = tier;
            this.which = which;
            this.timer = timer;
            this.last = last;
        }

        void handOn() {
            LatencySnapshot now = gate.latency(tier, which);
            LatencySnapshot fresh = now.since(last);
            last = now;
            long count = fresh.count();
            // At least one of each value that occurred, however rare: the longest is what is looked for.
            double share = count <= MOST_AT_ONCE ? 1 : (double) MOST_AT_ONCE / count;
            fresh.forEach((nanos, times) -> {
                for (long i = Math.max(1, Math.round(times * share)); i > 0; i--) {
                    timer.record(nanos, TimeUnit.NANOSECONDS);
                }
            });
        }
    }
}
