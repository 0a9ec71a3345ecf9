/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request before it is admitted, whatever HTTP library brought it. Does not change while it is looked at.
 *
 * <p>Headers, method and path are what the client wrote, so they may hold anything; the principal is what the gateway has
 * authenticated. Looking at it must be quick and must not block.
 *
 * @since 0.1.0
 */
public interface RequestFacts {

    /**
     * All values of a header, in the order in which they were sent, each as it was written; empty if there is none.
     *
     * @param name in any case
     */
    List<String> headers(String name);

    /** The path as it was sent, without the query. */
    String path();

    /** The method: {@code POST}. */
    String method();

    /** Who was authenticated; null if nobody was. */
    @Nullable
    String principal();

    /** Where the request came from, as the gateway knows it; null if it does not. No header of the client stands in for it. */
    @Nullable
    String remoteAddress();
}
