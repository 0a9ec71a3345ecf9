/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import java.util.Map;

/**
 * Makes backends of one type from configuration; found by {@link java.util.ServiceLoader}.
 *
 * <p>A plugin names its factory in {@code META-INF/services/io.tidegate.engine.spi.ScalerBackendFactory}; nothing else has to
 * change.
 *
 * @since 0.1.0
 */
public interface ScalerBackendFactory {

    /** What a configuration calls it: {@code kubernetes-scale}. */
    String type();

    /**
     * Makes a backend.
     *
     * @param settings the settings under the backend's {@code settings} in the configuration; values are texts; numbers
     *     are as YAML reads them, so what must stay as written, such as 007, is to be quoted
     * @throws IllegalArgumentException naming every setting that is missing, wrong or unknown
     */
    ScalerBackend create(Map<String, String> settings);
}
