/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.spi.AlertListener;
import io.tidegate.alert.spi.AlertListenerFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * The alert listeners that are on the class path.
 *
 * @since 0.1.0
 */
public final class AlertListeners {

    private AlertListeners() {}

    /**
     * Makes a listener of that type.
     *
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings
     */
    public static AlertListener create(String type, Map<String, String> settings) {
        return create(type, settings, ServiceLoader.load(AlertListenerFactory.class));
    }

    static AlertListener create(String type, Map<String, String> settings, Iterable<AlertListenerFactory> factories) {
        Map<String, List<AlertListenerFactory>> byType = new TreeMap<>();
        for (AlertListenerFactory factory : factories) {
            byType.computeIfAbsent(factory.type(), ignored -> new ArrayList<>()).add(factory);
        }
        List<AlertListenerFactory> found = byType.getOrDefault(type, List.of());
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no alert listener of type \"" + type + "\" is on the class path, only "
                    + byType.keySet() + "; add its module, or give the listener to the builder");
        }
        if (found.size() > 1) {
            throw new IllegalArgumentException("alert listener type \"" + type + "\" is claimed by "
                    + found.stream()
                            .map(factory -> factory.getClass().getName())
                            .toList()
                    + "; remove one of them from the class path");
        }
        return found.get(0).create(Map.copyOf(settings));
    }

    /** The same listener under another name, so that meters tell two of one type apart. */
    public static AlertListener named(String name, AlertListener listener) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(listener, "listener");
        return new AlertListener() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void changed(Alert alert) throws Exception {
                listener.changed(alert);
            }

            @Override
            public void close() {
                listener.close();
            }
        };
    }
}
