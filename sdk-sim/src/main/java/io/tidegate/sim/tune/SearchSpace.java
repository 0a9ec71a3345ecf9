/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.tune;

import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PolicyConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The settings that are searched, each with the values it may take, and the configuration that each choice of values means. */
final class SearchSpace {

    /** Policies of a pool that names none: docs/policies.md. */
    private static final Map<String, PolicyConfig> STANDARD = standard();

    private final TidegateConfig config;
    private final String pool;
    private final List<Setting> settings;

    /**
     * One setting.
     *
     * @param path below the pool
     * @param values in rising order
     * @param start index of the value that the configuration has
     */
    record Setting(String path, List<String> values, int start) {}

    private SearchSpace(TidegateConfig config, String pool, List<Setting> settings) {
        this.config = config;
        this.pool = pool;
        this.settings = List.copyOf(settings);
    }

    /**
     * The space around a configuration: each setting takes the value that it has, too.
     *
     * @throws IllegalArgumentException if there is not exactly one pool, which is scaled
     */
    static SearchSpace around(TidegateConfig config) {
        if (config.pools().size() != 1) {
            throw new IllegalArgumentException("a configuration to tune must have exactly one pool but has "
                    + config.pools().keySet());
        }
        Map.Entry<String, PoolConfig> only =
                config.pools().entrySet().iterator().next();
        ScalingConfig scaling = only.getValue().scaling();
        if (scaling == null) {
            throw new IllegalArgumentException("pool " + only.getKey() + " is not scaled: it needs scaling.max");
        }
        List<Setting> settings = new ArrayList<>();
        policiesOf(scaling).forEach((name, policy) -> {
            String path = "scaling.policies." + name + ".settings.";
            // A dot in a name would be taken for the end of a part of the path.
            if (name.contains(".")) {
                return;
            }
            if (policy.type().equals("backlog")) {
                number(settings, path, policy, "targetThroughput", "0.85", "0.8", "0.85", "0.9", "0.95", "1");
            } else if (policy.type().equals("slo")) {
                number(settings, path, policy, "promisedUse", "0.85", "0.7", "0.75", "0.8", "0.85", "0.9", "0.95");
                number(settings, path, policy, "otherUse", "0.92", "0.8", "0.85", "0.92", "0.96", "1");
                number(settings, path, policy, "sigmas", "1", "0", "0.5", "1", "1.5", "2");
            }
        });
        time(settings, "scaling.rateWindow", scaling.rateWindow(), 5, 10, 15, 30, 60);
        time(settings, "scaling.up.stabilizationWindow", scaling.up().stabilizationWindow(), 0, 5, 15, 30);
        time(
                settings,
                "scaling.down.stabilizationWindow",
                scaling.down().stabilizationWindow(),
                60,
                120,
                180,
                300,
                600);
        time(settings, "scaling.down.period", scaling.down().period(), 15, 30, 60, 120);
        return new SearchSpace(config, only.getKey(), settings);
    }

    private static Map<String, PolicyConfig> policiesOf(ScalingConfig scaling) {
        return scaling.policies().isEmpty() ? STANDARD : scaling.policies();
    }

    private static Map<String, PolicyConfig> standard() {
        Map<String, PolicyConfig> standard = new LinkedHashMap<>();
        standard.put("backlog", new PolicyConfig("backlog", Map.of("targetThroughput", "0.95")));
        standard.put("slo", new PolicyConfig("slo", Map.of()));
        return standard;
    }

    private static void number(
            List<Setting> settings, String path, PolicyConfig policy, String key, String standard, String... values) {
        String now = policy.settings().getOrDefault(key, standard);
        TreeMap<BigDecimal, String> sorted = new TreeMap<>();
        for (String value : values) {
            sorted.put(new BigDecimal(value), value);
        }
        sorted.putIfAbsent(new BigDecimal(now), now);
        settings.add(new Setting(
                path + key,
                List.copyOf(sorted.values()),
                sorted.headMap(new BigDecimal(now)).size()));
    }

    private static void time(List<Setting> settings, String path, Duration now, int... seconds) {
        TreeMap<Duration, String> sorted = new TreeMap<>();
        for (int each : seconds) {
            sorted.put(Duration.ofSeconds(each), ConfigTree.duration(Duration.ofSeconds(each)));
        }
        sorted.putIfAbsent(now, ConfigTree.duration(now));
        settings.add(new Setting(
                path, List.copyOf(sorted.values()), sorted.headMap(now).size()));
    }

    List<Setting> settings() {
        return settings;
    }

    /** The choice that changes nothing. */
    Choice start() {
        return new Choice(settings.stream().map(Setting::start).toList());
    }

    /** What a choice changes, by path below the pool. */
    Map<String, String> changes(Choice choice) {
        Map<String, String> changes = new LinkedHashMap<>();
        for (int i = 0; i < settings.size(); i++) {
            Setting setting = settings.get(i);
            int index = choice.indexes().get(i);
            if (index != setting.start()) {
                changes.put(setting.path(), setting.values().get(index));
            }
        }
        return changes;
    }

    /** The value that a setting has before. */
    String before(String path) {
        return settings.stream()
                .filter(setting -> setting.path().equals(path))
                .map(setting -> setting.values().get(setting.start()))
                .findFirst()
                .orElseThrow();
    }

    /** The configuration that a choice means. */
    TidegateConfig config(Choice choice) {
        Map<String, String> changes = changes(choice);
        if (changes.isEmpty()) {
            return config;
        }
        Map<String, Object> tree = ConfigTree.of(config);
        Map<String, Object> of = ConfigTree.child(ConfigTree.child(tree, "pools"), pool);
        ScalingConfig scaling = Objects.requireNonNull(
                Objects.requireNonNull(config.pools().get(pool)).scaling());
        boolean ofPolicies = changes.keySet().stream().anyMatch(path -> path.startsWith("scaling.policies."));
        if (scaling.policies().isEmpty() && ofPolicies) {
            ConfigTree.put(of, "scaling.policies.backlog.settings.targetThroughput", "0.95");
            ConfigTree.child(ConfigTree.child(ConfigTree.child(of, "scaling"), "policies"), "slo");
        }
        changes.forEach((path, value) -> ConfigTree.put(of, path, value));
        return ConfigReader.fromTree("a choice of settings", tree);
    }

    /**
     * One value of each setting.
     *
     * @param indexes in the order of the settings
     */
    record Choice(List<Integer> indexes) {

        Choice {
            indexes = List.copyOf(indexes);
        }

        Choice with(int setting, int index) {
            List<Integer> changed = new ArrayList<>(indexes);
            changed.set(setting, index);
            return new Choice(changed);
        }
    }
}
