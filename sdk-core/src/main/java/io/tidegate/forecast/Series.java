/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.forecast;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one figure of a pool was, at even steps: arrivals per second, each the mean of one minute, for example. Immutable.
 *
 * <p>A value that is not known is NaN, and never 0: what was not counted is no sign of idleness.
 *
 * @since 0.1.0
 */
public final class Series {

    /** Most values of a series: a year of minutes. */
    public static final int MOST_VALUES = 366 * 24 * 60;

    private final Instant start;
    private final Duration step;
    private final double[] values;

    private Series(Instant start, Duration step, double[] values) {
        this.start = start;
        this.step = step;
        this.values = values;
    }

    /**
     * A series.
     *
     * @param start when the span of the first value began, by the wall clock, so that hours and days can be told apart
     * @param step how long the span of each value is; above 0 and at most 1 day
     * @param values finite and 0 or more, or NaN where unknown; oldest first, at most {@link #MOST_VALUES}; copied
     * @throws IllegalArgumentException naming what is wrong
     */
    public static Series of(Instant start, Duration step, double... values) {
        if (step.isZero() || step.isNegative() || step.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("step must be above 0 and at most 1 day but was " + step);
        }
        if (values.length > MOST_VALUES) {
            throw new IllegalArgumentException(
                    "a series must have at most " + MOST_VALUES + " values but has " + values.length);
        }
        double[] copy = values.clone();
        for (int i = 0; i < copy.length; i++) {
            if (copy[i] < 0 || Double.isInfinite(copy[i])) {
                throw new IllegalArgumentException(
                        "value " + i + " must be finite and >= 0, or NaN, but was " + copy[i]);
            }
        }
        return new Series(start, step, copy);
    }

    /** When the span of the first value began. */
    public Instant start() {
        return start;
    }

    /** How long the span of each value is. */
    public Duration step() {
        return step;
    }

    /** How many values there are, unknown ones included. */
    public int size() {
        return values.length;
    }

    /** Values that are known. */
    public int known() {
        int count = 0;
        for (double value : values) {
            if (!Double.isNaN(value)) {
                count++;
            }
        }
        return count;
    }

    /** A value, 0 the oldest; NaN if it is not known. */
    public double value(int index) {
        return values[index];
    }

    /** When the span of a value began; an index past the end is in the future. */
    public Instant at(int index) {
        return start.plus(step.multipliedBy(index));
    }

    /** When the span of the last value ended, so that of the first value forecast begins. */
    public Instant end() {
        return at(values.length);
    }

    /** A copy of all values. */
    public double[] toArray() {
        return values.clone();
    }

    /** With one more value; where it had {@link #MOST_VALUES}, the oldest is left out. */
    public Series with(double value) {
        boolean full = values.length == MOST_VALUES;
        double[] more =
                full ? Arrays.copyOfRange(values, 1, values.length + 1) : Arrays.copyOf(values, values.length + 1);
        more[more.length - 1] = value;
        return of(full ? at(1) : start, step, more);
    }

    /** The first of its values. */
    public Series first(int count) {
        return new Series(start, step, Arrays.copyOf(values, Math.max(0, Math.min(count, values.length))));
    }

    /** The last of its values. */
    public Series last(int count) {
        int from = values.length - Math.max(0, Math.min(count, values.length));
        return new Series(at(from), step, Arrays.copyOfRange(values, from, values.length));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Series that
                && start.equals(that.start)
                && step.equals(that.step)
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * start.hashCode() + step.hashCode()) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "Series[" + values.length + " values, " + known() + " known, each " + step + " from " + start + "]";
    }
}
