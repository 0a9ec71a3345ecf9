/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The gate's and the engine's meters for Micrometer: {@link io.tidegate.meter.TidegateMetrics} binds them,
 * {@link io.tidegate.meter.Meters} lists them.
 */
@NullMarked
package io.tidegate.meter;

import org.jspecify.annotations.NullMarked;
