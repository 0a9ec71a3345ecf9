/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import org.jspecify.annotations.Nullable;

/**
 * One request inside an engine. Made by whoever sends it, and told what becomes of it.
 *
 * @since 0.1.0
 */
public abstract class Sequence {

    final int promptTokens;
    final int outputTokens;

    /** Tokens to compute before the next one comes: the prompt, or after a preemption what had been generated as well. */
    int toCompute;

    /** Of these, how many are computed. */
    int computed;

    /** Tokens generated. */
    int generated;

    /** Passes of its engine after which it ends; counts while it decodes. */
    long lastPass;

    /** Place in the order of admission. */
    long order;

    boolean decoding;
    boolean ended;

    @Nullable
    VllmReplica replica;

    /**
     * A request of a size; below 1 counts as 1.
     *
     * @param promptTokens at least 1
     * @param outputTokens at least 1
     */
    protected Sequence(int promptTokens, int outputTokens) {
        this.promptTokens = Math.max(1, promptTokens);
        this.outputTokens = Math.max(1, outputTokens);
        this.toCompute = this.promptTokens;
    }

    /** Its first token is out. */
    protected abstract void firstToken(long nanos);

    /** Its last token is out. */
    protected abstract void finished(long nanos);

    /** It was lost with its replica. */
    protected abstract void lost(long nanos);

    /** Tokens in the prompt, at least 1. */
    public int promptTokens() {
        return promptTokens;
    }

    /** Tokens that it will generate, at least 1. */
    public int outputTokens() {
        return outputTokens;
    }
}
