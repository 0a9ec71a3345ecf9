/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one step of the engine did.
 *
 * @param startNanos when it began, trace time
 * @param endNanos when its tokens came out, trace time
 * @param prefillTokens prompt tokens it computed, recomputed ones included
 * @param sequences sequences in its batch
 * @param progress what came out, in batch order
 */
record Step(long startNanos, long endNanos, int prefillTokens, int sequences, List<Progress> progress) {
    /**
     * A sequence that produced a token.
     *
     * @param outputTokens tokens it has produced so far
     * @param finish why it ended with this token, or null while it goes on
     */
    record Progress(
            Sequence sequence, int outputTokens, @Nullable FinishReason finish) {}
}
