/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.sim.RunPlan.Admission;
import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.Comparison.Row;
import io.tidegate.sim.score.RunScore;
import java.util.ArrayList;
import java.util.List;

/** Runs of several scalers on the same seeds, for tests. */
final class Boards {

    private Boards() {}

    static Comparison board(Scenario scenario, int seeds, List<Admission> admissions, List<String> scalers) {
        List<RunPlan> plans = new ArrayList<>();
        for (String scaler : scalers) {
            for (Admission admission : admissions) {
                for (int seed = 1; seed <= seeds; seed++) {
                    plans.add(new RunPlan(scenario, scaler, admission, seed));
                }
            }
        }
        List<RunScore> runs = Runs.all(plans, Runtime.getRuntime().availableProcessors(), Simulator::run, share -> {});
        return Comparison.of(scenario.name(), scenario.about(), runs);
    }

    /** Tidegate with its gate. */
    static Row tidegate(Scenario scenario, int seeds) {
        return board(scenario, seeds, List.of(Admission.GATE), List.of("tidegate"))
                .rows()
                .get(0);
    }

    static double attained(Row row) {
        return 100 * row.of(run -> run.all().attainment()).mean();
    }

    static double attained(Row row, int tier) {
        return 100 * row.of(run -> run.tiers().get(tier).attainment()).mean();
    }

    static double replicaHours(Row row) {
        return row.of(RunScore::replicaHours).mean();
    }
}
