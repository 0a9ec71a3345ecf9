/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission.spi;

import java.util.List;
import java.util.Map;

/**
 * Makes resolvers of one type from configuration; found by {@link java.util.ServiceLoader}.
 *
 * <p>A plugin names its factory in {@code META-INF/services/io.tidegate.admission.spi.TierResolverFactory}; nothing else has to change.
 *
 * @since 0.1.0
 */
public interface TierResolverFactory {

    /** What a configuration calls it: {@code header}. */
    String type();

    /**
     * Makes a resolver.
     *
     * @param settings texts by name
     * @param tiers names of the gate's tiers, highest rank first; at least one. It may answer with no other
     * @throws IllegalArgumentException naming every setting that is missing, wrong or unknown
     */
    TierResolver create(Map<String, String> settings, List<String> tiers);
}
