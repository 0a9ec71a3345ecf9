/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** What came of an episode, by rules that are the same for everyone: docs/simulator.md. */
@NullMarked
package io.tidegate.sim.score;

import org.jspecify.annotations.NullMarked;
