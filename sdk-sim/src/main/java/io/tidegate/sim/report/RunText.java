/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.TierScore;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One run in words and a table of its tiers, for a terminal.
 *
 * @since 0.1.0
 */
public final class RunText {

    private static final List<String> HEAD = List.of(
            "tier",
            "requests",
            "attained %",
            "late",
            "shed",
            "expired",
            "left",
            "lost",
            "TTFT p50",
            "p90",
            "p99",
            "TPOT p50",
            "p99");

    private RunText() {}

    /** The run, lines separated by {@code \n}, the last one too. */
    public static String of(RunScore run) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(HEAD);
        run.tiers().forEach(tier -> rows.add(cells(tier)));
        rows.add(cells(run.all()));
        int[] widths = new int[HEAD.size()];
        rows.forEach(row -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s: scaler %s, admission %s, seed %d, %.0f s%n%n",
                run.scenario(),
                run.scaler(),
                run.admission(),
                run.seed(),
                run.seconds()));
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String pad = " ".repeat(widths[i] - row.get(i).length());
                line.append(i == 0 ? row.get(i) + pad : "  " + pad + row.get(i));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        text.append(String.format(
                Locale.ROOT,
                "%nReplicas: %.2f replica-hours, mean %.2f, peak %d%s; %d ups, %d downs, %d reversals within 10 min%s%n",
                run.replicaHours(),
                run.meanReplicas(),
                run.peakReplicas(),
                run.neededPeak() > 0 ? " where the bound needs " + run.neededPeak() : "",
                run.ups(),
                run.downs(),
                run.reversals(),
                run.cost().isPresent()
                        ? String.format(Locale.ROOT, "; cost %.2f", run.cost().getAsDouble())
                        : ""));
        text.append(String.format(
                Locale.ROOT,
                "Requests sent again: %d; thrown out of an engine's cache: %d%n",
                run.retries(),
                run.preemptions()));
        return text.toString().replace(System.lineSeparator(), "\n");
    }

    private static List<String> cells(TierScore tier) {
        return List.of(
                tier.tier(),
                Long.toString(tier.offered()),
                Ranking.percent(tier.attainment()),
                Long.toString(tier.late()),
                Long.toString(tier.shed()),
                Long.toString(tier.expired()),
                Long.toString(tier.left()),
                Long.toString(tier.failed()),
                TextTable.seconds(tier.ttftP50()),
                TextTable.seconds(tier.ttftP90()),
                TextTable.seconds(tier.ttftP99()),
                TextTable.seconds(tier.tpotP50()),
                TextTable.seconds(tier.tpotP99()));
    }
}
