/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

/** Trace time of one server: nanoseconds since its start, passing {@code scale} times faster than the wall clock. */
final class TraceClock {
    private final long originNanos = System.nanoTime();
    private final double scale;

    TraceClock(double scale) {
        this.scale = scale;
    }

    long nowNanos() {
        return (long) ((System.nanoTime() - originNanos) * scale);
    }

    /** Real nanoseconds from now until a trace instant, rounded up; zero or less when it has come. */
    long realNanosUntil(long traceNanos) {
        return originNanos + (long) Math.ceil(traceNanos / scale) - System.nanoTime();
    }
}
