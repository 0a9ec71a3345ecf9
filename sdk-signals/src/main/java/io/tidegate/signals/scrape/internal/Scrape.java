/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape.internal;

import io.tidegate.signals.scrape.MetricsText;
import java.net.URI;

/** What came of the attempt to read one metrics page. */
public sealed interface Scrape {

    /** The server's address, as it was listed. */
    URI base();

    /** The page's address for people, without password and query. */
    String address();

    /** A page that was read whole. */
    record Page(URI base, String address, MetricsText text) implements Scrape {}

    /**
     * No page came.
     *
     * @param reason why, in words
     */
    record Unread(URI base, String address, String reason) implements Scrape {}

    /**
     * Something came that is no metrics page.
     *
     * @param reason what is wrong with it, in words
     */
    record Spoilt(URI base, String address, String reason) implements Scrape {}
}
