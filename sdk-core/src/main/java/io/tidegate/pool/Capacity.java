/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

/**
 * The throughput one warm replica sustains, as far as it has been learned. Immutable.
 *
 * @param tokensPerSecond prompt and output tokens of requests that ended, per second and replica; NaN if not known
 * @param requestsPerSecond requests that ended, per second and replica; NaN if not known
 * @param samples how many measurements at high use it rests on; 0 if it is a guess
 * @since 0.1.0
 */
public record Capacity(double tokensPerSecond, double requestsPerSecond, long samples) {

    /** Nothing is known. */
    public static final Capacity UNKNOWN = new Capacity(Double.NaN, Double.NaN, 0);

    public Capacity {
        check("tokensPerSecond", tokensPerSecond);
        check("requestsPerSecond", requestsPerSecond);
        if (samples < 0) {
            throw new IllegalArgumentException("samples must be >= 0 but was " + samples);
        }
    }

    /** Whether it has been measured. */
    public boolean known() {
        return samples > 0;
    }

    private static void check(String name, double value) {
        if (value <= 0 || Double.isInfinite(value)) {
            throw new IllegalArgumentException(name + " must be above 0 and finite, or NaN, but was " + value);
        }
    }
}
