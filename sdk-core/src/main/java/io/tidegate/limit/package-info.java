/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * How much may be in flight now: fixed for each replica, by its KV cache, or led by what the engines report.
 *
 * <p>{@link io.tidegate.limit.LimitController} comes first: it stands between whoever knows the replicas and the gate. Off limits
 * is end-to-end latency: an answer that takes long is no sign that too much is in flight.
 */
@NullMarked
package io.tidegate.limit;

import org.jspecify.annotations.NullMarked;
