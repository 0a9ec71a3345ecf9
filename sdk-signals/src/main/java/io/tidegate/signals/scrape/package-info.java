/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The text pages that engines and exporters give their metrics on. {@link io.tidegate.signals.scrape.MetricsText} reads one
 * page; how pages are fetched is not for users.
 */
@NullMarked
package io.tidegate.signals.scrape;

import org.jspecify.annotations.NullMarked;
