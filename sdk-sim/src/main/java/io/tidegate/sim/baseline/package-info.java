/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Published autoscalers, from their public descriptions, each a control law that sees what its original can see.
 *
 * <p>{@link io.tidegate.sim.baseline.Autoscaler} comes first. Nothing here knows the simulation: what a law may look at is in
 * {@link io.tidegate.sim.baseline.Observation}.
 */
@NullMarked
package io.tidegate.sim.baseline;

import org.jspecify.annotations.NullMarked;
