/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import java.net.URI;
import java.util.Objects;

/**
 * A server to read.
 *
 * @param url its address without {@code /metrics}: {@code http://10.0.0.7:8000}
 * @param ready whether it serves and is warm. What one says that is not is kept as a part and left out of sums and means, and that
 *     it cannot be read is no gap
 * @since 0.1.0
 */
public record EngineTarget(URI url, boolean ready) {

    public EngineTarget {
        Objects.requireNonNull(url, "url");
    }

    /** One that serves. */
    public static EngineTarget ready(URI url) {
        return new EngineTarget(url, true);
    }

    /** One that starts, loads its model or is not warm yet. */
    public static EngineTarget warming(URI url) {
        return new EngineTarget(url, false);
    }
}
