/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.admission.TierOrder;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * All settings. Immutable; components that are null in the document have the defaults named here.
 *
 * @param pools settings of each pool by name; at least one
 * @param ledger where decisions and scale events are written
 * @since 0.1.0
 */
public record TidegateConfig(Map<String, PoolConfig> pools, LedgerConfig ledger) {

    public TidegateConfig {
        pools = Collections.unmodifiableMap(new LinkedHashMap<>(pools));
    }

    /**
     * One pool.
     *
     * @param tiers settings of each tier by name, highest rank first; at least one
     * @param maxQueued most requests that wait at once, all tiers; 1024 by default
     * @param tierOrder which tier is next among those that wait: weighted, strict or weightedAbove; weighted by default
     * @param weightedAbove saturation from which weights decide with {@code tierOrder: weightedAbove}; in (0, 1], 0.8 by default
     * @param leakDetection whether dropped permits are found and given back; true by default
     * @param leakSites notes for one in so many requests where it was made, for the log of a leak; 0, none, by default
     * @param replica what one replica is
     * @param scaling how the pool is scaled, or null if it is not
     */
    public record PoolConfig(
            Map<String, TierConfig> tiers,
            int maxQueued,
            TierOrderConfig tierOrder,
            double weightedAbove,
            boolean leakDetection,
            int leakSites,
            ReplicaConfig replica,
            @Nullable ScalingConfig scaling) {

        public PoolConfig {
            tiers = Collections.unmodifiableMap(new LinkedHashMap<>(tiers));
        }

        /** The tier order as the gate takes it. */
        public TierOrder order() {
            return switch (tierOrder) {
                case WEIGHTED -> TierOrder.weighted();
                case STRICT -> TierOrder.strict();
                case WEIGHTED_ABOVE -> TierOrder.weightedAbove(weightedAbove);
            };
        }

        /** The tiers as the gate takes them, highest rank first. */
        public List<Tier> tierList() {
            List<Tier> list = new ArrayList<>();
            tiers.forEach((name, tier) -> list.add(tier.toTier(name)));
            return list;
        }
    }

    /** Which tier is next among those that wait. */
    public enum TierOrderConfig {
        /** By weight. */
        WEIGHTED,
        /** By rank. */
        STRICT,
        /** By rank below a saturation, by weight from there on. */
        WEIGHTED_ABOVE
    }

    /**
     * One tier.
     *
     * @param weight share against other tiers that wait; above 0, 1 by default
     * @param ceiling part of the limit it may fill; in (0, 1], 1 by default
     * @param maxQueueTime longest time in queue; 10 s by default
     * @param maxQueued most requests that wait at once; 1024 by default
     * @param maxQueuedTokens most tokens of requests that wait at once; 16777216 by default
     * @param floor part of the granted work it gets at least while it waits; in [0, 1), 0.05 by default
     * @param slo what it is promised
     */
    public record TierConfig(
            double weight,
            double ceiling,
            Duration maxQueueTime,
            int maxQueued,
            long maxQueuedTokens,
            double floor,
            SloConfig slo) {

        /** The tier as the gate takes it. */
        public Tier toTier(String name) {
            return Tier.builder(name)
                    .weight(weight)
                    .ceiling(ceiling)
                    .maxQueueTime(maxQueueTime)
                    .maxQueued(maxQueued)
                    .maxQueuedTokens(maxQueuedTokens)
                    .floor(floor)
                    .slo(slo.toSlo())
                    .build();
        }
    }

    /**
     * What a tier is promised.
     *
     * @param timeToFirstToken bound on the time from arrival to first token; none by default
     * @param timePerOutputToken bound on the mean time per token after the first; none by default
     * @param target share of requests that must keep the bounds; in (0, 1], 0.99 by default
     */
    public record SloConfig(Optional<Duration> timeToFirstToken, Optional<Duration> timePerOutputToken, double target) {

        /** The SLO as a tier takes it. */
        public Slo toSlo() {
            Slo slo = Slo.none().withTarget(target);
            if (timeToFirstToken.isPresent()) {
                slo = slo.withTimeToFirstToken(timeToFirstToken.get());
            }
            return timePerOutputToken.isPresent() ? slo.withTimePerOutputToken(timePerOutputToken.get()) : slo;
        }
    }

    /**
     * What one replica is.
     *
     * @param slots requests it runs at once; 1 or more, 32 by default
     * @param tokens tokens it holds at once, as its KV cache allows; unlimited by default
     * @param count replicas of a pool that is not scaled; 1 by default
     * @param timeToReady time from asking for it to its first request, until measured; 2 min by default
     * @param pricePerHour what it costs, in any one currency; unknown by default
     */
    public record ReplicaConfig(int slots, long tokens, int count, Duration timeToReady, OptionalDouble pricePerHour) {

        /** What one replica holds. */
        public Work work() {
            return new Work(slots, tokens);
        }
    }

    /**
     * How a pool is scaled.
     *
     * @param min least replicas; 0 or more, 1 by default
     * @param max most replicas; at least {@code min} and 1; has no default
     * @param period time between decisions; 250 ms by default
     * @param targetUtilization part of the slots that should be busy; in (0, 1], 0.8 by default
     * @param drainWindow time in which new replicas should work off what still waits; 30 s by default
     * @param stabilizationWindow how long a lower answer must hold; 5 min by default
     * @param rateWindow time over which arrival rates are smoothed; 15 s by default
     * @param up how fast it may grow; 4 replicas or 100 % in 15 s by default
     * @param down how fast it may shrink; 1 replica or 10 % in 1 min by default
     * @param backend who carries decisions out; null if it is given in Java
     */
    public record ScalingConfig(
            int min,
            int max,
            Duration period,
            double targetUtilization,
            Duration drainWindow,
            Duration stabilizationWindow,
            Duration rateWindow,
            StepConfig up,
            StepConfig down,
            @Nullable BackendConfig backend) {}

    /**
     * How fast a pool may change: the larger of both holds.
     *
     * @param replicas replicas per period; 0 or more
     * @param share part of the count at the period's beginning; 0 or more
     * @param period positive
     */
    public record StepConfig(int replicas, double share, Duration period) {}

    /**
     * A backend found by its type.
     *
     * @param type as its factory names it, such as {@code kubernetes-scale}
     * @param settings what the factory is given
     */
    public record BackendConfig(String type, Map<String, String> settings) {

        public BackendConfig {
            settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        }
    }

    /**
     * Where the account is kept.
     *
     * @param file JSON lines, appended; none by default
     */
    public record LedgerConfig(Optional<Path> file) {}
}
