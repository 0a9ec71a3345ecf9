/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What is shown of runs: {@link io.tidegate.sim.report.TextTable} on a terminal, {@link io.tidegate.sim.report.JsonReport} for programs,
 * {@link io.tidegate.sim.report.HtmlReport} for people. All of them put the rows of a comparison in the same order.
 */
@NullMarked
package io.tidegate.sim.report;

import org.jspecify.annotations.NullMarked;
