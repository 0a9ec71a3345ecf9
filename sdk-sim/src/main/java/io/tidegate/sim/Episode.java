/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.admission.Gate;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.pool.Tier;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.sim.baseline.Autoscaler;
import io.tidegate.sim.baseline.Observation;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/** One run, from its first request to the end of its last. */
final class Episode {

    private static final double NANOS = 1e9;
    private static final int MOMENTS = 600;

    /** Requests that have not ended so long after the last came never will. */
    private static final double LONGEST_DRAIN_SECONDS = 6 * 3600.0;

    private final VirtualTime time = new VirtualTime();
    private final RunPlan plan;
    private final Scenario scenario;
    private final Trace trace;
    private final DoubleConsumer progress;
    private final List<RunScore.Moment> course = new ArrayList<>();
    private final double momentSeconds;
    private long arrivedBefore;

    /**
     * @param trace that of the plan
     */
    Episode(RunPlan plan, Trace trace, DoubleConsumer progress) {
        this.plan = plan;
        this.scenario = plan.scenario();
        this.trace = trace;
        this.progress = progress;
        this.momentSeconds = Math.max(1, Math.ceil(trace.duration().toNanos() / NANOS / MOMENTS));
    }

    /**
     * @param autoscaler who decides; null for Tidegate
     * @param start replicas that serve when it begins
     */
    RunScore run(@Nullable Autoscaler autoscaler, Observation.Profile profile, int neededPeak, int start) {
        ScalingConfig scaling = scenario.scaling();
        TelemetryRelay latencies = new TelemetryRelay();
        Scorer scorer = new Scorer(scenario.tiers(), latencies);
        PoolConfig pool = scenario.poolConfig();
        List<ReplicaBalancer> balancers = new ArrayList<>();
        for (int i = 0; i < scenario.gateways(); i++) {
            balancers.add(ReplicaBalancer.of(time));
        }
        ReadyRelay ready = new ReadyRelay();
        Fleet fleet = new Fleet(
                time,
                scenario.engine(),
                scenario.life(),
                plan.seed(),
                pool.replica().work(),
                balancers,
                ready);
        fleet.begin(start);
        try (Admitting admitting = Admitting.start(plan, time, fleet, autoscaler == null, profile)) {
            List<Gate> gates = admitting.gates();
            Traffic traffic = new Traffic(
                    time,
                    scenario,
                    scorer,
                    gates,
                    gates.stream().map(gate -> tiersOf(gate)).toList(),
                    balancers,
                    trace.iterator(),
                    plan.admission() == RunPlan.Admission.GATE,
                    plan.seed());
            ready.then = () -> {
                admitting.supply(fleet.status(scenario.pool()));
                traffic.replicaReady();
            };
            admitting.supply(fleet.status(scenario.pool()));
            if (autoscaler != null) {
                Telemetry telemetry = new Telemetry(
                        time, traffic, fleet, profile, scaling.min(), scaling.max(), autoscaler.scrapePeriod());
                latencies.telemetry = telemetry;
                telemetry.begin();
                look(autoscaler, telemetry, fleet, admitting);
            }
            observe(traffic, fleet, scorer);
            traffic.begin(fleet);
            runToEnd(traffic);
            double seconds = time.seconds();
            double replicaSeconds = fleet.replicaSeconds();
            OptionalDouble price = pool.replica().pricePerHour();
            return new RunScore(
                    scenario.name(),
                    plan.scaler(),
                    plan.admission().label(),
                    plan.seed(),
                    scorer.all(),
                    scorer.scores(),
                    seconds,
                    replicaSeconds / 3600,
                    replicaSeconds / seconds,
                    fleet.peak(),
                    neededPeak,
                    fleet.ups(),
                    fleet.downs(),
                    fleet.reversals(),
                    price.isPresent()
                            ? OptionalDouble.of(price.getAsDouble() * replicaSeconds / 3600)
                            : OptionalDouble.empty(),
                    traffic.retries,
                    fleet.preemptions(),
                    course);
        }
    }

    /** With one queue for all, requests of every tier are asked for with the one that there is. */
    private List<Tier> tiersOf(Gate gate) {
        List<Tier> tiers = gate.tiers();
        return scenario.tiers().stream()
                .map(tier -> tiers.size() == 1 ? tiers.get(0) : gate.tier(tier.name()))
                .toList();
    }

    private void look(Autoscaler autoscaler, Telemetry telemetry, Fleet fleet, Admitting admitting) {
        time.schedule(Math.round(autoscaler.period() * NANOS), () -> {
            int wanted = autoscaler.look(telemetry);
            if (wanted < telemetry.min() || wanted > telemetry.max()) {
                throw new IllegalStateException(autoscaler.name() + " wrote " + wanted + ", outside of "
                        + telemetry.min() + " to " + telemetry.max());
            }
            fleet.scale(wanted);
            admitting.supply(fleet.status(scenario.pool()));
            look(autoscaler, telemetry, fleet, admitting);
        });
    }

    private void observe(Traffic traffic, Fleet fleet, Scorer scorer) {
        time.schedule(Math.round(momentSeconds * NANOS), () -> {
            double[] recent = scorer.takeRecent();
            course.add(new RunScore.Moment(
                    time.seconds(),
                    (traffic.arrived - arrivedBefore) / momentSeconds,
                    fleet.specified(),
                    fleet.ready(),
                    fleet.existing(),
                    traffic.queued(),
                    traffic.running(),
                    recent[0],
                    recent[1],
                    recent[2]));
            arrivedBefore = traffic.arrived;
            observe(traffic, fleet, scorer);
        });
    }

    private void runToEnd(Traffic traffic) {
        double length = Math.max(1, trace.duration().toNanos() / NANOS);
        double step = Math.max(1, length / 200);
        double until = 0;
        while (until < length) {
            until = Math.min(length, until + step);
            time.runUntil(Math.round(until * NANOS));
            progress.accept(until / length);
        }
        while (!traffic.ended()) {
            if (time.seconds() > length + LONGEST_DRAIN_SECONDS) {
                throw new IllegalStateException(String.format(
                        Locale.ROOT,
                        "%d requests wait and %d run %.0f s after the last came: %s with %s never serves them",
                        traffic.queued(),
                        traffic.running(),
                        LONGEST_DRAIN_SECONDS,
                        plan.scaler(),
                        scenario.name()));
            }
            time.runUntil(time.nanos() + Math.round(NANOS));
        }
    }

    /** The fleet comes before those who want to know that a replica has begun to serve. */
    private static final class ReadyRelay implements Runnable {

        private @Nullable Runnable then;

        @Override
        public void run() {
            if (then != null) {
                then.run();
            }
        }
    }

    private static final class TelemetryRelay implements Scorer.Listener {

        private @Nullable Telemetry telemetry;

        @Override
        public void arrived(long nowNanos, int promptTokens) {
            if (telemetry != null) {
                telemetry.arrived(nowNanos, promptTokens);
            }
        }

        @Override
        public void timeToFirstToken(long nowNanos, double seconds) {
            if (telemetry != null) {
                telemetry.timeToFirstToken(nowNanos, seconds);
            }
        }

        @Override
        public void timePerOutputToken(long nowNanos, double seconds) {
            if (telemetry != null) {
                telemetry.timePerOutputToken(nowNanos, seconds);
            }
        }
    }
}
