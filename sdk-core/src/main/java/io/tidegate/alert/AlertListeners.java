/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.spi.AlertListener;
import io.tidegate.alert.spi.AlertListenerFactory;
import io.tidegate.service.ServiceTypes;
import java.util.Map;
import java.util.Objects;

/**
 * The alert listeners that are on the class path.
 *
 * @since 0.1.0
 */
public final class AlertListeners {

    private static final String KIND = "alert listener";
    private static final String ADVICE = "add its module, or give the listener to the builder";

    private AlertListeners() {}

    /**
     * Makes a listener of that type.
     *
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings
     */
    public static AlertListener create(String type, Map<String, String> settings) {
        return ServiceTypes.find(KIND, AlertListenerFactory.class, type, AlertListenerFactory::type, ADVICE)
                .create(Map.copyOf(settings));
    }

    static AlertListener create(String type, Map<String, String> settings, Iterable<AlertListenerFactory> factories) {
        return ServiceTypes.among(KIND, type, factories, AlertListenerFactory::type, ADVICE)
                .create(Map.copyOf(settings));
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
