/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Where a request goes: which of several pools serves it, and which replica of a pool.
 *
 * <p>{@code Router} chooses between gates, {@code ReplicaBalancer} between the replicas behind one.
 */
@NullMarked
package io.tidegate.routing;

import org.jspecify.annotations.NullMarked;
