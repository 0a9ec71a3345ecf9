/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import java.time.Duration;

/**
 * Which replica serves a request: a {@link Dispatch} to one, or {@link None} where there is none that may be asked now.
 *
 * @since 0.1.0
 */
public sealed interface Choice permits Dispatch, Choice.None {

    /**
     * No replica may be asked now.
     *
     * @param why why
     * @param retryAfter when the first of them may be asked again, from now; zero where time alone will not help
     */
    record None(Why why, Duration retryAfter) implements Choice {}

    /** Why there is none. */
    enum Why {
        /** No replica is known. */
        NO_REPLICA,
        /** None of them serves the model, or none a request of that length. */
        NONE_SERVES_IT,
        /** All have said that they take nothing for a while. */
        ALL_HELD
    }
}
