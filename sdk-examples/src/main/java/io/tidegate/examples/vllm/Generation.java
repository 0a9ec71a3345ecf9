/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The output of one sequence on its way from the engine to the thread that answers the client.
 *
 * <p>Output is shown at the first token, then whenever {@code interval} more tokens have come, and at the end, like
 * vLLM's {@code --stream-interval}; between these the reader sleeps.
 *
 * <p>One thread writes, one thread reads. The writer publishes by a volatile write of {@link #shown} before it looks for
 * the reader; the reader announces itself by a volatile write of {@link #reader} before it looks at {@link #shown}. So
 * at least one of the two sees the other.
 */
final class Generation {
    /** An interval that shows nothing before the end. */
    static final int ONLY_THE_END = 0;

    /**
     * What may be sent.
     *
     * @param tokens output tokens so far
     * @param finish why there will be no more, or null
     */
    record Output(int tokens, @Nullable FinishReason finish) {}

    private final Sequence sequence;
    private final int interval;
    private volatile Output shown = new Output(0, null);
    private volatile @Nullable Thread reader;

    /** @param interval tokens between two outputs, at least 1, or {@link #ONLY_THE_END} */
    Generation(Sequence sequence, int interval) {
        this.sequence = sequence;
        this.interval = interval;
    }

    Sequence sequence() {
        return sequence;
    }

    /** Writer: the sequence has {@code tokens} output tokens, and ended if {@code finish} says why. */
    void progressed(int tokens, @Nullable FinishReason finish) {
        if (finish != null || isDue(tokens)) {
            shown = new Output(tokens, finish);
            LockSupport.unpark(reader);
        }
    }

    private boolean isDue(int tokens) {
        int sent = shown.tokens();
        return interval != ONLY_THE_END && (sent == 0 || tokens - sent >= interval);
    }

    /** Writer: no more output will come, and what was not shown yet is lost. */
    void abandon() {
        progressed(shown.tokens(), FinishReason.ABORT);
    }

    /**
     * Waits until there are more than {@code seen} tokens to show, or the end has come. The wait is as long as the
     * generation: whoever runs the engine ends every one of them, at the latest when it closes.
     *
     * @throws InterruptedException when the reader is interrupted; the sequence goes on
     */
    Output awaitBeyond(int seen) throws InterruptedException {
        reader = Thread.currentThread();
        while (true) {
            Output output = shown;
            if (output.finish() != null || output.tokens() > seen) {
                return output;
            }
            LockSupport.park(this);
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for output");
            }
        }
    }
}
