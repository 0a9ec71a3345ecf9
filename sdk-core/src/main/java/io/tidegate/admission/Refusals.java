/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Admission.Shed;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The refusals of one reason and tier that are handed out for a short while: made once and handed out again, so that refusing a
 * flood allocates nothing and predicts nothing.
 *
 * <p>All are of the same predicted wait; each has its own jitter, so that those refused together do not come back together.
 *
 * <p>Safe for many threads.
 */
final class Refusals {

    /** How old the prediction may be when something changes; while nothing does, it stays true. */
    static final long FRESH_NANOS = 50_000_000;

    static final int DIFFERENT = 256;

    private final Reason reason;
    private final long waitNanos;
    private final long seed;

    /** Filled as they are asked for. A record is safe to hand over by a plain store. */
    private final @Nullable Shed[] answers = new @Nullable Shed[DIFFERENT];

    Refusals(Reason reason, long waitNanos, long seed) {
        this.reason = reason;
        this.waitNanos = waitNanos;
        this.seed = seed;
    }

    /** One of them; which, by a number that callers count up. */
    Shed get(long number) {
        int index = (int) number & (DIFFERENT - 1);
        Shed answer = answers[index];
        if (answer == null) {
            // Made by two threads at once they are equal.
            answer = new Shed(reason, RetryAfter.jittered((double) waitNanos, seed + index));
            answers[index] = answer;
        }
        return answer;
    }

    /** When to come back: the predicted wait, within bounds and jittered by a fifth either way. */
    static final class RetryAfter {

        private static final long MIN = Duration.ofSeconds(1).toNanos();
        private static final long MAX = Duration.ofSeconds(30).toNanos();
        private static final double JITTER = 0.2;

        private RetryAfter() {}

        /**
         * A time around the wait, at least 1 s and at most 30 s.
         *
         * <p>The wait is bounded before the jitter, not after it: those refused together must not all be told the same bound.
         * Example: a wait of 10 s gives 8 to 12 s; one of 0 s gives 1 to 1.5 s, one of an hour 20 to 30 s.
         */
        static Duration jittered(double waitNanos, long counter) {
            double bounded = Math.min(Math.max(waitNanos, MIN / (1 - JITTER)), MAX / (1 + JITTER));
            return Duration.ofNanos((long) (bounded * (1 - JITTER + 2 * JITTER * fraction(counter))));
        }

        /** A number in [0, 1) from a counter. */
        private static double fraction(long counter) {
            return (SplitMix.mix(counter * 0x9E3779B97F4A7C15L) >>> 11) * 0x1p-53;
        }
    }
}
