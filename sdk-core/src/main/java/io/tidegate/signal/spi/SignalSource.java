/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal.spi;

import io.tidegate.pool.Signal;
import java.time.Duration;
import java.util.Map;

/**
 * Where signals come from: an engine's metrics endpoint, a Prometheus, a device exporter.
 *
 * @since 0.1.0
 */
public interface SignalSource extends AutoCloseable {

    /** Short name, unique in a pool: {@code vllm}. */
    String name();

    /**
     * Reads now; called from time to time on a thread that may block.
     *
     * @return signals by name, such as {@code engine.requests.waiting}; a value that cannot be had is {@link Signal.Missing}, not left out
     * @throws Exception if nothing can be had; all signals it gave before then grow stale
     */
    Map<String, Signal> read() throws Exception;

    /**
     * Whether at least one of its values differs from read to read while requests are served, as counters and the power draw of a
     * GPU do. If it does, and none of them moves for long although requests end, its values are taken for frozen and read as
     * {@link Signal.Stale}. False by default: a queue that is empty is rightly zero for hours.
     */
    default boolean alwaysMoves() {
        return false;
    }

    /**
     * How long a read may take; 2 s by default. After it the read is given up, its thread is interrupted, and what it brings later is
     * dropped. Positive, at most 1 hour, and a little above the source's own time-outs, so that a part of what there is can be told
     * where the rest is silent.
     */
    default Duration longestRead() {
        return Duration.ofSeconds(2);
    }

    /** Gives back what it holds; does nothing by default. */
    @Override
    default void close() {}
}
