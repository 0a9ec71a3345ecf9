/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import io.tidegate.engine.PoolMemory;
import java.util.Optional;

/**
 * Where the engine keeps what must survive a restart. Read once for each pool at the start, written every ten seconds where something
 * changed, and at the end; on a thread that may block. What it throws is counted and logged once: the engine then starts as one that
 * knows nothing, which removes no replica for a full window.
 *
 * @since 0.1.0
 */
public interface EngineMemory extends AutoCloseable {

    /**
     * What was kept last, or empty if there is nothing.
     *
     * @throws Exception if it cannot be read
     */
    Optional<PoolMemory> load(String pool) throws Exception;

    /**
     * Keeps this in place of what was there.
     *
     * @throws Exception if it may not have been kept
     */
    void save(String pool, PoolMemory memory) throws Exception;

    /** Gives back what it holds; does nothing by default. */
    @Override
    default void close() {}
}
