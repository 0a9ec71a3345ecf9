/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import java.util.Map;

/**
 * Makes leaderships of one type from configuration; found by {@link java.util.ServiceLoader}.
 *
 * <p>A plugin names its factory in {@code META-INF/services/io.tidegate.engine.spi.LeadershipFactory}; nothing else has to change.
 *
 * @since 0.1.0
 */
public interface LeadershipFactory {

    /** What a configuration calls it: {@code kubernetes-lease}. */
    String type();

    /**
     * Makes a leadership, which takes part at once.
     *
     * @param settings the settings under {@code leadership.settings} in the configuration; values are texts, what is nested is joined with dots
     * @throws IllegalArgumentException naming every setting that is missing, wrong or unknown
     */
    Leadership create(Map<String, String> settings);
}
