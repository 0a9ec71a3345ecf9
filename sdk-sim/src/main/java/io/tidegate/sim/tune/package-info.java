/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Finds settings for a pool in the simulator: {@link io.tidegate.sim.tune.Tuner} searches on the first part of a trace and measures on
 * the rest.
 */
@NullMarked
package io.tidegate.sim.tune;

import org.jspecify.annotations.NullMarked;
