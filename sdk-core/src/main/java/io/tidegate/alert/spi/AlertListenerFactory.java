/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert.spi;

import java.util.Map;

/**
 * Makes listeners of one type from configuration; found by {@link java.util.ServiceLoader}.
 *
 * <p>A plugin names its factory in {@code META-INF/services/io.tidegate.alert.spi.AlertListenerFactory}; nothing else has to change.
 *
 * @since 0.1.0
 */
public interface AlertListenerFactory {

    /** What a configuration calls it: {@code webhook}. */
    String type();

    /**
     * Makes a listener.
     *
     * @param settings the settings under the listener's {@code settings} in the configuration; values are texts
     * @throws IllegalArgumentException naming every setting that is missing, wrong or unknown
     */
    AlertListener create(Map<String, String> settings);
}
