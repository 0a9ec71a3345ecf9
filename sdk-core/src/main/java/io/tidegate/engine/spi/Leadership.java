/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import java.util.Optional;

/**
 * Which of several gateways that serve the same pools may act.
 *
 * <p>All of them look and know; one writes. A lease alone does not keep an old leader's late write away, so each term has an epoch
 * that grows with every change of leader: a backend that can should stamp it on what it writes first, and refuse to write over a
 * higher one ({@link ScaleRequest#epoch()}).
 *
 * <p>Methods are called from many threads, before each decision and again before each write: they answer from memory and never block.
 * When an implementation can no longer prove that it leads it must say so by itself, by the monotonic clock, whatever its store says
 * or does not.
 *
 * @since 0.1.0
 */
public interface Leadership extends AutoCloseable {

    /** Whether this gateway may act at this instant, and in which term. */
    Term term();

    /**
     * Has this run after each change of {@link #term()}, on any thread; it returns at once.
     *
     * @param changed must not throw
     */
    void onChange(Runnable changed);

    /** Where leaders of one pool after the other keep what the next must know; empty, the default, if that is kept elsewhere. */
    default Optional<EngineMemory> memory() {
        return Optional.empty();
    }

    /** Stops leading and lets another gateway lead; called when nothing writes any more. Harmless when called twice. */
    @Override
    default void close() {}

    /**
     * A term.
     *
     * @param leads whether this gateway may act
     * @param epoch of the present term, whoever leads it; grows with each change of leader, 0 if not known or alone
     * @param leader who leads, empty if nobody is known to
     */
    record Term(boolean leads, long epoch, String leader) {

        public Term {
            if (epoch < 0) {
                throw new IllegalArgumentException("epoch must be >= 0 but was " + epoch);
            }
        }
    }

    /** The only gateway there is: leads always, in a term without number. */
    static Leadership alone() {
        return new Leadership() {

            private final Term alone = new Term(true, 0, "");

            @Override
            public Term term() {
                return alone;
            }

            @Override
            public void onChange(Runnable changed) {
                // It never does.
            }
        };
    }
}
