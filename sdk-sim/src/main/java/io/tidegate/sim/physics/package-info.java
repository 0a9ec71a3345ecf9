/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How vLLM replicas behave: how long their steps take, how they batch, how long they take to come.
 *
 * <p>Frozen: a test holds a hash of what it answers, so that whoever tunes a policy cannot tune the world it is measured in. docs/physics.md
 * says what it is calibrated on and what it leaves out.
 */
@NullMarked
package io.tidegate.sim.physics;

import org.jspecify.annotations.NullMarked;
