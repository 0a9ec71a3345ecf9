/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/**
 * Extra traffic for a while, on top of the usual.
 *
 * @param start when it begins, in trace time; not negative
 * @param length how long it lasts, in trace time; above 0
 * @param multiplier the whole traffic during the burst as a multiple of the usual; at least 1, so 2.5 adds one and a half
 *     times the usual
 * @param tiers shares of the tiers among the extra requests
 * @since 0.1.0
 */
public record Burst(Duration start, Duration length, double multiplier, Shares tiers) {
    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public Burst {
        Objects.requireNonNull(tiers, "tiers");
        if (start.isNegative()) {
            throw new IllegalArgumentException("start must be >= 0 but was " + start);
        }
        if (length.isNegative() || length.isZero()) {
            throw new IllegalArgumentException("length must be above 0 but was " + length);
        }
        if (!(multiplier >= 1) || Double.isInfinite(multiplier)) {
            throw new IllegalArgumentException("multiplier must be >= 1 and finite but was " + multiplier);
        }
    }

    /**
     * Returns the flash crowd of the built-in day: it starts after a sixth of the day, on the morning's rise, lasts an eighth
     * of it, and makes the traffic 2.5 times the usual with requests that are mostly standard (0.5) and batch (0.45). In a
     * day of 600 s that is from 100 s to 175 s, which leaves time to give capacity back afterwards.
     *
     * @param day how long the day is, in trace time
     */
    public static Burst flashCrowd(Duration day) {
        return new Burst(
                day.dividedBy(6),
                day.dividedBy(8),
                2.5,
                Shares.of(Map.of("premium", 0.05, "standard", 0.5, "batch", 0.45)));
    }
}
