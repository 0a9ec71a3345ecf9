/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** Runs gateways, autoscalers and vLLM fleets in virtual time: {@link io.tidegate.sim.Simulator} comes first. */
@NullMarked
package io.tidegate.sim;

import org.jspecify.annotations.NullMarked;
