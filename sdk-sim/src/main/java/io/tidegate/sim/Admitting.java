/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.Tidegate;
import io.tidegate.admission.Gate;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TidegateConfig.SloConfig;
import io.tidegate.config.TidegateConfig.TierConfig;
import io.tidegate.engine.PoolMemory;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.ReplicaStatus;
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

/** The gateways of an episode, made as a user makes them: from the configuration. */
final class Admitting implements AutoCloseable {

    private static final int MOST_WAITING = 1_000_000;
    private static final long MOST_TOKENS = 1_099_511_627_760L;

    private final List<Tidegate> gateways;
    private final String pool;
    private final Work share;
    private final boolean scaled;

    private Admitting(List<Tidegate> gateways, String pool, Work share, boolean scaled) {
        this.gateways = gateways;
        this.pool = pool;
        this.share = share;
        this.scaled = scaled;
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
            Tidegate.Builder builder = Tidegate.builder(of(scenario, with(pool, share, scales && count == 1)))
                    .time(time)
                    .executor(Runnable::run)
                    .callbackExecutor(task -> time.schedule(0, task));
            if (scales && count == 1) {
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
        return new Admitting(gateways, scenario.pool(), share, scales && count == 1);
    }

    private static TidegateConfig of(Scenario scenario, PoolConfig pool) {
        TidegateConfig config = scenario.config();
        return new TidegateConfig(
                Map.of(scenario.pool(), pool), config.quotas(), config.ledger(), config.memory(), config.alerts());
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
