/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * A simulated vLLM server: the OpenAI chat API and vLLM's metrics in front of a model of one GPU replica, no GPU needed.
 *
 * <p>Start with {@link io.tidegate.examples.vllm.SimulatedVllmServer}, in this process or as a process of its own.
 * Timing follows published measurements ({@link io.tidegate.examples.vllm.ReplicaProfile}); the scheduler behind it is
 * continuous batching with chunked prefill, paged KV memory and preemption. All durations the server believes in are
 * <em>trace time</em>, which may run faster than the wall clock.
 */
@NullMarked
package io.tidegate.examples.vllm;

import org.jspecify.annotations.NullMarked;
