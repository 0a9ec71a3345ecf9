/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** What the architecture rules must reject. */
@NullMarked
package io.tidegate.architecture.bad;

import org.jspecify.annotations.NullMarked;
