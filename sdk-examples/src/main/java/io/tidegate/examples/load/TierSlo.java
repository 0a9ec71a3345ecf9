/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.time.Duration;
import java.util.Objects;

/**
 * What a tier promises: the first token within a bound.
 *
 * @param tier the tier's name
 * @param ttft longest time to the first token, in trace time; above 0
 * @since 0.1.0
 */
public record TierSlo(String tier, Duration ttft) {
    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if the bound is not above 0
     */
    public TierSlo {
        Objects.requireNonNull(tier, "tier");
        if (ttft.isNegative() || ttft.isZero()) {
            throw new IllegalArgumentException("the TTFT bound of " + tier + " must be above 0 but was " + ttft);
        }
    }
}
