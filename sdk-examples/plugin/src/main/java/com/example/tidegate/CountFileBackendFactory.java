/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.tidegate;

import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import java.nio.file.Path;
import java.util.Map;

/** Makes the backend from {@code type: count-file} with {@code folder}, which is required. */
public final class CountFileBackendFactory implements ScalerBackendFactory {

    @Override
    public String type() {
        return "count-file";
    }

    @Override
    public ScalerBackend create(Map<String, String> settings) {
        if (!settings.keySet().equals(java.util.Set.of("folder"))) {
            throw new IllegalArgumentException(
                    "count-file needs the setting folder and no other, but has " + settings.keySet());
        }
        return new CountFileBackend(Path.of(settings.get("folder")));
    }
}
