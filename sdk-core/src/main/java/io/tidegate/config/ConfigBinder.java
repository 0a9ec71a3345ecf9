/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.TidegateConfig.AlertListenersConfig;
import io.tidegate.config.TidegateConfig.LeadershipConfig;
import io.tidegate.config.TidegateConfig.LedgerConfig;
import io.tidegate.config.TidegateConfig.MemoryConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.QuotasConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TidegateConfig.SignalConfig;
import io.tidegate.config.TidegateConfig.SloConfig;
import io.tidegate.config.TidegateConfig.TierConfig;
import io.tidegate.config.TidegateConfig.TierOrderConfig;
import io.tidegate.config.TreeReader.Node;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.FileLedger.Sync;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which settings there are, with their ranges and defaults. */
final class ConfigBinder {

    private static final int MAX_REPLICAS = 100_000;
    private static final int MAX_WAITING = 1_000_000;
    private static final int MAX_TIERS = 32;
    private static final int MAX_TENANTS = 1_000_000;
    private static final double MAX_RATE = 1e9;
    private static final long MAX_FILE = 1L << 40;

    /** Has the defaults of all tiers. */
    private static final Tier TIER = Tier.builder("default").build();

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(1);

    private ConfigBinder() {}

    static TidegateConfig bind(Node root) {
        Map<String, PoolConfig> pools = root.children("pools", ConfigBinder::pool);
        if (pools.isEmpty()) {
            root.problem("pools", "needs at least one pool");
        }
        QuotasConfig quotas = sharedQuotas(root, pools);
        LedgerConfig ledger = ledger(root.child("ledger"));
        Node memory = root.child("memory");
        Optional<Path> folder = memory.text("folder").flatMap(text -> path(memory, "folder", text));
        memory.rejectUnknown();
        AlertListenersConfig alerts = AlertBinder.listeners(root.child("alerts"));
        LeadershipConfig leadership = leadership(root);
        root.rejectUnknown();
        return new TidegateConfig(pools, quotas, ledger, new MemoryConfig(folder), alerts, leadership);
    }

    private static @Nullable LeadershipConfig leadership(Node root) {
        Node node = root.child("leadership");
        if (!root.has("leadership")) {
            return null;
        }
        Optional<String> type = node.text("type");
        if (type.isEmpty()) {
            node.problem("type", "is required: the type of a leadership on the class path");
        }
        LeadershipConfig leadership = new LeadershipConfig(type.orElse(""), node.flatTexts("settings"));
        node.rejectUnknown();
        return leadership;
    }

    private static LedgerConfig ledger(Node node) {
        Map<String, Sync> syncs = new LinkedHashMap<>();
        syncs.put("events", Sync.EVENTS);
        syncs.put("all", Sync.ALL);
        syncs.put("none", Sync.NONE);
        LedgerConfig ledger = new LedgerConfig(
                node.text("file").flatMap(text -> path(node, "file", text)),
                node.choice("sync", syncs, Sync.EVENTS),
                node.number("rotateAt", FileLedger.LEAST_ROTATE_AT, MAX_FILE, FileLedger.DEFAULT_ROTATE_AT),
                node.integer("keep", 1, FileLedger.MOST_KEPT, FileLedger.DEFAULT_KEEP));
        node.rejectUnknown();
        return ledger;
    }

    private static @Nullable QuotasConfig sharedQuotas(Node root, Map<String, PoolConfig> pools) {
        Node node = root.child("quotas");
        if (!root.has("quotas")) {
            return null;
        }
        Set<String> tiers = pools.values().stream()
                .filter(pool -> pool.quotas() == null)
                .flatMap(pool -> pool.tiers().keySet().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        if (!pools.isEmpty() && pools.values().stream().allMatch(pool -> pool.quotas() != null)) {
            root.problem("quotas", "say nothing, since each pool has quotas of its own; leave out one or the other");
        }
        return QuotaBinder.quotas(node, tiers, "a tier of a pool that shares these quotas");
    }

    private static Optional<Path> path(Node node, String key, String text) {
        try {
            return Optional.of(Path.of(text));
        } catch (InvalidPathException e) {
            node.problem(key, "is not a path: " + e.getReason());
            return Optional.empty();
        }
    }

    private static PoolConfig pool(String name, Node node) {
        Map<String, TierConfig> tiers = node.children("tiers", ConfigBinder::tier);
        if (tiers.isEmpty() || tiers.size() > MAX_TIERS) {
            node.problem("tiers", "needs 1 to " + MAX_TIERS + " tiers but has " + tiers.size());
        }
        for (String tier : tiers.keySet()) {
            try {
                Tier.builder(tier);
            } catch (IllegalArgumentException e) {
                node.problem("tiers." + tier, String.valueOf(e.getMessage()));
            }
        }
        checkGuarantees(node, tiers);
        int maxQueued = node.integer("maxQueued", 0, MAX_WAITING, 1024);
        int maxTenants = node.integer("maxTenants", 0, MAX_TENANTS, 4096);
        boolean shedByRank = node.flag("shedByRank", true);
        TierOrderConfig order = node.choice("tierOrder", tierOrders(), TierOrderConfig.WEIGHTED);
        double weightedAbove = node.fraction("weightedAbove", 0, 1, false, 0.8);
        if (node.has("weightedAbove") && order != TierOrderConfig.WEIGHTED_ABOVE) {
            node.problem("weightedAbove", "says nothing unless tierOrder is weightedAbove");
        }
        boolean leakDetection = node.flag("leakDetection", true);
        int leakSites = node.integer("leakSites", 0, Integer.MAX_VALUE, 0);
        if (leakSites > 0 && !leakDetection) {
            node.problem("leakSites", "needs leakDetection");
        }
        Map<String, Map<String, Double>> tenantRates =
                node.children("tenantRates", (tier, tenants) -> tenants.fractions(0, MAX_RATE));
        Node quotas = node.child("quotas");
        QuotasConfig ownQuotas =
                node.has("quotas") ? QuotaBinder.quotas(quotas, tiers.keySet(), "a tier of this pool") : null;
        if (!tiers.isEmpty()) {
            node.child("tenantRates").rejectOthers(tiers.keySet(), "a tier of this pool");
        }
        ReplicaConfig replica = replica(node.child("replica"));
        boolean scaled = node.has("scaling");
        Node scaling = node.child("scaling");
        PoolConfig pool = new PoolConfig(
                tiers,
                maxQueued,
                maxTenants,
                shedByRank,
                order,
                weightedAbove,
                leakDetection,
                leakSites,
                tenantRates,
                ownQuotas,
                node.children("signals", ConfigBinder::signal),
                LimitBinder.limit(node.child("limit")),
                replica,
                scaled ? ScalingBinder.scaling(scaling, replica) : null);
        node.rejectUnknown();
        return pool;
    }

    private static void checkGuarantees(Node pool, Map<String, TierConfig> tiers) {
        // In decimals, so that 0.7 + 0.2 + 0.1 is 1.
        BigDecimal sum = tiers.values().stream()
                .map(tier -> BigDecimal.valueOf(tier.guarantee()))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        if (sum.compareTo(BigDecimal.ONE) > 0) {
            String each = tiers.entrySet().stream()
                    .filter(tier -> tier.getValue().guarantee() > 0)
                    .map(tier -> tier.getKey() + " "
                            + TreeReader.plain(tier.getValue().guarantee()))
                    .collect(Collectors.joining(", "));
            pool.problem(
                    "tiers",
                    "have guarantees that must be at most 1 together but are " + sum.toPlainString() + " (" + each
                            + "); lower some");
        }
    }

    private static Map<String, TierOrderConfig> tierOrders() {
        Map<String, TierOrderConfig> names = new LinkedHashMap<>();
        names.put("weighted", TierOrderConfig.WEIGHTED);
        names.put("strict", TierOrderConfig.STRICT);
        names.put("weightedAbove", TierOrderConfig.WEIGHTED_ABOVE);
        return names;
    }

    private static TierConfig tier(String name, Node node) {
        TierConfig tier = new TierConfig(
                node.fraction("weight", 0, Double.MAX_VALUE, false, TIER.weight()),
                node.fraction("ceiling", 0, 1, false, TIER.ceiling()),
                node.duration("maxQueueTime", Duration.ZERO, LONGEST, TIER.maxQueueTime()),
                node.integer("maxQueued", 0, MAX_WAITING, TIER.maxQueued()),
                node.number("maxQueuedTokens", 16, Work.MAX_TOKENS, TIER.maxQueuedTokens()),
                node.fraction("floor", 0, 0.99, true, TIER.floor()),
                node.fraction("guarantee", 0, 1, true, TIER.guarantee()),
                node.fraction("lends", 0, 1, true, TIER.lends()),
                node.fraction("tokensPerSecond", 0, MAX_RATE, true, TIER.tokensPerSecond()),
                slo(node.child("slo")));
        if (node.has("lends") && tier.guarantee() == 0) {
            node.problem("lends", "says nothing unless guarantee is above 0");
        }
        node.rejectUnknown();
        return tier;
    }

    private static SloConfig slo(Node node) {
        SloConfig slo = new SloConfig(
                node.optionalDuration("timeToFirstToken", SHORTEST, LONGEST),
                node.optionalDuration("timePerOutputToken", SHORTEST, LONGEST),
                node.fraction("target", 0, 1, false, TIER.slo().target()));
        node.rejectUnknown();
        return slo;
    }

    private static SignalConfig signal(String name, Node node) {
        SignalConfig signal = new SignalConfig(
                node.text("type").orElse(name),
                node.duration("period", Duration.ofMillis(10), Duration.ofHours(1), Duration.ofSeconds(15)),
                node.texts("settings"));
        node.rejectUnknown();
        return signal;
    }

    private static ReplicaConfig replica(Node node) {
        ReplicaConfig replica = new ReplicaConfig(
                node.integer("slots", 1, Work.MAX_SLOTS, 32),
                node.number("tokens", 1, Work.MAX_TOKENS, Work.MAX_TOKENS),
                node.integer("count", 0, MAX_REPLICAS, 1),
                node.duration("timeToReady", SHORTEST, LONGEST, Duration.ofMinutes(2)),
                node.optionalFraction("pricePerHour", 0, Double.MAX_VALUE, true));
        node.rejectUnknown();
        return replica;
    }
}
