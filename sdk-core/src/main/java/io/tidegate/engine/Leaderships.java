/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.Leadership;
import io.tidegate.engine.spi.LeadershipFactory;
import io.tidegate.service.ServiceTypes;
import java.util.Map;

/**
 * The leaderships that are on the class path.
 *
 * @since 0.1.0
 */
public final class Leaderships {

    private static final String KIND = "leadership";
    private static final String ADVICE = "add its module, or give the leadership to the builder";

    private Leaderships() {}

    /**
     * Makes a leadership of that type.
     *
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings
     */
    public static Leadership create(String type, Map<String, String> settings) {
        return ServiceTypes.find(KIND, LeadershipFactory.class, type, LeadershipFactory::type, ADVICE)
                .create(Map.copyOf(settings));
    }
}
