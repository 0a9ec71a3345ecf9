/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What is expected of a pool: {@link io.tidegate.forecast.Series} is what was, {@link io.tidegate.forecast.Forecast} what is expected,
 * with bounds. Forecasters are plugins: {@link io.tidegate.forecast.spi.Forecaster}, by type from
 * {@link io.tidegate.forecast.Forecasters}. Everything here is data and pure functions; nothing here reads a clock or scales.
 */
@NullMarked
package io.tidegate.forecast;

import org.jspecify.annotations.NullMarked;
