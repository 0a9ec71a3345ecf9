/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert.spi;

import io.tidegate.alert.Alert;

/**
 * Told what begins, changes severity and ends: a log, a pager, a chat.
 *
 * <p>Called on a thread that may block, never the engine's, for one alert at a time and in their order. A call that takes more than 2 s
 * is interrupted and has failed; until it has returned there is no other. What it throws is counted and logged once per change of state,
 * and after 3 failures in a row it is left alone for 30 s and longer, at most 5 minutes. An alert that it did not take is not told again,
 * so a listener that must not lose one keeps it itself. While it is busy or left alone up to 256 alerts wait for it; of more the oldest
 * are dropped and counted.
 *
 * @since 0.1.0
 */
public interface AlertListener extends AutoCloseable {

    /** What meters and the log call it; short, and never changing. */
    String name();

    /**
     * An alert began, changed its severity or ended.
     *
     * @throws Exception if it could not be told
     */
    void changed(Alert alert) throws Exception;

    /** Gives back what it holds; does nothing by default. */
    @Override
    default void close() {}
}
