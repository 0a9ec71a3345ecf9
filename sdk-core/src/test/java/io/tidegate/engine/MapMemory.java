/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineMemory;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A memory that is one. */
final class MapMemory implements EngineMemory {

    final Map<String, PoolMemory> kept = new HashMap<>();
    int loads;
    int saves;

    @Nullable
    Exception failure;

    @Override
    public Optional<PoolMemory> load(String pool) throws Exception {
        loads++;
        if (failure != null) {
            throw failure;
        }
        return Optional.ofNullable(kept.get(pool));
    }

    @Override
    public void save(String pool, PoolMemory memory) throws Exception {
        saves++;
        if (failure != null) {
            throw failure;
        }
        kept.put(pool, memory);
    }
}
