/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

/**
 * The model tokens a request took in the end.
 *
 * @param promptTokens tokens read; 0 or more
 * @param outputTokens tokens written; 0 or more
 * @since 0.1.0
 */
public record Usage(long promptTokens, long outputTokens) {

    /** Not reported. */
    public static final Usage NONE = new Usage(0, 0);

    /** Nothing, for certain: whoever had asked was gone before it began. Told from {@link #NONE} by identity. */
    static final Usage UNUSED = new Usage(0, 0);

    public Usage {
        if (promptTokens < 0 || outputTokens < 0) {
            throw new IllegalArgumentException("tokens must be >= 0 but were " + promptTokens + " and " + outputTokens);
        }
    }
}
