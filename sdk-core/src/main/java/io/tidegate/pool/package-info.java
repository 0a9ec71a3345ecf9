/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What a pool is and what is known of it: tiers and their objectives, work, signals, and
 * {@link io.tidegate.pool.PoolView}, the immutable picture of one pool at one instant that policies decide on. Everything
 * here is data; nothing here acts.
 */
@NullMarked
package io.tidegate.pool;

import org.jspecify.annotations.NullMarked;
