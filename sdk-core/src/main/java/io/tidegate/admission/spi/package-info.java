/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** What others may attach to a gate. */
@NullMarked
package io.tidegate.admission.spi;

import org.jspecify.annotations.NullMarked;
