/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

/**
 * A measured relation between two quantities: linear between the measured points, and continued beyond them with the
 * slope of the nearest segment.
 */
final class Curve {
    private final double[] x;
    private final double[] y;

    /**
     * @param x where it was measured, strictly increasing, at least two points
     * @param y what was measured there
     */
    Curve(double[] x, double[] y) {
        if (x.length < 2 || x.length != y.length) {
            throw new IllegalArgumentException(
                    "a curve needs two or more points but has " + x.length + " x and " + y.length + " y values");
        }
        for (int i = 1; i < x.length; i++) {
            if (!(x[i] > x[i - 1])) {
                throw new IllegalArgumentException("x must increase but x[" + i + "] is " + x[i]);
            }
        }
        this.x = x.clone();
        this.y = y.clone();
    }

    /** The value at {@code at}; exact at a measured point. */
    double valueAt(double at) {
        int right = 1;
        while (right < x.length - 1 && x[right] < at) {
            right++;
        }
        int left = right - 1;
        if (at == x[right]) {
            return y[right];
        }
        return y[left] + (at - x[left]) * (y[right] - y[left]) / (x[right] - x[left]);
    }
}
