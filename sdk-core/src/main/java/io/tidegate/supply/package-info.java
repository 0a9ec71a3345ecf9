/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What admission may know of supply: how much the ready replicas hold, and when more will come. The engine publishes a
 * {@link io.tidegate.supply.Supply}, gates read it; neither knows the other.
 */
@NullMarked
package io.tidegate.supply;

import org.jspecify.annotations.NullMarked;
