/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.report.JsonReport.Courses;
import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.RunScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JsonReportTest {

    private static final Path PAGE = Path.of("../docs/sim-json.md");

    private static final String RUN = """
            {"scaler":"tidegate","admission":"gate","seed":7,"seconds":7200,\
            "all":{"tier":"all","offered":1000,"attained":990,"attainment":0.99,"late":5,"shed":5,"expired":0,"left":0,\
            "failed":0,"ttftP50":0.25,"ttftP90":1.5,"ttftP99":3.1235,"tpotP50":0.031,"tpotP99":0.055},\
            "tiers":[{"tier":"premium","offered":400,"attained":400,"attainment":1,"late":0,"shed":0,"expired":0,"left":0,\
            "failed":0,"ttftP50":0.25,"ttftP90":1.5,"ttftP99":3.1235,"tpotP50":0.031,"tpotP99":0.055},\
            {"tier":"standard","offered":600,"attained":590,"attainment":0.983333,"late":5,"shed":5,"expired":0,"left":0,\
            "failed":0,"ttftP50":0.25,"ttftP90":1.5,"ttftP99":3.1235,"tpotP50":0.031,"tpotP99":0.055}],\
            "replicaHours":24,"meanReplicas":12,"peakReplicas":14,"neededPeak":8,"ups":12,"downs":10,"reversals":3,\
            "cost":240,"retries":5,"preemptions":1,\
            "course":{"seconds":[0,60],"arrivals":[0,2.1235],"specified":[12,12],"ready":[0,12],"existing":[12,12],\
            "queued":[0,3],"running":[0,20],"ttftP50":[null,0.2],"ttftP99":[null,1.75],"attained":[null,0.999999]}}""";

    private static JsonNode tree(String json) {
        return JsonMapper.shared().readTree(json);
    }

    private static Set<String> keys(JsonNode node) {
        Set<String> keys = new TreeSet<>();
        node.properties().forEach(property -> {
            keys.add(property.getKey());
            keys.addAll(keys(property.getValue()));
        });
        if (node.isArray()) {
            node.forEach(each -> keys.addAll(keys(each)));
        }
        return keys;
    }

    @Test
    void of_run_hasTheseBytes() {
        assertThat(JsonReport.of(Scores.run("tidegate", "gate", 7, 990, 24)))
                .isEqualTo(
                        "{\"schema\":\"tidegate-sim/1\",\"kind\":\"run\",\"scenario\":\"day\",\"run\":" + RUN + "}\n");
    }

    @Test
    void of_sameScoresTwice_sameBytes() {
        assertThat(JsonReport.of(Scores.comparison())).isEqualTo(JsonReport.of(Scores.comparison()));
    }

    @Test
    void of_comparison_rowsAreInTheOrderOfTheTable() {
        assertThat(tree(JsonReport.of(Scores.comparison())).path("rows").valueStream())
                .extracting(row -> row.path("scaler").stringValue())
                .containsExactly("tidegate", "hpa-cpu", "keda-queue", "bound");
    }

    @Test
    void of_comparison_boundIsMarked() {
        assertThat(tree(JsonReport.of(Scores.comparison())).path("rows").valueStream())
                .extracting(row -> row.path("implementable").booleanValue())
                .containsExactly(true, true, true, false);
    }

    @Test
    void of_comparison_distanceIsReplicaHoursOverThoseOfTheBound() {
        assertThat(tree(JsonReport.of(Scores.comparison()))
                        .at("/rows/2/toBound")
                        .decimalValue())
                .isEqualByComparingTo("1.475");
    }

    @Test
    void of_firstCourses_onlyTheFirstSeedHasOne() {
        assertThat(tree(JsonReport.of(Scores.comparison(), Courses.FIRST))
                        .at("/rows/0/runs")
                        .valueStream())
                .extracting(run -> run.has("course"))
                .containsExactly(true, false);
    }

    @Test
    void of_infinity_isNull() {
        RunScore run = Scores.run("tidegate", "gate", 7, 990, Double.POSITIVE_INFINITY, List.of());
        assertThat(tree(JsonReport.of(run)).at("/run/replicaHours").isNull()).isTrue();
    }

    @Test
    void of_largeFigure_hasNoExponent() {
        RunScore run = Scores.run("tidegate", "gate", 7, 990, 1.5e9, List.of());
        assertThat(JsonReport.of(run)).contains("\"replicaHours\":1500000000,");
    }

    @Test
    void page_describesEveryKeyAndNoOther() throws IOException {
        Set<String> written = keys(tree(JsonReport.of(Scores.comparison())));
        written.addAll(keys(tree(JsonReport.of(Scores.run("tidegate", "gate", 7, 990, 24)))));
        Set<String> described = new TreeSet<>();
        Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring(3, line.indexOf('`', 3)))
                .forEach(described::add);
        assertThat(described).isEqualTo(written);
    }

    private static List<JsonNode> examples() throws IOException {
        return Pattern.compile("```json\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(PAGE))
                .results()
                .map(found -> tree(found.group(1)))
                .toList();
    }

    @Test
    void page_examplesAreWhatIsWritten() throws IOException {
        RunScore run = Scores.run("tidegate", "gate", 7, 990, 24);
        Comparison comparison = Comparison.of("day", "a day of 1,000 requests", List.of(run));
        assertThat(examples()).containsExactly(tree(JsonReport.of(run)), tree(JsonReport.of(comparison, Courses.NONE)));
    }

    @Test
    void page_examplesHaveEveryKey() throws IOException {
        Set<String> shown = new TreeSet<>();
        examples().forEach(example -> shown.addAll(keys(example)));
        assertThat(shown)
                .isEqualTo(keys(tree("[" + JsonReport.of(Scores.comparison()) + ","
                        + JsonReport.of(Scores.run("tidegate", "gate", 7, 990, 24)) + "]")));
    }
}
