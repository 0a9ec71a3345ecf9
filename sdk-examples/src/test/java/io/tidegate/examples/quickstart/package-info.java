/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of the README's gateway. */
@NullMarked
package io.tidegate.examples.quickstart;

import org.jspecify.annotations.NullMarked;
