/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** What tests of the examples share. */
@NullMarked
package io.tidegate.examples;

import org.jspecify.annotations.NullMarked;
