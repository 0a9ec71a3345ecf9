/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.score;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Runs of several scalers on the same seeds of one scenario.
 *
 * @param scenario its name
 * @param about one line on it: trace, scale, fleet
 * @param rows one for each scaler and kind of admission, each with the runs by seed in the same order
 * @since 0.1.0
 */
public record Comparison(String scenario, String about, List<Row> rows) {

    public Comparison {
        rows = List.copyOf(rows);
    }

    /**
     * One scaler with one kind of admission.
     *
     * @param runs one for each seed; at least one
     */
    public record Row(String scaler, String admission, List<RunScore> runs) {

        public Row {
            runs = List.copyOf(runs);
            if (runs.isEmpty()) {
                throw new IllegalArgumentException("a row needs at least one run");
            }
        }

        /** Mean and interval of a figure over the seeds. */
        public Interval of(ToDoubleFunction<RunScore> figure) {
            return Interval.of(runs.stream().mapToDouble(figure).toArray());
        }
    }

    /** Puts runs into rows, in the order in which each kind comes first. */
    public static Comparison of(String scenario, String about, List<RunScore> runs) {
        Map<List<String>, List<RunScore>> byKind = new LinkedHashMap<>();
        runs.forEach(run -> byKind.computeIfAbsent(List.of(run.scaler(), run.admission()), kind -> new ArrayList<>())
                .add(run));
        List<Row> rows = new ArrayList<>();
        byKind.forEach((kind, of) -> rows.add(new Row(kind.get(0), kind.get(1), of)));
        return new Comparison(scenario, about, rows);
    }
}
