/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.List;
import java.util.stream.Stream;

/**
 * The body of {@code GET /metrics}: the families of vLLM V1 in Prometheus text, with its names, types and labels.
 *
 * <p>Families of features this server does not have (prefix cache, multi-modal cache, external cache, sleep) are there
 * and say so: no query, no hit, awake. Left out are the estimates of floating point operations and memory traffic, and
 * the families of Python and of vLLM's web server. Durations are trace time, {@code _created} is Unix time.
 */
final class MetricsPage {
    /** What the page is served as. */
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final List<String> ABSENT_CACHES = List.of("prefix_cache", "external_prefix_cache", "mm_cache");

    private final StringBuilder page = new StringBuilder(32 * 1024);
    private final String common;
    private final double createdSeconds;

    private MetricsPage(String model, double createdSeconds) {
        this.common = label("engine", "0") + "," + label("model_name", model);
        this.createdSeconds = createdSeconds;
    }

    /**
     * @param model label {@code model_name}
     * @param createdSeconds when counting began, Unix time
     */
    static String render(
            ContinuousBatchingEngine.Snapshot engine, ReplicaProfile profile, String model, double createdSeconds) {
        MetricsPage page = new MetricsPage(model, createdSeconds);
        page.addGauges(engine);
        page.addCounters(engine.metrics());
        for (Distribution distribution : Distribution.values()) {
            page.addHistogram(distribution, engine.metrics().histogram(distribution));
        }
        page.addCacheConfig(profile);
        return page.page.toString();
    }

    private void addGauges(ContinuousBatchingEngine.Snapshot engine) {
        gauge("num_requests_running", "Requests in the batch.", engine.running());
        gauge("num_requests_waiting", "Requests that wait for a place in the batch.", engine.waiting());
        family("engine_sleep_state", "gauge", "Whether the engine is awake or how deep it sleeps.");
        sample("engine_sleep_state", common + "," + label("sleep_state", "awake"), 1);
        sample("engine_sleep_state", common + "," + label("sleep_state", "weights_offloaded"), 0);
        sample("engine_sleep_state", common + "," + label("sleep_state", "discard_all"), 0);
        gauge("kv_cache_usage_perc", "Used share of the KV cache, 0 to 1.", engine.kvUsageFraction());
    }

    private void addCounters(EngineMetrics metrics) {
        for (String cache : ABSENT_CACHES) {
            counter(cache + "_queries", "Look-ups; this server has no such cache.", 0);
            counter(cache + "_hits", "Hits; this server has no such cache.", 0);
        }
        counter("num_preemptions", "Sequences that lost their KV cache to older ones.", metrics.preemptions());
        counter("prompt_tokens", "Prompt tokens computed.", metrics.promptTokens());
        List<String> sources = Stream.of("local_compute", "local_cache_hit", "external_kv_transfer")
                .map(source -> common + "," + label("source", source))
                .toList();
        family("prompt_tokens_by_source_total", "counter", "Prompt tokens by where their keys and values came from.");
        sample("prompt_tokens_by_source_total", sources.get(0), metrics.promptTokens());
        sources.stream().skip(1).forEach(labels -> sample("prompt_tokens_by_source_total", labels, 0));
        created("prompt_tokens_by_source", sources);
        counter("prompt_tokens_cached", "Prompt tokens found in a cache.", 0);
        counter("prompt_tokens_recomputed", "Cached prompt tokens computed again.", 0);
        counter("generation_tokens", "Output tokens produced.", metrics.generationTokens());
        family("request_success_total", "counter", "Requests that ended, by reason.");
        List<FinishReason> reasons = List.of(FinishReason.values());
        for (FinishReason reason : reasons) {
            sample("request_success_total", finished(reason), metrics.finished(reason));
        }
        created("request_success", reasons.stream().map(this::finished).toList());
    }

    private String finished(FinishReason reason) {
        return common + "," + label("finished_reason", reason.label());
    }

    private void addHistogram(Distribution distribution, Histogram histogram) {
        String name = distribution.metric();
        family(name, "histogram", distribution.help());
        double[] bounds = histogram.bounds();
        long cumulated = 0;
        for (int bucket = 0; bucket <= bounds.length; bucket++) {
            cumulated += histogram.count(bucket);
            String bound = bucket < bounds.length ? Double.toString(bounds[bucket]) : "+Inf";
            sample(name + "_bucket", common + "," + label("le", bound), cumulated);
        }
        sample(name + "_count", common, cumulated);
        sample(name + "_sum", common, histogram.sum());
        created(name, List.of(common));
    }

    private void addCacheConfig(ReplicaProfile profile) {
        family("cache_config_info", "gauge", "How the KV cache is laid out.");
        String labels = String.join(
                ",",
                label("block_size", Integer.toString(profile.blockTokens())),
                label("cache_dtype", "auto"),
                label("enable_prefix_caching", "False"),
                label("engine", "0"),
                label("gpu_memory_utilization", Double.toString(ReplicaProfile.GPU_MEMORY_PERCENT / 100.0)),
                label("num_gpu_blocks", Integer.toString(profile.kvBlocks())));
        sample("cache_config_info", labels, 1);
    }

    private void gauge(String name, String help, double value) {
        family(name, "gauge", help);
        sample(name, common, value);
    }

    private void counter(String name, String help, long value) {
        family(name + "_total", "counter", help);
        sample(name + "_total", common, value);
        created(name, List.of(common));
    }

    private void created(String name, List<String> labelSets) {
        family(name + "_created", "gauge", "When counting began, Unix time in seconds.");
        labelSets.forEach(labels -> sample(name + "_created", labels, createdSeconds));
    }

    private void family(String name, String type, String help) {
        page.append("# HELP vllm:").append(name).append(' ').append(help).append('\n');
        page.append("# TYPE vllm:").append(name).append(' ').append(type).append('\n');
    }

    private void sample(String name, String labels, double value) {
        page.append("vllm:").append(name).append('{').append(labels).append("} ");
        page.append(value).append('\n');
    }

    private void sample(String name, String labels, long value) {
        page.append("vllm:").append(name).append('{').append(labels).append("} ");
        page.append(value).append(".0\n");
    }

    private static String label(String name, String value) {
        String escaped = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        return name + "=\"" + escaped + "\"";
    }
}
