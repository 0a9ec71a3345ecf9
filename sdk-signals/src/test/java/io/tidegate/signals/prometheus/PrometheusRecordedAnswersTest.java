/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of a real server, where the machine that runs the tests has them. */
class PrometheusRecordedAnswersTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "prometheus_query_vllm_num_requests_waiting_0.json",
                "prometheus_query_vllm_num_requests_waiting_1.json"
            })
    void read_recordedAnswer_givesTheSeriesInIt(String name) throws Exception {
        String folder = System.getenv("TIDEGATE_DATA");
        assumeTrue(folder != null, "TIDEGATE_DATA is not set: it names the folder that holds samples/" + name);

        PrometheusAnswer answer = PrometheusAnswer.read(Files.readAllBytes(Path.of(folder, "samples", name)));

        assertThat(answer.success()).isTrue();
        assertThat(answer.series()).singleElement().satisfies(series -> {
            assertThat(series.value()).isZero();
            assertThat(series.labels()).containsEntry("pod", "vllm-qwen25-500m-75f997f84c-bbxwq");
            assertThat(series.atSeconds()).isBetween(1774011473.0, 1774011475.0);
        });
    }
}
