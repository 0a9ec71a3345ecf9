/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import io.tidegate.service.ServiceTypes;
import java.util.Map;

/**
 * The backends that are on the class path.
 *
 * @since 0.1.0
 */
public final class ScalerBackends {

    private static final String KIND = "scaler backend";
    private static final String ADVICE = "add its module, or give the backend to the builder";

    private ScalerBackends() {}

    /**
     * Makes a backend of that type.
     *
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings
     */
    public static ScalerBackend create(String type, Map<String, String> settings) {
        return ServiceTypes.find(KIND, ScalerBackendFactory.class, type, ScalerBackendFactory::type, ADVICE)
                .create(Map.copyOf(settings));
    }

    static ScalerBackend create(String type, Map<String, String> settings, Iterable<ScalerBackendFactory> factories) {
        return ServiceTypes.among(KIND, type, factories, ScalerBackendFactory::type, ADVICE)
                .create(Map.copyOf(settings));
    }
}
