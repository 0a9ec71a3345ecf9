/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of reports, on scores made by hand. */
@NullMarked
package io.tidegate.sim.report;

import org.jspecify.annotations.NullMarked;
