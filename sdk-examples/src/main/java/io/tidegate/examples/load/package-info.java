/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Replays a trace against a gateway and says what came back, and whether the run may be believed.
 *
 * <p>Start with {@link io.tidegate.examples.load.OpenLoopDriver}; {@link io.tidegate.examples.load.Sampling} says how much of a
 * trace this machine should send, {@link io.tidegate.examples.load.Validity} judges a run afterwards.
 */
@NullMarked
package io.tidegate.examples.load;

import org.jspecify.annotations.NullMarked;
