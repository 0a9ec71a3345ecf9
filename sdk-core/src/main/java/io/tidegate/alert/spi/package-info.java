/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How others are told of alerts.
 */
@NullMarked
package io.tidegate.alert.spi;

import org.jspecify.annotations.NullMarked;
