/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy.spi;

import io.tidegate.policy.PolicySettings;

/**
 * Makes policies of one type from configuration; found by {@link java.util.ServiceLoader}.
 *
 * <p>A plugin names its factory in {@code META-INF/services/io.tidegate.policy.spi.PolicyFactory}; nothing else has to change.
 *
 * @since 0.1.0
 */
public interface PolicyFactory {

    /** What a configuration calls it: {@code target}. */
    String type();

    /**
     * Makes a policy. Also called only to check a configuration, so it must neither start nor open anything.
     *
     * @param name what the configuration calls the policy; whatever it calls itself, it goes by that name
     * @param settings asked for one by one; what nobody asks for is reported as unknown
     * @throws IllegalArgumentException if a value is wrong in a way that {@code settings} cannot tell
     */
    Policy create(String name, PolicySettings settings);
}
