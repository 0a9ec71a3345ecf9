/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class ReplicaProfileTest {
    private static final double HALF_OF_LAST_DIGIT = 0.000_051;

    private final ReplicaProfile profile = ReplicaProfile.llama70bOnFourH100();

    @Test
    void decodeNanos_measuredBatch_isTheMeasuredTime() {
        // Measured: 20.0469 ms at a mean batch of 31.8755, 22.4323 ms at 63.791.
        assertThat(profile.decodeNanos(32)).isCloseTo(20_056_200L, within(100L));
        assertThat(profile.decodeNanos(1)).isCloseTo(15_586_400L, within(100L));
    }

    @Test
    void decodeNanos_moreSequences_neverFaster() {
        for (int sequences = 1; sequences < 1024; sequences++) {
            assertThat(profile.decodeNanos(sequences + 1)).isGreaterThan(profile.decodeNanos(sequences));
        }
    }

    @Test
    void prefillNanos_measuredPrompt_isWhatThePromptAddsToAPass() {
        assertThat(profile.prefillNanos(0)).isZero();
        assertThat(profile.prefillNanos(1024)).isEqualTo(76_170_100L);
        assertThat(profile.prefillNanos(1536)).isEqualTo((76_170_100L + 170_865_200L) / 2);
        assertThat(profile.prefillNanos(8192)).isEqualTo(923_863_300L);
    }

    @Test
    void kvBlocks_llama70b_followsFromMemoryAndModelShape() {
        assertThat(ReplicaProfile.LLAMA_70B_KV_BYTES_PER_TOKEN).isEqualTo(327_680);
        // 288 GB in use, less 141.107 GB of weights and 12 GB reserved, is 134.893 GB: 411,660 tokens.
        assertThat(profile.kvBlocks()).isEqualTo(25_728);
        assertThat(profile.kvBlocks() * profile.blockTokens()).isEqualTo(411_648);
    }

    @Test
    void decodeConstants_mlEnergyData_areItsMedians() throws IOException {
        List<Map<String, String>> rows = SharedData.csv("perf/mlenergy_llama3_h100_b200.csv").stream()
                .filter(row -> row.get("nickname").equals("Llama 3.1 70B Instruct"))
                .filter(row -> row.get("gpu_model").equals("H100"))
                .filter(row -> row.get("tensor_parallel").equals("4"))
                .toList();

        assertThat(numbers(rows, "avg_batch_size")).containsExactly(ReplicaProfile.LLAMA_70B_BATCH);
        assertThat(numbers(rows, "median_itl_ms")).containsExactly(ReplicaProfile.LLAMA_70B_ITL_MILLIS);
    }

    @Test
    void prefillConstants_splitwiseData_areItsMedians() throws IOException {
        List<Map<String, String>> rows = SharedData.csv("perf/splitwise_perf_model.csv").stream()
                .filter(row -> row.get("model").equals("llama2-70b"))
                .filter(row -> row.get("hardware").equals("h100-80gb"))
                .filter(row -> row.get("tensor_parallel").equals("4"))
                .filter(row -> row.get("batch_size").equals("1"))
                .toList();

        assertThat(DoubleStream.of(numbers(rows, "prompt_size")).distinct().sorted())
                .containsExactly(boxed(ReplicaProfile.LLAMA_70B_PROMPT_TOKENS));
        for (int i = 0; i < ReplicaProfile.LLAMA_70B_PROMPT_TOKENS.length; i++) {
            double size = ReplicaProfile.LLAMA_70B_PROMPT_TOKENS[i];
            List<Map<String, String>> runs = rows.stream()
                    .filter(row -> Double.parseDouble(row.get("prompt_size")) == size)
                    .toList();
            assertThat(ReplicaProfile.LLAMA_70B_PROMPT_MILLIS[i])
                    .isCloseTo(median(numbers(runs, "prompt_time")), within(HALF_OF_LAST_DIGIT));
            assertThat(ReplicaProfile.LLAMA_70B_TOKEN_MILLIS[i])
                    .isCloseTo(median(numbers(runs, "token_time")), within(HALF_OF_LAST_DIGIT));
        }
    }

    private static double[] numbers(List<Map<String, String>> rows, String column) {
        return rows.stream()
                .mapToDouble(row -> Double.parseDouble(row.get(column)))
                .toArray();
    }

    private static Double[] boxed(double[] values) {
        return DoubleStream.of(values).boxed().toArray(Double[]::new);
    }

    private static double median(double[] values) {
        double[] sorted = DoubleStream.of(values).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
