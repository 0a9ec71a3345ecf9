/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.RunScore;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {

    /** Of tidegate: 24 and 26 replica-hours, so 25 ± 12.706 · √2 ÷ √2; ÷ 20 of the bound; peaks 14 and 15 of 8 needed. */
    @Test
    void of_wideEnough_hasAllColumns() {
        assertThat(TextTable.of(Scores.comparison(), 140, false)).isEqualTo("""
                        scaler      admission    attained %  premium  standard  replica-hours  ÷ bound   mean         peak  ups/downs/rev  TTFT p50  TTFT p99
                        ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                        tidegate    gate        99.00 ±0.00   100.00     98.33     25.0 ±12.7    1.25×  12.50  14.5 (1.8×)        12/10/3    250 ms    3.12 s
                        hpa-cpu     gate        99.00 ±0.00   100.00     98.33      40.0 ±0.0    2.00×  20.00    22 (2.8×)        12/10/3    250 ms    3.12 s
                        keda-queue  fifo        96.50 ±6.35   100.00     94.16      29.5 ±6.4    1.48×  14.75    17 (2.1×)        12/10/3    250 ms    3.12 s
                        bound*      gate       100.00 ±0.00   100.00    100.00      20.0 ±0.0    1.00×  10.00    12 (1.5×)        12/10/3    250 ms    3.12 s

                        Scenario day: a day of 1,000 requests. 2 seeds, 1, 2; ± is the half-width of the 95 % interval of the mean.
                        Rules: open loop; a request attains by keeping all its objectives; late, shed, expired, left and lost are broken, whoever refused;
                        replica-hours count from asked for to gone, drain included.
                        * not implementable: the bound knows all arrivals beforehand. It takes no part in the order.
                        First is tidegate · gate: 99.00 % of requests attained with 25.0 replica-hours; not told apart from hpa-cpu · gate by attainment (0.00 ±0.00
                        points, seed by seed), with 15.0 ±12.7 replica-hours less.
                        """);
    }

    @Test
    void of_narrow_staysWithinTheWidth() {
        assertThat(TextTable.of(Scores.comparison(), 40, false).lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(TextTable.LEAST_WIDTH));
    }

    @Test
    void of_narrow_saysWhatIsLeftOut() {
        assertThat(TextTable.of(Scores.comparison(), 100, false))
                .contains("Left out for want of width: mean, TTFT p50, ups/downs/rev.\n");
    }

    @Test
    void of_withColour_firstIsBoldAndBoundIsDim() {
        List<String> lines =
                TextTable.of(Scores.comparison(), 160, true).lines().toList();
        assertThat(lines.get(2)).startsWith("\u001b[1mtidegate").endsWith("\u001b[0m");
        assertThat(lines.get(3)).startsWith("hpa-cpu");
        assertThat(lines.get(5)).startsWith("\u001b[2mbound*").endsWith("\u001b[0m");
    }

    @Test
    void of_aheadOnAllSeeds_saysByHowMuch() {
        Comparison two = Comparison.of(
                "day",
                "",
                List.of(
                        Scores.run("a", "gate", 1, 900, 5),
                        Scores.run("a", "gate", 2, 950, 5),
                        Scores.run("b", "gate", 1, 890, 1),
                        Scores.run("b", "gate", 2, 940, 1)));
        // 1 point on either seed, whatever the seeds have in common.
        assertThat(TextTable.of(two, 160, false)).contains("ahead of b · gate by 1.00 ±0.00 points, seed by seed.");
    }

    @Test
    void of_oneSeed_promisesNoIntervals() {
        RunScore run = Scores.run("tidegate", "gate", 7, 990, 24);
        assertThat(TextTable.of(Comparison.of("day", "", List.of(run)), 120, false))
                .contains("One seed, 7, so no intervals.")
                .doesNotContain("±");
    }

    @Test
    void of_withoutBound_saysSo() {
        RunScore run = Scores.run("tidegate", "gate", 7, 990, 24);
        assertThat(TextTable.of(Comparison.of("day", "", List.of(run)), 120, false))
                .contains("The bound was not computed, so there is no distance to it.");
    }

    @Test
    void of_nobodyHadAToken_showsNoTime() {
        assertThat(TextTable.seconds(Double.NaN)).isEqualTo("–");
    }

    @Test
    void percent_oneInAMillionBroken_isNotAll() {
        assertThat(Ranking.percent(0.999999)).isEqualTo("99.99");
    }
}
