/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How others add sources of signals.
 */
@NullMarked
package io.tidegate.signal.spi;

import org.jspecify.annotations.NullMarked;
