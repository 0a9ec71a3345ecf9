/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;
import java.util.List;

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
     * @param coverage share of those it should come from that were heard of, 0 to 1; below 1 a sum is no total, and nothing scales
     *     down on it
     * @param parts what each replica said, where the source tells them apart; else empty
     */
    record Known(double value, String unit, long atNanos, String source, double coverage, List<Part> parts)
            implements Signal {
        public Known {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("a known value must be finite but was " + value + " from " + source);
            }
            if (!(coverage >= 0 && coverage <= 1)) {
                throw new IllegalArgumentException("coverage must be 0 to 1 but was " + coverage + " from " + source);
            }
            parts = List.copyOf(parts);
        }

        /** A value of the whole, not told apart by replica. */
        public Known(double value, String unit, long atNanos, String source) {
            this(value, unit, atNanos, source, 1, List.of());
        }
    }

    /**
     * What one replica said.
     *
     * @param replica its name or address
     * @param ready whether it serves and is warm; what others say is no measure of load
     * @param signal its value, or why there is none; itself without parts
     */
    record Part(String replica, boolean ready, Signal signal) {}

    /**
     * Nothing was measured.
     *
     * @param reason why, in words
     */
    record Missing(String source, String reason) implements Signal {}

    /**
     * The last value is too old to act on, or has not moved while it should have.
     *
     * @param age how old the last value is
     * @param reason what makes it stale if not its age, in words; empty if it is the age
     */
    record Stale(String source, Duration age, String reason) implements Signal {

        /** Stale by age. */
        public Stale(String source, Duration age) {
            this(source, age, "");
        }
    }

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

    /** What is wrong with it, in words; empty if it is known and complete. */
    default String gap() {
        if (this instanceof Known known) {
            return known.coverage() >= 1 ? "" : Math.round(known.coverage() * 100) + " % heard of";
        }
        if (this instanceof Stale stale) {
            return stale.reason().isEmpty() ? "last heard " + stale.age().toSeconds() + " s ago" : stale.reason();
        }
        return this instanceof Missing missing ? missing.reason() : ((Invalid) this).reason();
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
