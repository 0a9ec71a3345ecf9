/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.TidegateConfig.TierConfig;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * In which settings two configurations differ, by path as errors name them: {@code pools.chat.scaling.max}.
 *
 * @since 0.1.0
 */
public final class ConfigDiff {

    private ConfigDiff() {}

    /** Paths of all settings that differ; of what only one of both has, the path of the whole. */
    public static List<String> paths(TidegateConfig one, TidegateConfig other) {
        List<String> paths = new ArrayList<>();
        compare("", one, other, paths);
        return paths;
    }

    private static void compare(String path, @Nullable Object one, @Nullable Object other, List<String> paths) {
        Object left = unwrapped(one);
        Object right = unwrapped(other);
        if (left instanceof Map<?, ?> these && right instanceof Map<?, ?> those) {
            Set<Object> keys = new LinkedHashSet<>(these.keySet());
            keys.addAll(those.keySet());
            for (Object key : keys) {
                compare(join(path, String.valueOf(key)), these.get(key), those.get(key), paths);
            }
            if (areTiers(these)
                    && !List.copyOf(these.keySet()).equals(List.copyOf(those.keySet()))
                    && these.keySet().equals(those.keySet())) {
                // In another order they have other ranks.
                paths.add(path);
            }
        } else if (left instanceof Record && right instanceof Record && left.getClass() == right.getClass()) {
            for (RecordComponent component : left.getClass().getRecordComponents()) {
                compare(join(path, component.getName()), value(component, left), value(component, right), paths);
            }
        } else if (!Objects.equals(left, right)) {
            paths.add(path);
        }
    }

    private static boolean areTiers(Map<?, ?> map) {
        return map.values().stream().allMatch(TierConfig.class::isInstance);
    }

    private static @Nullable Object unwrapped(@Nullable Object value) {
        return value instanceof Optional<?> optional ? optional.orElse(null) : value;
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static @Nullable Object value(RecordComponent component, Object record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("a component of a public record cannot be read", e);
        }
    }
}
