/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.architecture.bad;

import io.tidegate.admission.Gate;
import io.tidegate.engine.Engine;

/** The known-bad canary of {@code ArchitectureTest}: reads the system clock, and ties admission to the engine. */
final class ReadsTheClock {

    private ReadsTheClock() {}

    static String both(Gate gate, Engine engine) {
        return System.nanoTime() + gate.pool() + engine.pools();
    }
}
