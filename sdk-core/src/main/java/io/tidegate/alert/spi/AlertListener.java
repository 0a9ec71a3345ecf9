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
 * <p>Called on a thread that may block, never the engine's, for one alert at a time and in their order. While it is busy up to 256
 * alerts wait for it; of more the oldest are dropped and counted. What it throws is counted and logged once per change of state; the
 * alert is not told again, so a listener that must not lose one keeps it itself.
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
