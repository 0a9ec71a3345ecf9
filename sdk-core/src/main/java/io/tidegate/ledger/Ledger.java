/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.Decision;

/**
 * Where decisions and scale events are written. Safe for many threads.
 *
 * <p>A ledger that cannot write says so by an exception; the engine counts it, logs it once and goes on.
 *
 * @since 0.1.0
 */
public interface Ledger extends AutoCloseable {

    /** Writes a decision that changes the desired count. */
    void decided(Decision decision);

    /** Writes the latest step of a scale event. */
    void stepped(ScaleEvent event);

    @Override
    void close();

    /** A ledger that keeps nothing. */
    static Ledger none() {
        return new Ledger() {
            @Override
            public void decided(Decision decision) {}

            @Override
            public void stepped(ScaleEvent event) {}

            @Override
            public void close() {}
        };
    }
}
