/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

/** A request that remembers what became of it. */
final class Watched extends Sequence {

    final long arrived;
    long first = -1;
    long last = -1;
    int lost;
    int firsts;
    int ends;

    Watched(long arrived, int promptTokens, int outputTokens) {
        super(promptTokens, outputTokens);
        this.arrived = arrived;
    }

    @Override
    protected void firstToken(long nanos) {
        first = nanos;
        firsts++;
    }

    @Override
    protected void finished(long nanos) {
        last = nanos;
        ends++;
    }

    @Override
    protected void lost(long nanos) {
        lost++;
    }
}
