/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.alert.Alert;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.alert.spi.AlertListenerFactory;
import io.tidegate.config.TidegateConfig.AlertListenerConfig;
import io.tidegate.config.TidegateConfig.AlertListenersConfig;
import java.util.Map;

/**
 * Listeners of type {@code simulated}: what is simulated alarms nobody. Alerts are judged all the same, and are in the ledger.
 *
 * @since 0.1.0
 */
public final class UntoldAlerts implements AlertListenerFactory {

    private static final String TYPE = "simulated";

    /** In place of the log, which would be told where no listener is named. */
    static final AlertListenersConfig CONFIG =
            new AlertListenersConfig(Map.of(TYPE, new AlertListenerConfig(TYPE, Map.of())));

    /** For the service loader. */
    public UntoldAlerts() {}

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public AlertListener create(Map<String, String> settings) {
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException(
                    "a listener of type " + TYPE + " has no settings, but there are " + settings.keySet());
        }
        return new AlertListener() {
            @Override
            public String name() {
                return TYPE;
            }

            @Override
            public void changed(Alert alert) {}
        };
    }
}
