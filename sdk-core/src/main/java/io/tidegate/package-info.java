/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** {@link io.tidegate.Tidegate} puts gates, engine, account and meters together from one configuration. */
@NullMarked
package io.tidegate;

import org.jspecify.annotations.NullMarked;
