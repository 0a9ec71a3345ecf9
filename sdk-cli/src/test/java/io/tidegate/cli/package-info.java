/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** The commands as a user runs them. */
@NullMarked
package io.tidegate.cli;

import org.jspecify.annotations.NullMarked;
