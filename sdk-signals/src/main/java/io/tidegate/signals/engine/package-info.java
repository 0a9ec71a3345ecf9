/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What vLLM and SGLang servers say of themselves on {@code /metrics}, under names that are the same for both.
 * {@link io.tidegate.signals.engine.EngineMetricsSource} comes first: it reads the replicas of one pool, adds them up for
 * policies, and keeps each one's own figures, which {@link io.tidegate.signals.engine.EngineReadings} hands to a limit.
 */
@NullMarked
package io.tidegate.signals.engine;

import org.jspecify.annotations.NullMarked;
