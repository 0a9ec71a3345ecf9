/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How metrics pages are fetched, for the sources of this module alone: {@link io.tidegate.signals.scrape.internal.Scraper}
 * comes first. Nothing here is a promise to users.
 */
@NullMarked
package io.tidegate.signals.scrape.internal;

import org.jspecify.annotations.NullMarked;
