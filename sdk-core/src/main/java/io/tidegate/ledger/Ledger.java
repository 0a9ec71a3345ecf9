/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.util.concurrent.CompletableFuture;

/**
 * Where decisions, scale events and all that belongs to them are written. Safe for many threads.
 *
 * <p>A ledger never delays nor stops who appends: it takes an entry and returns. What it cannot write it counts, and says so in
 * {@link #status()} and in the ledger itself as soon as it can write again.
 *
 * @since 0.1.0
 */
public interface Ledger extends AutoCloseable {

    /**
     * Takes an entry and returns at once.
     *
     * @return done when the entry will survive the end of this process, and of this machine where the ledger promises that; failed if it
     *     was lost. Entries become durable in the order in which they were taken
     */
    CompletableFuture<Void> append(Entry entry);

    /** What it holds from before it was opened. */
    default Recovered recovered() {
        return Recovered.NOTHING;
    }

    /** How it does. */
    default LedgerStatus status() {
        return LedgerStatus.UNKNOWN;
    }

    /** Writes what was taken, as far as that is possible within a bounded time, and gives back what it holds. */
    @Override
    void close();

    /** A ledger that keeps nothing. */
    static Ledger none() {
        return new Ledger() {
            @Override
            public CompletableFuture<Void> append(Entry entry) {
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public void close() {}
        };
    }
}
