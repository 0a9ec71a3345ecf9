/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** The gateway of the README: the least that embeds Tidegate. */
@NullMarked
package io.tidegate.examples.quickstart;

import org.jspecify.annotations.NullMarked;
