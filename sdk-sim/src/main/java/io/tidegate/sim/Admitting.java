/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.Tidegate;
import io.tidegate.admission.Gate;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.LedgerConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.config.TidegateConfig.SloConfig;
import io.tidegate.config.TidegateConfig.TierConfig;
import io.tidegate.engine.Engine;
import io.tidegate.engine.PolicySet;
import io.tidegate.engine.PoolMemory;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.guardrail.Decision;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Work;
import io.tidegate.sim.baseline.Observation.Profile;
import io.tidegate.supply.Supply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The gateways of an episode, made as a user makes them: from the configuration. */
final class Admitting implements AutoCloseable {

    private static final int MOST_WAITING = 1_000_000;
    private static final long MOST_TOKENS = 1_099_511_627_760L;

    private final List<Tidegate> gateways;
    private final String pool;
    private final Work share;
    /** Whether an engine tells the gateways what serves. */
    private final boolean scaled;

    /** Who scales a pool that several gateways share; null where one does, or nobody. */
    private final @Nullable Engine engine;

    private Admitting(List<Tidegate> gateways, String pool, Work share, boolean scaled, @Nullable Engine engine) {
        this.gateways = gateways;
        this.pool = pool;
        this.share = share;
        this.scaled = scaled;
        this.engine = engine;
    }

    /**
     * @param scales whether Tidegate decides the count
     */
    static Admitting start(RunPlan plan, VirtualTime time, Fleet fleet, boolean scales, Profile profile) {
        Scenario scenario = plan.scenario();
        PoolConfig pool =
                plan.admission() == RunPlan.Admission.GATE ? scenario.poolConfig() : oneQueue(scenario.poolConfig());
        int count = scenario.gateways();
        Work whole = pool.replica().work();
        Work share = count == 1 ? whole : new Work(Math.max(1, whole.slots() / count), whole.tokens() / count);
        List<Tidegate> gateways = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean scaled = scales && count == 1;
            Tidegate.Builder builder = Tidegate.builder(of(scenario, with(pool, share, scaled), scaled))
                    .time(time)
                    .executor(Runnable::run)
                    .seed(plan.seed())
                    .callbackExecutor(task -> time.schedule(0, task));
            if (scaled) {
                builder.backend(scenario.pool(), fleet).memory(new Belief(scenario, profile));
                if (!Double.isNaN(scenario.signalPeriod())) {
                    builder.signals(
                            scenario.pool(),
                            new EngineSignals(time, fleet),
                            Duration.ofNanos(Math.round(scenario.signalPeriod() * 1e9)));
                }
            }
            gateways.add(builder.start());
        }
        Engine engine = scales && count > 1 ? shared(scenario, time, fleet, profile, gateways, share) : null;
        return new Admitting(gateways, scenario.pool(), share, scales, engine);
    }

    /**
     * One engine for several gateways, as in a fleet whose leader hears from all at once: it decides by the sum of what they count, and each
     * is supplied with its part of every replica.
     */
    private static Engine shared(
            Scenario scenario, VirtualTime time, Fleet fleet, Profile profile, List<Tidegate> gateways, Work share) {
        String name = scenario.pool();
        PoolConfig pool = scenario.poolConfig();
        ScalingConfig scaling = scenario.scaling();
        List<Gate> gates = gateways.stream().map(gateway -> gateway.gate(name)).toList();
        ScaledPool scaled = ScaledPool.builder(name)
                .load(() -> LoadSum.of(gates.stream().map(Gate::load).toList()))
                .supply(supply -> {
                    Supply part = new Supply(supply.replicas(), share, supply.scaling());
                    gateways.forEach(gateway -> gateway.limit(name).accept(part));
                })
                .backend(fleet)
                .replicaWork(pool.replica().work())
                .timeToReady(pool.replica().timeToReady())
                .pricePerHour(pool.replica().pricePerHour().orElse(Double.NaN))
                .alerts(scaling.alerts().toSettings())
                .period(scaling.period())
                .rateWindow(scaling.rateWindow())
                .latencyWindow(scaling.latencyWindow())
                .decides(new PolicySet(
                        "live",
                        scaling.policyList(),
                        scaling.toGuardrails(pool.replica().pricePerHour()).build()))
                .build();
        Engine engine = Engine.builder()
                .time(time)
                .executor(Runnable::run)
                .memory(new Belief(scenario, profile))
                .pool(scaled)
                .build();
        gates.forEach(gate -> gate.onDemand(() -> engine.wake(name, Decision.Trigger.QUEUE)));
        engine.start();
        return engine;
    }

    /** Only who scales keeps a ledger. */
    private static TidegateConfig of(Scenario scenario, PoolConfig pool, boolean scaled) {
        TidegateConfig config = scenario.config();
        return new TidegateConfig(
                Map.of(scenario.pool(), pool),
                config.quotas(),
                scaled ? config.ledger() : new LedgerConfig(Optional.empty()),
                config.memory(),
                UntoldAlerts.CONFIG);
    }

    private static PoolConfig with(PoolConfig pool, Work share, boolean scaled) {
        ReplicaConfig replica = pool.replica();
        return new PoolConfig(
                pool.tiers(),
                pool.maxQueued(),
                pool.maxTenants(),
                pool.shedByRank(),
                pool.tierOrder(),
                pool.weightedAbove(),
                // Nothing is dropped here, and finding it costs a reference for each request.
                false,
                0,
                pool.tenantRates(),
                pool.quotas(),
                Map.of(),
                pool.limit(),
                new ReplicaConfig(share.slots(), share.tokens(), 0, replica.timeToReady(), replica.pricePerHour()),
                scaled ? pool.scaling() : null);
    }

    /** In order of arrival: one tier that may wait for a day, with the objectives of the highest. */
    private static PoolConfig oneQueue(PoolConfig pool) {
        SloConfig slo = pool.tiers().values().iterator().next().slo();
        TierConfig all = new TierConfig(1, 1, Duration.ofDays(1), MOST_WAITING, MOST_TOKENS, 0, 0, 1, 0, slo);
        return new PoolConfig(
                Map.of("all", all),
                MOST_WAITING,
                0,
                false,
                pool.tierOrder(),
                pool.weightedAbove(),
                false,
                0,
                Map.of(),
                null,
                Map.of(),
                pool.limit(),
                pool.replica(),
                pool.scaling());
    }

    List<Gate> gates() {
        return gateways.stream().map(gateway -> gateway.gate(pool)).toList();
    }

    /** Tells the gateways what serves, where nobody else does. */
    void supply(ReplicaStatus status) {
        if (!scaled) {
            Supply supply = Supply.fixed(status.ready(), share);
            gateways.forEach(gateway -> gateway.limit(pool).accept(supply));
        }
    }

    @Override
    public void close() {
        if (engine != null) {
            engine.close();
        }
        gateways.forEach(Tidegate::close);
    }

    /** What Tidegate believes of a replica at the start. */
    private record Belief(Scenario scenario, Profile profile) implements EngineMemory {

        private static final int SAMPLES = 100;
        private static final int TIMES = 5;

        @Override
        public Optional<PoolMemory> load(String pool) {
            double multiple = scenario.believedThroughput();
            if (Double.isNaN(multiple)) {
                return Optional.empty();
            }
            double rate = multiple * profile.requestsPerSecond();
            return Optional.of(new PoolMemory(
                    Instant.EPOCH,
                    scenario.start(),
                    List.of(),
                    List.of(),
                    Map.of(),
                    new Capacity(rate * (profile.promptTokens() + profile.outputTokens()), rate, SAMPLES),
                    Collections.nCopies(TIMES, Duration.ofNanos(Math.round(profile.secondsToReady() * 1e9))),
                    Optional.empty()));
        }

        @Override
        public void save(String pool, PoolMemory memory) {}
    }
}
