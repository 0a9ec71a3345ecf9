/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
    private static final ReplicaProfile PROFILE = ReplicaProfile.llama70bOnFourH100();
    private static final Pattern TYPE = Pattern.compile("# TYPE (vllm:\\S+) (\\S+)");
    private static final Pattern SAMPLE = Pattern.compile("(vllm:\\w+)\\{(.*)} (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    /** The sample's model took up to 8,192 tokens, which shows in its bucket bounds. */
    private final ContinuousBatchingEngine engine =
            new ContinuousBatchingEngine(new ContinuousBatchingEngine.Limits(PROFILE, 32, 8192, 8192));

    private List<String> lines() {
        return MetricsPage.render(engine.snapshot(), PROFILE, "my \"model\"", 1.5e9)
                .lines()
                .toList();
    }

    private static List<String> sampleLines() throws IOException {
        return Files.readAllLines(SharedData.file("samples/vllm_metrics_v1_idle_2026-03.prom.txt"));
    }

    @Test
    void render_vllmSample_hasItsFamiliesAndTypes() throws IOException {
        Map<String, String> expected = types(sampleLines());
        expected.keySet().removeIf(name -> name.startsWith("vllm:estimated_"));

        assertThat(types(lines())).isEqualTo(expected);
    }

    @Test
    void render_vllmSample_hasItsSeriesLabelsAndBuckets() throws IOException {
        Set<String> expected = series(sampleLines());
        expected.removeIf(
                series -> series.startsWith("vllm:estimated_") || series.startsWith("vllm:cache_config_info"));
        Set<String> actual = series(lines());
        actual.removeIf(series -> series.startsWith("vllm:cache_config_info"));

        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void render_cacheConfig_hasLabelsOfTheSample() throws IOException {
        Set<String> expected = labels(sampleLines(), "vllm:cache_config_info").keySet();
        Map<String, String> actual = labels(lines(), "vllm:cache_config_info");

        assertThat(expected).containsAll(actual.keySet());
        assertThat(actual).containsEntry("block_size", "16").containsEntry("num_gpu_blocks", "25728");
    }

    @Test
    void render_engineAtWork_showsItsState() {
        for (int i = 0; i < 40; i++) {
            engine.add(new Sequence.Work(160, 3, 10, FinishReason.STOP), 0);
        }
        engine.step();
        engine.step();

        assertThat(value("vllm:num_requests_running")).isEqualTo(32);
        assertThat(value("vllm:num_requests_waiting")).isEqualTo(8);
        // 160 prompt tokens and the first output token are computed: 11 blocks each.
        assertThat(value("vllm:kv_cache_usage_perc")).isEqualTo(32 * 11 / 25_728.0);
        assertThat(value("vllm:prompt_tokens_total")).isEqualTo(32 * 160);
        assertThat(value("vllm:generation_tokens_total")).isEqualTo(64);
        assertThat(value("vllm:num_preemptions_total")).isZero();
        assertThat(value("vllm:time_to_first_token_seconds_count")).isEqualTo(32);
        assertThat(value("vllm:e2e_request_latency_seconds_count")).isZero();
    }

    @Test
    void render_finishedRequests_areCountedByReasonAndInBuckets() {
        engine.add(new Sequence.Work(160, 3, 10, FinishReason.STOP), 0);
        engine.add(new Sequence.Work(20, 10, 10, FinishReason.LENGTH), 0);
        engine.abort(engine.add(new Sequence.Work(20, 10, 10, FinishReason.LENGTH), 0));
        while (!engine.isIdle()) {
            engine.step();
        }

        assertThat(value("vllm:request_success_total", "finished_reason", "stop"))
                .isEqualTo(1);
        assertThat(value("vllm:request_success_total", "finished_reason", "length"))
                .isEqualTo(1);
        assertThat(value("vllm:request_success_total", "finished_reason", "abort"))
                .isEqualTo(1);
        assertThat(value("vllm:request_success_total", "finished_reason", "error"))
                .isZero();
        assertThat(value("vllm:request_prompt_tokens_bucket", "le", "10.0")).isZero();
        assertThat(value("vllm:request_prompt_tokens_bucket", "le", "20.0")).isEqualTo(1);
        assertThat(value("vllm:request_prompt_tokens_bucket", "le", "200.0")).isEqualTo(2);
        assertThat(value("vllm:request_prompt_tokens_bucket", "le", "+Inf")).isEqualTo(2);
        assertThat(value("vllm:request_prompt_tokens_sum")).isEqualTo(180);
        assertThat(value("vllm:request_generation_tokens_sum")).isEqualTo(13);
        assertThat(value("vllm:request_params_max_tokens_sum")).isEqualTo(20);
    }

    @Test
    void render_oddModelName_isEscaped() {
        assertThat(lines()).contains("vllm:num_requests_running{engine=\"0\",model_name=\"my \\\"model\\\"\"} 0.0");
    }

    private static Map<String, String> types(List<String> lines) {
        Map<String, String> types = new TreeMap<>();
        for (String line : lines) {
            Matcher matcher = TYPE.matcher(line);
            if (matcher.matches()) {
                assertThat(types.put(matcher.group(1), matcher.group(2))).isNull();
            }
        }
        return types;
    }

    /** Names and labels of all series; of the model's name only that it is there. */
    private static Set<String> series(List<String> lines) {
        Set<String> series = new TreeSet<>();
        for (String line : lines) {
            Matcher matcher = SAMPLE.matcher(line);
            if (matcher.matches()) {
                Map<String, String> labels = labels(matcher.group(2));
                labels.computeIfPresent("model_name", (name, model) -> "any");
                assertThat(series.add(matcher.group(1) + labels)).isTrue();
            }
        }
        return series;
    }

    private static Map<String, String> labels(List<String> lines, String name) {
        return lines.stream()
                .map(SAMPLE::matcher)
                .filter(matcher -> matcher.matches() && matcher.group(1).equals(name))
                .map(matcher -> labels(matcher.group(2)))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, String> labels(String text) {
        return LABEL.matcher(text)
                .results()
                .collect(Collectors.toMap(match -> match.group(1), match -> match.group(2), (a, b) -> b, TreeMap::new));
    }

    private double value(String name) {
        return value(name, "engine", "0");
    }

    private double value(String name, String label, String labelValue) {
        return lines().stream()
                .map(SAMPLE::matcher)
                .filter(matcher -> matcher.matches() && matcher.group(1).equals(name))
                .filter(matcher -> labelValue.equals(labels(matcher.group(2)).get(label)))
                .mapToDouble(matcher -> Double.parseDouble(matcher.group(3)))
                .findFirst()
                .orElseThrow();
    }
}
