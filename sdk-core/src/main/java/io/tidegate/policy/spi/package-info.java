/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How others add policies.
 */
@NullMarked
package io.tidegate.policy.spi;

import org.jspecify.annotations.NullMarked;
