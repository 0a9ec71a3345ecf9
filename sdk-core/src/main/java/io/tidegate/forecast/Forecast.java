/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.forecast;

import java.util.List;

/**
 * What is expected of a series, step by step from its end. Immutable.
 *
 * <p>Either there is a point for each step that was asked for, or there is none and {@link #why} says what lacks. A forecast that is
 * not there is no forecast of 0.
 *
 * @param points one for each step ahead, the next first; empty if nothing can be said
 * @param coverage share of values that are stated to come to lie within their bounds, in (0, 1): 0.9 says that one of ten will not
 * @param why what it rests on, or what lacks, in one or two sentences for a person; not blank
 * @since 0.1.0
 */
public record Forecast(List<Point> points, double coverage, String why) {

    /** Most steps ahead. */
    public static final int MOST_STEPS = 10_000;

    public Forecast {
        points = List.copyOf(points);
        if (points.size() > MOST_STEPS) {
            throw new IllegalArgumentException(
                    "a forecast must have at most " + MOST_STEPS + " points but has " + points.size());
        }
        if (!(coverage > 0 && coverage < 1)) {
            throw new IllegalArgumentException("coverage must be above 0 and below 1 but was " + coverage);
        }
        if (why.isBlank()) {
            throw new IllegalArgumentException("why must say what the forecast rests on but was blank");
        }
    }

    /** Nothing can be said. */
    public static Forecast none(double coverage, String why) {
        return new Forecast(List.of(), coverage, why);
    }

    /** Whether nothing can be said. */
    public boolean isEmpty() {
        return points.isEmpty();
    }

    /**
     * One step ahead.
     *
     * @param value what is expected; finite, 0 or more
     * @param lower bound below; 0 or more, at most {@code value}
     * @param upper bound above; finite, at least {@code value}
     */
    public record Point(double value, double lower, double upper) {
        public Point {
            if (!(lower >= 0 && lower <= value && value <= upper && Double.isFinite(upper))) {
                throw new IllegalArgumentException(
                        "a point must be finite with 0 <= lower <= value <= upper but was lower " + lower + ", value "
                                + value + ", upper " + upper);
            }
        }
    }
}
