/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How others carry decisions out, and listen to them.
 */
@NullMarked
package io.tidegate.engine.spi;

import org.jspecify.annotations.NullMarked;
