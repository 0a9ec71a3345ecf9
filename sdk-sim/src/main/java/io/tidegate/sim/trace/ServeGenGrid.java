/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.Arrays;

/** The evenly spaced windows of a ServeGen file, found from the window starts its rows name. */
final class ServeGenGrid {
    /** Length of a window if the file has one window only: that of the published files. */
    private static final double PUBLISHED_STEP_SECONDS = 600;

    private static final int MAX_WINDOWS = 1_000_000;

    private final double first;
    private final double step;
    private final int count;

    private ServeGenGrid(double first, double step, int count) {
        this.first = first;
        this.step = step;
        this.count = count;
    }

    /** Finds the grid of at least one window start, in any order, repeats allowed. */
    static ServeGenGrid of(TraceInput input, double[] starts) {
        double[] sorted = Arrays.stream(starts).sorted().distinct().toArray();
        double step = sorted.length == 1 ? PUBLISHED_STEP_SECONDS : Double.POSITIVE_INFINITY;
        for (int i = 1; i < sorted.length; i++) {
            step = Math.min(step, sorted[i] - sorted[i - 1]);
        }
        double windows = (sorted[sorted.length - 1] - sorted[0]) / step + 1;
        if (windows > MAX_WINDOWS) {
            throw input.bad(0, "the window starts span more than " + MAX_WINDOWS + " windows of " + step + " s");
        }
        return new ServeGenGrid(sorted[0], step, (int) Math.round(windows));
    }

    /** Start of the first window, in the file's seconds. */
    double firstSeconds() {
        return first;
    }

    double durationSeconds() {
        return count * step;
    }

    int count() {
        return count;
    }

    /** Returns the number of the window that starts then. */
    int index(TraceInput input, long line, double start) {
        double index = (start - first) / step;
        if (Math.abs(index - Math.rint(index)) > 1e-6) {
            throw input.bad(
                    line, "window_start_s " + start + " is not on the grid of " + step + " s windows from " + first);
        }
        return (int) Math.rint(index);
    }

    /** Ends of all windows, in seconds from the start of the first. */
    double[] ends() {
        double[] ends = new double[count];
        for (int i = 0; i < count; i++) {
            ends[i] = (i + 1) * step;
        }
        return ends;
    }
}
