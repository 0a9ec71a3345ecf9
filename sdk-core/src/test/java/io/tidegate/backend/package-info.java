/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests. */
@NullMarked
package io.tidegate.backend;

import org.jspecify.annotations.NullMarked;
