/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.forecast.spi;

import java.util.Map;

/**
 * Makes forecasters of one type from configuration; found by {@link java.util.ServiceLoader}.
 *
 * <p>A plugin names its factory in {@code META-INF/services/io.tidegate.forecast.spi.ForecasterFactory}; nothing else has to change.
 *
 * @since 0.1.0
 */
public interface ForecasterFactory {

    /** What a configuration calls it: {@code seasonal-naive}. */
    String type();

    /**
     * Makes a forecaster. Also called only to check a configuration, so it must neither start nor open anything.
     *
     * @param settings texts by name
     * @throws IllegalArgumentException naming every setting that is missing, wrong or unknown
     */
    Forecaster create(Map<String, String> settings);
}
