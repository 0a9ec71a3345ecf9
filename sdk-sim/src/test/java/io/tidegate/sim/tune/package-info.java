/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of the tuner, on scores that a formula gives. */
@NullMarked
package io.tidegate.sim.tune;

import org.jspecify.annotations.NullMarked;
