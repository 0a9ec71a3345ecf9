/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What vLLM servers say of themselves on {@code /metrics}. {@link io.tidegate.signals.vllm.VllmMetricsSource} comes first: it
 * reads the replicas of one pool, adds them up for policies, and keeps each one's own figures, which
 * {@link io.tidegate.signals.vllm.VllmReadings} hands to a limit.
 */
@NullMarked
package io.tidegate.signals.vllm;

import org.jspecify.annotations.NullMarked;
