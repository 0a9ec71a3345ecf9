/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.score;

/**
 * A mean with the 95 % interval of Student's t distribution over independent runs.
 *
 * @param mean of the values
 * @param halfWidth from the mean to either end; NaN for fewer than two values
 * @param count of the values
 * @since 0.1.0
 */
public record Interval(double mean, double halfWidth, int count) {

    /** 97.5 % quantiles of the t distribution by degrees of freedom, from 1. */
    private static final double[] T = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    };

    private static final double T_OF_MANY = 1.960;

    /** Mean and interval of values; NaN among them makes the mean NaN. */
    public static Interval of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("an interval needs at least one value");
        }
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double mean = sum / values.length;
        if (values.length == 1) {
            return new Interval(mean, Double.NaN, 1);
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        int freedom = values.length - 1;
        double t = freedom <= T.length ? T[freedom - 1] : T_OF_MANY;
        return new Interval(mean, t * Math.sqrt(squares / freedom / values.length), values.length);
    }

    /** Lower end. */
    public double lower() {
        return mean - halfWidth;
    }

    /** Upper end. */
    public double upper() {
        return mean + halfWidth;
    }
}
