/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Figures of a sample. */
final class Statistics {
    private Statistics() {}

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    /** Coefficient of variation: standard deviation over mean. */
    static double variation(double[] values) {
        double mean = mean(values);
        double variance = Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElseThrow();
        return Math.sqrt(variance) / mean;
    }

    private static double[] ranks(int[] values) {
        Integer[] order = IntStream.range(0, values.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingInt(i -> values[i]));
        double[] ranks = new double[values.length];
        for (int i = 0; i < order.length; ) {
            int end = i;
            while (end < order.length && values[order[end]] == values[order[i]]) {
                end++;
            }
            for (int k = i; k < end; k++) {
                ranks[order[k]] = (i + end - 1) / 2.0;
            }
            i = end;
        }
        return ranks;
    }

    /** Spearman's rank correlation of prompt and answer; equal lengths share their mean rank. */
    static double rankCorrelation(List<TraceEvent> events) {
        double[] one = ranks(events.stream().mapToInt(TraceEvent::promptTokens).toArray());
        double[] other =
                ranks(events.stream().mapToInt(TraceEvent::outputTokens).toArray());
        double meanOne = mean(one);
        double meanOther = mean(other);
        double both = 0;
        double oneSquare = 0;
        double otherSquare = 0;
        for (int i = 0; i < one.length; i++) {
            both += (one[i] - meanOne) * (other[i] - meanOther);
            oneSquare += (one[i] - meanOne) * (one[i] - meanOne);
            otherSquare += (other[i] - meanOther) * (other[i] - meanOther);
        }
        return both / Math.sqrt(oneSquare * otherSquare);
    }
}
