/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The loop that gathers, asks policies and guardrails, acts through a backend and records.
 * {@link io.tidegate.engine.Engine} comes first; {@link io.tidegate.engine.ScaledPool} says what it does for one pool.
 */
@NullMarked
package io.tidegate.engine;

import org.jspecify.annotations.NullMarked;
