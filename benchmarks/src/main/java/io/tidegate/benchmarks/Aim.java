/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.util.OptionalDouble;

/**
 * What we want to reach.
 *
 * @param what of what
 * @param measured how much it is; empty if it was not measured
 * @param most how much it may be
 * @param unit of both
 */
record Aim(String what, OptionalDouble measured, double most, String unit) {

    enum Verdict {
        PASS,
        MISS,
        /** Not measured. */
        NONE
    }

    Verdict verdict() {
        if (measured.isEmpty()) {
            return Verdict.NONE;
        }
        return measured.getAsDouble() <= most ? Verdict.PASS : Verdict.MISS;
    }
}
