/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

/**
 * One request inside the engine: a prompt and the output produced so far.
 *
 * <p>Owned by the {@link ContinuousBatchingEngine} that made it; only the immutable part may be read by others.
 */
final class Sequence {
    /** Where a sequence is in its life. */
    enum State {
        WAITING,
        RUNNING,
        FINISHED
    }

    /** Marks an instant that has not come yet. */
    static final long NOT_YET = Long.MIN_VALUE;

    private final Work work;
    private final long arrivalNanos;

    State state = State.WAITING;
    /** Tokens whose keys and values are in the KV cache; back to 0 at a preemption. */
    int computedTokens;

    int outputTokens;
    int blocks;
    /** Tokens to be computed in the step under way, 0 when it leaves this sequence out. */
    int stepTokens;

    long firstScheduledNanos = NOT_YET;
    long firstTokenNanos = NOT_YET;
    long lastTokenNanos = NOT_YET;

    /**
     * What a request asks of the engine.
     *
     * @param promptTokens length of the prompt, at least 1
     * @param outputTokens tokens this sequence will produce, at least 1
     * @param maxTokens tokens the client allows, at least {@code outputTokens}
     * @param finish why it will end after {@code outputTokens}
     */
    record Work(int promptTokens, int outputTokens, int maxTokens, FinishReason finish) {
        Work {
            if (promptTokens < 1 || outputTokens < 1 || maxTokens < outputTokens) {
                throw new IllegalArgumentException("need promptTokens >= 1 and 1 <= outputTokens <= maxTokens but was "
                        + promptTokens + ", " + outputTokens + ", " + maxTokens);
            }
        }
    }

    Sequence(Work work, long arrivalNanos) {
        this.work = work;
        this.arrivalNanos = arrivalNanos;
    }

    Work work() {
        return work;
    }

    long arrivalNanos() {
        return arrivalNanos;
    }

    /** Tokens known now: the prompt and what was produced. */
    int length() {
        return work.promptTokens() + outputTokens;
    }

    /** Whether only the newest token is left to compute; false while a prompt, or a preempted sequence, is computed. */
    boolean isDecoding() {
        return outputTokens > 0 && computedTokens == length() - 1;
    }
}
