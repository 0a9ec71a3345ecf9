/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * The backends that are on the class path.
 *
 * @since 0.1.0
 */
public final class ScalerBackends {

    private ScalerBackends() {}

    /**
     * Makes a backend of that type.
     *
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings
     */
    public static ScalerBackend create(String type, Map<String, String> settings) {
        return create(type, settings, ServiceLoader.load(ScalerBackendFactory.class));
    }

    static ScalerBackend create(String type, Map<String, String> settings, Iterable<ScalerBackendFactory> factories) {
        Map<String, List<ScalerBackendFactory>> byType = new TreeMap<>();
        for (ScalerBackendFactory factory : factories) {
            byType.computeIfAbsent(factory.type(), ignored -> new ArrayList<>()).add(factory);
        }
        List<ScalerBackendFactory> found = byType.getOrDefault(type, List.of());
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no scaler backend of type \"" + type + "\" is on the class path, only "
                    + byType.keySet() + "; add its module, or give the backend to the builder");
        }
        if (found.size() > 1) {
            throw new IllegalArgumentException("scaler backend type \"" + type + "\" is claimed by "
                    + found.stream()
                            .map(factory -> factory.getClass().getName())
                            .toList()
                    + "; remove one of them from the class path");
        }
        return found.get(0).create(Map.copyOf(settings));
    }
}
