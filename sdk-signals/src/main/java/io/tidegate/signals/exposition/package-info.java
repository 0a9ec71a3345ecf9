/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** Reads the Prometheus text exposition format: {@link io.tidegate.signals.exposition.ExpositionText}. */
@NullMarked
package io.tidegate.signals.exposition;

import org.jspecify.annotations.NullMarked;
