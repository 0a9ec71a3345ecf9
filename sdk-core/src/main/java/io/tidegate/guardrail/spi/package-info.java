/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How others add guardrails.
 */
@NullMarked
package io.tidegate.guardrail.spi;

import org.jspecify.annotations.NullMarked;
