/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * The load of a pool over the last ten minutes, by the second; what windows are averaged over. Immutable.
 *
 * @param seconds oldest first; there is none for the time before the engine started
 * @since 0.1.0
 */
public record Recent(List<Second> seconds) {

    /** How far back it reaches. */
    public static final Duration LENGTH = Duration.ofMinutes(10);

    /** Nothing is known of the past. */
    public static final Recent NOTHING = new Recent(List.of());

    public Recent {
        seconds = List.copyOf(seconds);
    }

    /**
     * About one second; the last one may still run.
     *
     * @param endNanos its end on the monotonic clock, or the instant of the view
     * @param lengthNanos its length, positive
     * @param concurrency requests in flight and in queue, mean over its length
     * @param arrivals requests asked in it
     * @param completed requests answered in it
     * @param tokens prompt and output tokens of requests that ended in it
     * @param readyReplicas replicas that were ready at its end
     */
    public record Second(
            long endNanos,
            long lengthNanos,
            double concurrency,
            double arrivals,
            double completed,
            double tokens,
            int readyReplicas) {}

    /** Whether anybody asked in the last of these seconds. */
    public boolean arrived() {
        return !seconds.isEmpty() && seconds.get(seconds.size() - 1).arrivals() > 0;
    }

    /** Mean concurrency over the window before an instant; empty if nothing is known of it. */
    public OptionalDouble concurrency(long endNanos, Duration window) {
        return mean(endNanos, window, second -> second.concurrency() * (double) second.lengthNanos(), 1);
    }

    /** Mean arrivals per second over the window before an instant; empty if nothing is known of it. */
    public OptionalDouble arrivalsPerSecond(long endNanos, Duration window) {
        return mean(endNanos, window, Second::arrivals, 1e9);
    }

    /** Mean answers per second over the window before an instant; empty if nothing is known of it. */
    public OptionalDouble completedPerSecond(long endNanos, Duration window) {
        return mean(endNanos, window, Second::completed, 1e9);
    }

    /** Mean tokens per second over the window before an instant; empty if nothing is known of it. */
    public OptionalDouble tokensPerSecond(long endNanos, Duration window) {
        return mean(endNanos, window, Second::tokens, 1e9);
    }

    private OptionalDouble mean(long endNanos, Duration window, ToDoubleFunction<Second> amount, double factor) {
        double sum = 0;
        double length = 0;
        long windowNanos = window.toNanos();
        for (int i = seconds.size() - 1; i >= 0; i--) {
            Second second = seconds.get(i);
            long age = endNanos - second.endNanos();
            if (age >= windowNanos) {
                break;
            }
            if (age >= 0) {
                sum += amount.applyAsDouble(second);
                length += (double) second.lengthNanos();
            }
        }
        return length > 0 ? OptionalDouble.of(sum / length * factor) : OptionalDouble.empty();
    }
}
