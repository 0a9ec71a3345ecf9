/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.config.TidegateConfig;
import io.tidegate.sim.trace.Trace;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * The named scenarios.
 *
 * @since 0.1.0
 */
public final class Scenarios {

    private static final Map<String, Scenario> NAMED = new LinkedHashMap<>();

    private Scenarios() {}

    /** Their names, in the order of the documentation. */
    public static List<String> names() {
        return List.copyOf(NAMED.keySet());
    }

    /**
     * The scenario of a name.
     *
     * @throws IllegalArgumentException if there is none; the message names those there are
     */
    public static Scenario named(String name) {
        Scenario found = NAMED.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no scenario is called \"" + name + "\": there are " + names());
        }
        return found;
    }

    /**
     * A scenario of one's own.
     *
     * @param trace gives the requests for a seed
     * @param config with exactly one pool, which is scaled
     */
    public static Scenario of(String name, LongFunction<Trace> trace, TidegateConfig config) {
        return new Scenario(name, "", trace, config);
    }
}
