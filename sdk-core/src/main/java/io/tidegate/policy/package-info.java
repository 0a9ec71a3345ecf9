/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How many replicas a pool should have. A {@link io.tidegate.policy.spi.Policy} turns one
 * {@link io.tidegate.pool.PoolView} into a {@link io.tidegate.policy.Proposal}; {@link io.tidegate.policy.BacklogPolicy} is
 * the one that is always there. Policies read no clock, start no thread and remember nothing.
 */
@NullMarked
package io.tidegate.policy;

import org.jspecify.annotations.NullMarked;
