/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How others add forecasters.
 */
@NullMarked
package io.tidegate.forecast.spi;

import org.jspecify.annotations.NullMarked;
