/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.forecast;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a forecaster has learned, as rows of numbers by name, so that it can be saved, restored and looked at. Immutable.
 *
 * @param rows finite numbers by name, at most {@link #MOST_NUMBERS} together; names are the forecaster's own
 * @since 0.1.0
 */
public record Fitted(Map<String, List<Double>> rows) {

    /** Most numbers of all rows together: it is written down every few seconds. */
    public static final int MOST_NUMBERS = 100_000;

    /** Nothing yet. */
    public static final Fitted NOTHING = new Fitted(Map.of());

    public Fitted {
        Map<String, List<Double>> copies = new TreeMap<>();
        int count = 0;
        for (Map.Entry<String, List<Double>> row : rows.entrySet()) {
            List<Double> copy = List.copyOf(row.getValue());
            for (double number : copy) {
                if (!Double.isFinite(number)) {
                    throw new IllegalArgumentException(row.getKey() + " must be finite but has " + number);
                }
            }
            count += copy.size();
            copies.put(row.getKey(), copy);
        }
        if (count > MOST_NUMBERS) {
            throw new IllegalArgumentException(
                    "there must be at most " + MOST_NUMBERS + " numbers together but there are " + count);
        }
        rows = Collections.unmodifiableMap(copies);
    }

    /** The row of this name; empty if there is none. */
    public List<Double> row(String name) {
        return rows.getOrDefault(name, List.of());
    }

    /** The first number of a row, or another if there is none. */
    public double get(String name, double otherwise) {
        List<Double> row = row(name);
        return row.isEmpty() ? otherwise : row.get(0);
    }

    /** How many numbers there are. */
    public int size() {
        return rows.values().stream().mapToInt(List::size).sum();
    }
}
