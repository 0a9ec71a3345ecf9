/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Objective;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Usage;
import io.tidegate.admission.spi.GateListener;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** The meters of one gate. */
final class GateMeters implements GateListener {

    private final Gate gate;
    private final Map<Tier, OfTier> tiers = new HashMap<>();

    GateMeters(Gate gate, Registration registration) {
        this.gate = gate;
        for (Tier tier : gate.tiers()) {
            tiers.put(tier, new OfTier(tier, registration));
        }
        registration.gauge(Meters.LIMIT_SLOTS, () -> gate.supply().limit().slots(), gate.pool());
        registration.counter(Meters.LISTENER_FAILURES, gate, Gate::listenerFailures, gate.pool());
    }

    @Override
    public void admitted(Tier tier, long queueNanos) {
        OfTier meters = of(tier);
        meters.admitted.increment();
        meters.queueTimeAdmitted.record(queueNanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void refused(Tier tier, Admission refusal, long queueNanos) {
        OfTier meters = of(tier);
        if (refusal instanceof Admission.Shed shed) {
            Objects.requireNonNull(meters.shed.get(shed.reason())).increment();
            meters.queueTimeShed.record(queueNanos, TimeUnit.NANOSECONDS);
        } else if (refusal instanceof Admission.Expired) {
            meters.expired.increment();
            meters.queueTimeExpired.record(queueNanos, TimeUnit.NANOSECONDS);
        } else {
            meters.cancelled.increment();
            meters.queueTimeCancelled.record(queueNanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void firstToken(Tier tier, long sinceArrivalNanos) {
        of(tier).ttft.record(sinceArrivalNanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void closed(Tier tier, Outcome outcome, long inFlightNanos, Usage usage) {
        OfTier meters = of(tier);
        Objects.requireNonNull(meters.durations.get(outcome)).record(inFlightNanos, TimeUnit.NANOSECONDS);
        meters.promptTokens.increment((double) usage.promptTokens());
        meters.outputTokens.increment((double) usage.outputTokens());
    }

    @Override
    public void evaluated(Tier tier, Set<Objective> broken, boolean scaling) {
        OfTier meters = of(tier);
        (scaling ? meters.evaluatedScaling : meters.evaluatedSteady).increment();
        for (Objective objective : broken) {
            Objects.requireNonNull((scaling ? meters.brokenScaling : meters.brokenSteady).get(objective))
                    .increment();
        }
    }

    private OfTier of(Tier tier) {
        return Objects.requireNonNull(tiers.get(tier));
    }

    /** One tier's meters, looked up once and held. */
    private final class OfTier {

        final Counter admitted;
        final Counter expired;
        final Counter cancelled;
        final Map<Reason, Counter> shed = new EnumMap<>(Reason.class);
        final Timer queueTimeAdmitted;
        final Timer queueTimeShed;
        final Timer queueTimeExpired;
        final Timer queueTimeCancelled;
        final Timer ttft;
        final Map<Outcome, Timer> durations = new EnumMap<>(Outcome.class);
        final Counter promptTokens;
        final Counter outputTokens;
        final Counter evaluatedSteady;
        final Counter evaluatedScaling;
        final Map<Objective, Counter> brokenSteady = new EnumMap<>(Objective.class);
        final Map<Objective, Counter> brokenScaling = new EnumMap<>(Objective.class);

        OfTier(Tier tier, Registration registration) {
            String pool = gate.pool();
            String name = tier.name();
            loadGauge(registration, Meters.IN_FLIGHT, tier, TierLoad::inFlight);
            loadGauge(registration, Meters.QUEUE_DEPTH, tier, TierLoad::queued);
            loadGauge(registration, Meters.QUEUE_OLDEST_AGE, tier, load -> load.oldestAgeNanos() / 1e9);
            registration.gauge(
                    Meters.SLO_ATTAINMENT, () -> gate.sloAttainment(tier).orElse(Double.NaN), pool, name);
            admitted = registration.counter(Meters.ADMISSIONS, pool, name, "admitted", "none");
            expired = registration.counter(Meters.ADMISSIONS, pool, name, "expired", "none");
            cancelled = registration.counter(Meters.ADMISSIONS, pool, name, "cancelled", "none");
            for (Reason reason : Reason.values()) {
                shed.put(reason, registration.counter(Meters.ADMISSIONS, pool, name, "shed", Registration.tag(reason)));
            }
            queueTimeAdmitted = registration.timer(Meters.QUEUE_TIME, pool, name, "admitted");
            queueTimeShed = registration.timer(Meters.QUEUE_TIME, pool, name, "shed");
            queueTimeExpired = registration.timer(Meters.QUEUE_TIME, pool, name, "expired");
            queueTimeCancelled = registration.timer(Meters.QUEUE_TIME, pool, name, "cancelled");
            ttft = registration.timer(Meters.TTFT, pool, name);
            for (Outcome outcome : Outcome.values()) {
                durations.put(
                        outcome, registration.timer(Meters.REQUEST_DURATION, pool, name, Registration.tag(outcome)));
            }
            promptTokens = registration.counter(Meters.TOKENS, pool, name, "prompt");
            outputTokens = registration.counter(Meters.TOKENS, pool, name, "output");
            evaluatedSteady = registration.counter(Meters.SLO_EVALUATED, pool, name, "false");
            evaluatedScaling = registration.counter(Meters.SLO_EVALUATED, pool, name, "true");
            for (Objective objective : Objective.values()) {
                String tag = Registration.tag(objective);
                brokenSteady.put(objective, registration.counter(Meters.SLO_VIOLATIONS, pool, name, tag, "false"));
                brokenScaling.put(objective, registration.counter(Meters.SLO_VIOLATIONS, pool, name, tag, "true"));
            }
        }

        private void loadGauge(Registration registration, Meters meter, Tier tier, ToDoubleFunction<TierLoad> value) {
            int rank = gate.tiers().indexOf(tier);
            registration.gauge(
                    meter, () -> value.applyAsDouble(gate.load().tiers().get(rank)), gate.pool(), tier.name());
        }
    }
}
