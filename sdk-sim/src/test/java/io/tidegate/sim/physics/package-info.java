/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
@NullMarked
package io.tidegate.sim.physics;

import org.jspecify.annotations.NullMarked;
