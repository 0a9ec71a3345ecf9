/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.forecast;

import io.tidegate.forecast.spi.Forecaster;
import io.tidegate.forecast.spi.ForecasterFactory;
import io.tidegate.service.ServiceTypes;
import java.util.Map;

/**
 * The forecasters that are on the class path.
 *
 * @since 0.1.0
 */
public final class Forecasters {

    private static final String KIND = "forecaster";

    private Forecasters() {}

    /**
     * Makes a forecaster of that type.
     *
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings
     */
    public static Forecaster create(String type, Map<String, String> settings) {
        return ServiceTypes.find(KIND, ForecasterFactory.class, type, ForecasterFactory::type, "")
                .create(Map.copyOf(settings));
    }
}
