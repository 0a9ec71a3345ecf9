/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Signal;
import io.tidegate.time.ManualTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same figures under the names of each engine. */
class EngineNamesTest {

    private static final String SGLANG = """
            # TYPE sglang:num_running_reqs gauge
            sglang:num_running_reqs{model_name="m",engine_type="unified",tp_rank="0",pp_rank="0"} 14.0
            # TYPE sglang:num_queue_reqs gauge
            sglang:num_queue_reqs{model_name="m",engine_type="unified",tp_rank="0",pp_rank="0"} 2.0
            # TYPE sglang:token_usage gauge
            sglang:token_usage{model_name="m",engine_type="unified",tp_rank="0",pp_rank="0"} 0.75
            # TYPE sglang:max_total_num_tokens gauge
            sglang:max_total_num_tokens{model_name="m"} 400000.0
            # TYPE sglang:num_retracted_requests_total counter
            sglang:num_retracted_requests_total{model_name="m"} 5.0
            # TYPE sglang:prompt_tokens_total counter
            sglang:prompt_tokens_total{model_name="m",is_streaming="true"} 8000.0
            sglang:prompt_tokens_total{model_name="m",is_streaming="false"} 1000.0
            # TYPE sglang:generation_tokens_total counter
            sglang:generation_tokens_total{model_name="m"} 7000.0
            # TYPE sglang:time_to_first_token_seconds histogram
            sglang:time_to_first_token_seconds_sum{model_name="m"} 3.5
            sglang:time_to_first_token_seconds_count{model_name="m"} 7.0
            # TYPE sglang:inter_token_latency_seconds histogram
            sglang:inter_token_latency_seconds_sum{model_name="m"} 70.0
            sglang:inter_token_latency_seconds_count{model_name="m"} 6900.0
            """;

    private static EngineReplica read(String page) throws Exception {
        try (EngineServer server = new EngineServer(page);
                EngineMetricsSource source = EngineMetricsSource.builder(new ManualTime(), () -> List.of(server.url()))
                        .build()) {
            source.read();
            return source.replicas().get(0);
        }
    }

    private static double value(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return ((Signal.Known) signal).value();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sglang:", "sglang_"})
    void read_sglangPage_givesTheSameFigures(String prefix) throws Exception {
        EngineReplica replica = read(SGLANG.replace("sglang:", prefix));

        assertThat(value(replica.running())).isEqualTo(14);
        assertThat(value(replica.waiting())).isEqualTo(2);
        assertThat(value(replica.kvCacheFraction())).isEqualTo(0.75);
        assertThat(value(replica.kvCacheFractionMax())).isEqualTo(0.75);
        assertThat(value(replica.kvCacheTokens())).isEqualTo(400_000);
        assertThat(value(replica.preemptions())).isEqualTo(5);
        assertThat(value(replica.promptTokens())).isEqualTo(9000);
        assertThat(value(replica.generationTokens())).isEqualTo(7000);
        assertThat(value(replica.firstTokenSeconds())).isEqualTo(3.5);
        assertThat(value(replica.firstTokens())).isEqualTo(7);
        assertThat(value(replica.laterTokenSeconds())).isEqualTo(70);
        assertThat(value(replica.laterTokens())).isEqualTo(6900);
    }

    @Test
    void read_vllmOldNames_giveTheSameFigures() throws Exception {
        EngineReplica replica = read(EngineServer.page(3, 5, 0.25)
                .replace("kv_cache_usage_perc", "gpu_cache_usage_perc")
                .replace("inter_token_latency", "time_per_output_token"));

        assertThat(value(replica.kvCacheFraction())).isEqualTo(0.25);
        assertThat(value(replica.laterTokenSeconds())).isEqualTo(40);
        assertThat(value(replica.laterTokens())).isEqualTo(2500);
    }

    @Test
    void read_sglangRanksOfOneScheduler_countOnce() throws Exception {
        EngineReplica replica = read("""
                sglang:num_running_reqs{dp_rank="0",tp_rank="0",pid="7"} 4
                sglang:num_running_reqs{dp_rank="0",tp_rank="1",pid="8"} 4
                sglang:num_running_reqs{dp_rank="1",tp_rank="2",pid="9"} 3
                """);

        assertThat(value(replica.running())).as("4 of rank 0 and 3 of rank 1").isEqualTo(7);
    }

    @Test
    void read_sglangPriorities_totalIsNotAddedToItsParts() throws Exception {
        EngineReplica replica = read("""
                sglang:num_running_reqs{tp_rank="0",priority=""} 14
                sglang:num_running_reqs{tp_rank="0",priority="0"} 10
                sglang:num_running_reqs{tp_rank="0",priority="-1"} 4
                sglang:num_queue_reqs{tp_rank="0",priority="0"} 1
                sglang:num_queue_reqs{tp_rank="0",priority="-1"} 2
                """);

        assertThat(value(replica.running())).isEqualTo(14);
        assertThat(value(replica.waiting())).as("no total is given").isEqualTo(3);
    }
}
