/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;

/**
 * One measured value, or the reason why there is none. Missing, stale and invalid are states, not numbers: they never read
 * as zero, and none of them is a reason to scale down.
 *
 * @since 0.1.0
 */
public sealed interface Signal {

    /** Where it comes from, for people: {@code vllm http://10.0.0.7:8000/metrics}. */
    String source();

    /**
     * A usable value.
     *
     * @param value finite
     * @param unit base unit of the value: {@code requests}, {@code tokens}, {@code seconds}, {@code ratio} (0..1)
     * @param atNanos when it was measured, on the monotonic clock
     * @param source where it comes from
     */
    record Known(double value, String unit, long atNanos, String source) implements Signal {
        public Known {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("a known value must be finite but was " + value + " from " + source);
            }
        }
    }

    /**
     * Nothing was measured.
     *
     * @param reason why, in words
     */
    record Missing(String source, String reason) implements Signal {}

    /**
     * The last value is too old to act on.
     *
     * @param age how old the last value is
     */
    record Stale(String source, Duration age) implements Signal {}

    /**
     * Something was measured that cannot be true.
     *
     * @param reason what is wrong with it, in words
     */
    record Invalid(String source, String reason) implements Signal {}

    /** {@link Known} for a finite, non-negative value, else {@link Invalid}. */
    static Signal ofNonNegative(double value, String unit, long atNanos, String source) {
        if (!Double.isFinite(value) || value < 0) {
            return new Invalid(source, "not a finite, non-negative number: " + value);
        }
        return new Known(value, unit, atNanos, source);
    }

    /** This signal, or {@link Stale} if it is a value measured longer ago than the limit. */
    default Signal notOlderThan(Duration limit, long nowNanos) {
        if (this instanceof Known known) {
            Duration age = Duration.ofNanos(nowNanos - known.atNanos());
            if (age.compareTo(limit) > 0) {
                return new Stale(known.source(), age);
            }
        }
        return this;
    }
}
