/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

class CalibrationTest {

    /** Means and largest errors as they are; a fit that becomes worse says so. */
    @Test
    void fits_areAsFarOffAsThePageSays() {
        assertThat(error("Dynamo planner profile, H200, Llama 3.1 8B FP8, decode"))
                .isLessThan(0.07);
        assertThat(error("the same, prefill")).isLessThan(0.03);
        assertThat(error("ML.ENERGY v3, H100, Llama 3.1 8B bfloat16, inter-token latency"))
                .isLessThan(0.02);
        assertThat(error("ML.ENERGY v3, 4 x H100, Llama 3.1 70B bfloat16, inter-token latency"))
                .isLessThan(0.04);
        assertThat(error("llm-d, 2 x H100, Qwen3-32B")).isLessThan(0.01);
    }

    private static double error(String source) {
        return Calibration.all().stream()
                .flatMap(each -> each.curves().stream())
                .filter(curve -> curve.source().startsWith(source))
                .findFirst()
                .orElseThrow()
                .meanError();
    }

    @Test
    void qwen32b_sustainsWhatWasPublished() {
        EngineModel model = EngineModel.qwen32b();
        assertThat(model.sustained(4000, 1000, 0.1, model.fullBatch(4000, 1000)))
                .isCloseTo(1.45, within(0.01));
    }

    @Test
    void coefficients_areNeverNegative() {
        double[] fitted = LeastSquares.fit(
                new double[][] {{1, 1, 1}, {1, 2, 4}, {1, 3, 9}, {1, 4, 16}}, new double[] {10, 9, 7, 4});
        for (double each : fitted) {
            assertThat(each).isNotNegative();
        }
    }

    @Test
    void exactData_isFittedExactly() {
        double[] fitted =
                LeastSquares.fit(new double[][] {{1, 1}, {1, 2}, {1, 5}, {1, 9}}, new double[] {5, 7, 13, 21});
        assertThat(fitted[0]).isCloseTo(3, within(1e-9));
        assertThat(fitted[1]).isCloseTo(2, within(1e-9));
    }

    /** The tables in the project are the published files. */
    @Test
    @EnabledIfEnvironmentVariable(
            named = "TIDEGATE_DATA",
            matches = ".+",
            disabledReason = "TIDEGATE_DATA names no folder with the published measurements")
    void tables_areThoseOfTheFiles() throws IOException {
        List<double[]> decode = rows("dynamo_h200_llama31_8b_fp8_tp1_decode.csv", row -> true, 1, 2, 3);
        assertRows(Calibration.DYNAMO_DECODE, decode);
        assertRows(Calibration.DYNAMO_PREFILL, rows("dynamo_h200_llama31_8b_fp8_tp1_prefill.csv", row -> true, 0, 1));
        assertRows(
                Calibration.ML_ENERGY_8B,
                rows(
                        "mlenergy_llama3_h100_b200.csv",
                        row -> row[2].equals("Llama 3.1 8B Instruct") && row[3].equals("H100"),
                        10,
                        13));
        assertRows(
                Calibration.ML_ENERGY_70B,
                rows(
                        "mlenergy_llama3_h100_b200.csv",
                        row -> row[2].equals("Llama 3.1 70B Instruct") && row[3].equals("H100"),
                        10,
                        13));
    }

    private static void assertRows(double[][] table, List<double[]> file) {
        assertThat(file).hasSize(table.length);
        for (int i = 0; i < table.length; i++) {
            for (int j = 0; j < table[i].length; j++) {
                assertThat(table[i][j]).isCloseTo(file.get(i)[j], within(1e-4 * Math.abs(file.get(i)[j])));
            }
        }
    }

    private interface Wanted {
        boolean row(String[] fields);
    }

    private static List<double[]> rows(String file, Wanted wanted, int... columns) throws IOException {
        Path path = Path.of(System.getenv("TIDEGATE_DATA"), "perf", file);
        List<double[]> rows = new ArrayList<>();
        List<String> lines = Files.readAllLines(path);
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split(",", -1);
            if (wanted.row(fields)) {
                double[] row = new double[columns.length];
                for (int i = 0; i < columns.length; i++) {
                    row[i] = Double.parseDouble(fields[columns[i]]);
                }
                rows.add(row);
            }
        }
        return rows;
    }
}
