/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.tune;

import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.AlertListenersConfig;
import io.tidegate.config.TidegateConfig.BehaviorConfig;
import io.tidegate.config.TidegateConfig.LedgerConfig;
import io.tidegate.config.TidegateConfig.MemoryConfig;
import io.tidegate.config.TidegateConfig.PolicyConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.QuotaConfig;
import io.tidegate.config.TidegateConfig.QuotasConfig;
import io.tidegate.config.TidegateConfig.RateConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.config.TidegateConfig.ShadowConfig;
import io.tidegate.config.TidegateConfig.SignalConfig;
import io.tidegate.config.TidegateConfig.TierConfig;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * A configuration as the tree that {@link ConfigReader#fromTree} takes, with what is not the default.
 *
 * <p>Names of record components are names of settings. What is the default is left out, since some settings may only be named beside
 * others.
 */
final class ConfigTree {

    /** With the defaults of a pool, a tier, scaling. */
    private static final PoolConfig POOL = Objects.requireNonNull(
            ConfigReader.parse("defaults", "pools: {pool: {tiers: {tier: {}}, scaling: {max: 1}}}")
                    .pools()
                    .get("pool"));

    /** What a record is held against that is not in the place of another. */
    private static final Map<Class<?>, Object> STANDARDS = Map.of(
            PoolConfig.class,
            POOL,
            TierConfig.class,
            Objects.requireNonNull(POOL.tiers().get("tier")),
            QuotasConfig.class,
            new QuotasConfig(null, Map.of(), Map.of(), Map.of(), 16_384, false),
            QuotaConfig.class,
            new QuotaConfig(
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    Duration.ofMinutes(1),
                    OptionalLong.empty(),
                    Duration.ofMinutes(15)),
            SignalConfig.class,
            new SignalConfig("", Duration.ofSeconds(15), Map.of()),
            RateConfig.class,
            new RateConfig(-1, 0, Duration.ofMinutes(1)),
            ShadowConfig.class,
            new ShadowConfig("shadow", Map.of()),
            LedgerConfig.class,
            new LedgerConfig(Optional.empty()),
            MemoryConfig.class,
            new MemoryConfig(Optional.empty()),
            AlertListenersConfig.class,
            new AlertListenersConfig(Map.of()));

    private ConfigTree() {}

    /** The tree, which may be changed. */
    static Map<String, Object> of(TidegateConfig config) {
        return settings(config, null);
    }

    /**
     * As text that {@link ConfigReader#parse} reads to the same configuration.
     *
     * @throws IllegalStateException if it would not
     */
    static String yaml(TidegateConfig config) {
        YAMLFactory factory = YAMLFactory.builder()
                .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
                .disable(YAMLWriteFeature.SPLIT_LINES)
                .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
                .enable(YAMLWriteFeature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                .build();
        String text = YAMLMapper.builder(factory).build().writeValueAsString(of(config));
        if (!ConfigReader.parse("what was written", text).equals(config)) {
            throw new IllegalStateException("a setting cannot be written so that it reads the same");
        }
        return text;
    }

    /** Puts a value at a path such as {@code scaling.down.period} below the only pool, making maps on the way. */
    static void put(Map<String, Object> pool, String path, Object value) {
        String[] keys = path.split("\\.", -1);
        Map<String, Object> at = pool;
        for (int i = 0; i < keys.length - 1; i++) {
            at = child(at, keys[i]);
        }
        at.put(keys[keys.length - 1], value);
    }

    /** A map within a map, made if it is missing. */
    @SuppressWarnings("unchecked") // maps of a tree have texts as keys
    static Map<String, Object> child(Map<String, Object> map, String key) {
        return (Map<String, Object>) map.computeIfAbsent(key, missing -> new LinkedHashMap<String, Object>());
    }

    private static Map<String, Object> settings(Object record, @Nullable Object standard) {
        Map<String, Object> settings = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            Object value = value(component, record);
            Object usual = standard == null ? null : value(component, standard);
            if (value == null || (value.equals(usual) && !isAlways(component))) {
                continue;
            }
            Object plain = plain(value, usual);
            boolean empty = plain == null
                    || (plain instanceof Map<?, ?> map
                            && map.isEmpty()
                            && value instanceof Record
                            && STANDARDS.containsKey(value.getClass())
                            && !isNamed(value));
            if (!empty) {
                settings.put(component.getName(), plain);
            }
        }
        if (record instanceof BehaviorConfig behavior && standard instanceof BehaviorConfig usual) {
            rates(settings, behavior, usual);
        }
        return settings;
    }

    /** Quotas that are there say something even if they are empty; so does a shadow. */
    private static boolean isNamed(Object value) {
        return value instanceof QuotasConfig || value instanceof QuotaConfig || value instanceof ShadowConfig;
    }

    /** Settings without a default, and scaling itself, which one pool has and another has not. */
    private static boolean isAlways(RecordComponent component) {
        Class<?> owner = component.getDeclaringRecord();
        return (owner == ScalingConfig.class && component.getName().equals("max"))
                || (owner == PoolConfig.class && component.getName().equals("scaling"));
    }

    /** Naming one of replicas, share and rates means only that one, so where one differs all that count are written. */
    private static void rates(Map<String, Object> settings, BehaviorConfig behavior, BehaviorConfig usual) {
        settings.remove("replicas");
        settings.remove("share");
        if (behavior.replicas() == usual.replicas()
                && behavior.share() == usual.share()
                && behavior.rates().isEmpty()) {
            return;
        }
        if (behavior.replicas() > 0) {
            settings.put("replicas", behavior.replicas());
        }
        if (behavior.share() > 0) {
            settings.put("share", number(behavior.share()));
        }
    }

    private static @Nullable Object plain(Object value, @Nullable Object usual) {
        if (value instanceof PolicyConfig policy) {
            return named(policy.type(), policy.settings());
        }
        if (value instanceof Record) {
            return settings(value, usual != null ? usual : STANDARDS.get(value.getClass()));
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> entries = new LinkedHashMap<>();
            map.forEach((key, each) -> {
                Object entry = Objects.requireNonNull(plain(each, null));
                // The type of a policy or signal is its name unless it is said.
                if (entry instanceof Map<?, ?> fields
                        && key.equals(fields.get("type"))
                        && (each instanceof PolicyConfig || each instanceof SignalConfig)) {
                    fields.remove("type");
                }
                entries.put((String) key, entry);
            });
            return entries;
        }
        if (value instanceof Optional<?> optional) {
            return optional.map(each -> Objects.requireNonNull(plain(each, null)))
                    .orElse(null);
        }
        if (value instanceof OptionalDouble optional) {
            return optional.isPresent() ? number(optional.getAsDouble()) : null;
        }
        if (value instanceof OptionalLong optional) {
            return optional.isPresent() ? optional.getAsLong() : null;
        }
        if (value instanceof OptionalInt optional) {
            return optional.isPresent() ? optional.getAsInt() : null;
        }
        if (value instanceof Duration duration) {
            return duration(duration);
        }
        if (value instanceof Enum<?> constant) {
            return camel(constant.name());
        }
        if (value instanceof Double number) {
            return number(number);
        }
        if (value instanceof Path path) {
            return path.toString();
        }
        return value instanceof String text ? text(text) : value;
    }

    private static Map<String, Object> named(String type, Map<String, String> settings) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("type", type);
        if (!settings.isEmpty()) {
            Map<String, Object> texts = new LinkedHashMap<>();
            settings.forEach((key, value) -> texts.put(key, text(value)));
            tree.put("settings", texts);
        }
        return tree;
    }

    /** A number where the text is one that is written that way, so that it needs no quotes. */
    private static Object text(String text) {
        if (!text.matches("(0|[1-9][0-9]{0,14})(\\.[0-9]{0,15}[1-9])?")) {
            return text;
        }
        return new BigDecimal(text);
    }

    private static Object number(double value) {
        return new BigDecimal(Double.toString(value)).stripTrailingZeros().scale() <= 0 && Math.abs(value) < 1e15
                ? (Object) (long) value
                : (Object) value;
    }

    /** As people write it. */
    static String duration(Duration duration) {
        if (duration.isZero()) {
            return "0s";
        }
        if (duration.toNanos() % 1_000_000 != 0) {
            return duration.toString();
        }
        long millis = duration.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    private static String camel(String constant) {
        StringBuilder name = new StringBuilder();
        for (String word : constant.toLowerCase(Locale.ROOT).split("_", -1)) {
            name.append(name.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
        }
        return name.toString();
    }

    private static @Nullable Object value(RecordComponent component, Object record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " cannot be read", e);
        }
    }
}
