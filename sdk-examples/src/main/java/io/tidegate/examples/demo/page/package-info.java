/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The pages of the demo: {@link io.tidegate.examples.demo.page.LivePage} follows a run in the browser,
 * {@link io.tidegate.examples.demo.page.ReportPage} shows one that is over.
 *
 * <p>Each is one HTML document that loads nothing from anywhere: styles, scripts and the chart library (uPlot, from
 * its webjar) are inside. Both share their charts, so that the report of a run looks like the run did. The document
 * forbids, by its content security policy, every script but its own.
 */
@NullMarked
package io.tidegate.examples.demo.page;

import org.jspecify.annotations.NullMarked;
