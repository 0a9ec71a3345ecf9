/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.config.TidegateConfig;
import io.tidegate.sim.trace.Trace;
import java.util.function.LongFunction;

/**
 * What happens in an episode, apart from who decides and the seed. Made by {@link Scenarios}, or from a trace of one's own.
 *
 * @param name lower case
 * @param about one line: trace, scale, model, fleet
 * @param trace gives the requests for a seed, with tiers and tenants
 * @param config the pool as a user would configure it: tiers with their objectives, replica, limits, scaling
 * @since 0.1.0
 */
public record Scenario(String name, String about, LongFunction<Trace> trace, TidegateConfig config) {}
