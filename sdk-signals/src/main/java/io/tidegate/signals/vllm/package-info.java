/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** Signals of vLLM servers: {@link io.tidegate.signals.vllm.VllmMetricsSource} reads their {@code /metrics}. */
@NullMarked
package io.tidegate.signals.vllm;

import org.jspecify.annotations.NullMarked;
