/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidegate.pool.Signal;
import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pages of real servers, where the machine that runs the tests has them. */
class EngineRecordedPagesTest {

    private static final String V0 = "vllm_metrics_v0_2024-08.prom.txt";
    private static final String V1_IDLE = "vllm_metrics_v1_idle_2026-03.prom.txt";

    private static byte[] recorded(String name) throws IOException {
        String folder = System.getenv("TIDEGATE_DATA");
        assumeTrue(folder != null, "TIDEGATE_DATA is not set: it names the folder that holds samples/" + name);
        return Files.readAllBytes(Path.of(folder, "samples", name));
    }

    private record Reading(Map<String, Signal> signals, EngineReplica replica) {

        static Reading of(String name) throws Exception {
            String page = new String(recorded(name), java.nio.charset.StandardCharsets.UTF_8);
            try (EngineServer server = new EngineServer(page);
                    EngineMetricsSource source = EngineMetricsSource.builder(
                                    new ManualTime(), () -> List.of(server.url()))
                            .build()) {
                Map<String, Signal> signals = source.read();
                return new Reading(signals, source.replicas().get(0));
            }
        }
    }

    private static double value(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return ((Signal.Known) signal).value();
    }

    @Test
    void read_recordedV0Page_givesTheFiguresOnIt() throws Exception {
        Reading reading = Reading.of(V0);

        assertThat(value(reading.signals().get(EngineMetricsSource.RUNNING))).isEqualTo(3);
        // Two models wait on that page: 2 and 3 requests.
        assertThat(value(reading.signals().get(EngineMetricsSource.WAITING))).isEqualTo(5);
        assertThat(value(reading.signals().get(EngineMetricsSource.KV_CACHE_USAGE)))
                .isEqualTo(0.0026235242675994863);
        assertThat(value(reading.signals().get(EngineMetricsSource.KV_CACHE_USAGE_MAX)))
                .isEqualTo(0.0026235242675994863);
        assertThat(value(reading.replica().preemptions())).isZero();
        assertThat(value(reading.replica().promptTokens())).isEqualTo(90);
        assertThat(value(reading.replica().generationTokens())).isEqualTo(2546);
        assertThat(value(reading.replica().kvCacheTokens())).isEqualTo(16 * 4574);
        assertThat(value(reading.replica().firstTokens())).isEqualTo(9);
    }

    @Test
    void read_recordedIdleV1Page_givesTheFiguresOnIt() throws Exception {
        Reading reading = Reading.of(V1_IDLE);

        assertThat(List.of(
                        reading.signals().get(EngineMetricsSource.RUNNING),
                        reading.signals().get(EngineMetricsSource.WAITING),
                        reading.signals().get(EngineMetricsSource.KV_CACHE_USAGE),
                        reading.signals().get(EngineMetricsSource.KV_CACHE_USAGE_MAX)))
                .allSatisfy(signal -> assertThat(value(signal)).isZero());
        assertThat(value(reading.replica().preemptions())).isZero();
        assertThat(value(reading.replica().promptTokens())).isZero();
        assertThat(value(reading.replica().generationTokens())).isZero();
        assertThat(value(reading.replica().kvCacheTokens())).isEqualTo(16 * 101_625);
    }

    @Test
    void parse_recordedV0Page_givesTheValuesOnIt() throws IOException {
        MetricsText text = MetricsText.parse(recorded(V0));

        assertThat(text.sampleCount()).isEqualTo(125);
        assertThat(text.samples("process_virtual_memory_bytes").get(0).value()).isEqualTo(39024848896.0);
        assertThat(text.samples("vllm:e2e_request_latency_seconds_sum").get(0).value())
                .isEqualTo(93.24844908714294);
        assertThat(text.samples("vllm:cache_config_info").get(0).labels())
                .containsEntry("num_gpu_blocks", "4574")
                .containsEntry("block_size", "16");
        assertThat(text.samples("vllm:spec_decode_efficiency")).isEmpty();
    }

    @Test
    void parse_recordedIdleV1Page_givesTheValuesOnIt() throws IOException {
        MetricsText text = MetricsText.parse(recorded(V1_IDLE));

        assertThat(text.sampleCount()).isEqualTo(395);
        assertThat(text.samples("process_resident_memory_bytes").get(0).value()).isEqualTo(1126473728.0);
        assertThat(text.samples("vllm:num_preemptions_created").get(0).value()).isEqualTo(1.7740114612875898e9);
        assertThat(text.samples("vllm:engine_sleep_state"))
                .extracting(sample -> sample.labels().get("sleep_state") + "=" + sample.value())
                .containsExactly("awake=1.0", "weights_offloaded=0.0", "discard_all=0.0");
        assertThat(text.samples("vllm:cache_config_info").get(0).labels()).containsEntry("num_gpu_blocks", "101625");
    }

    @ParameterizedTest
    @CsvSource({"dcgm_metrics_kops.prom.txt", "dcgm_metrics_vks_h100_vgpu.prom.txt"})
    void parse_recordedDcgmPage_isRead(String name) throws IOException {
        byte[] page = recorded(name);

        MetricsText text = MetricsText.parse(page);

        long lines = new String(page, java.nio.charset.StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .count();
        assertThat(text.sampleCount()).isEqualTo((int) lines);
        assertThat(text.samples("DCGM_FI_DEV_SM_CLOCK").get(0).labels()).containsEntry("gpu", "0");
    }
}
