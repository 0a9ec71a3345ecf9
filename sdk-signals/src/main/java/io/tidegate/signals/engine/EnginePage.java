/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import io.tidegate.pool.Signal;
import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.MetricsText.Sample;
import io.tidegate.signals.scrape.internal.Scrape;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Finds an engine's figures on a metrics page: of vLLM, V1 or V0, or of SGLang, whichever names the page has.
 *
 * <p>Series are added up over engines, models and data-parallel ranks. SGLang may report from each tensor- or pipeline-parallel
 * rank of one scheduler, which all serve the same requests: of those the largest counts. With priority scheduling it reports the
 * total under an empty {@code priority} beside each priority: then only the total counts.
 */
final class EnginePage {

    private static final List<String> RUNNING =
            List.of("vllm:num_requests_running", "sglang:num_running_reqs", "sglang_num_running_reqs");
    private static final List<String> WAITING =
            List.of("vllm:num_requests_waiting", "sglang:num_queue_reqs", "sglang_num_queue_reqs");
    private static final List<String> KV_CACHE = List.of(
            "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage", "sglang_token_usage");
    private static final List<String> PREEMPTIONS = List.of(
            "vllm:num_preemptions_total", "sglang:num_retracted_requests_total", "sglang_num_retracted_requests_total");
    private static final List<String> PROMPT_TOKENS =
            List.of("vllm:prompt_tokens_total", "sglang:prompt_tokens_total", "sglang_prompt_tokens_total");
    private static final List<String> GENERATION_TOKENS =
            List.of("vllm:generation_tokens_total", "sglang:generation_tokens_total", "sglang_generation_tokens_total");
    private static final List<String> FIRST_TOKEN = List.of(
            "vllm:time_to_first_token_seconds",
            "sglang:time_to_first_token_seconds",
            "sglang_time_to_first_token_seconds");
    private static final List<String> LATER_TOKENS = List.of(
            "vllm:inter_token_latency_seconds",
            "vllm:time_per_output_token_seconds",
            "sglang:inter_token_latency_seconds",
            "sglang:time_per_output_token_seconds",
            "sglang_inter_token_latency_seconds",
            "sglang_time_per_output_token_seconds");
    private static final List<String> FIRST_TOKEN_SECONDS = each(FIRST_TOKEN, "_sum");
    private static final List<String> FIRST_TOKENS = each(FIRST_TOKEN, "_count");
    private static final List<String> LATER_TOKEN_SECONDS = each(LATER_TOKENS, "_sum");
    private static final List<String> LATER_TOKEN_COUNT = each(LATER_TOKENS, "_count");
    private static final String CACHE_CONFIG = "vllm:cache_config_info";
    private static final List<String> CACHE_TOKENS =
            List.of("sglang:max_total_num_tokens", "sglang_max_total_num_tokens");

    /** Labels that tell apart ranks which serve the same requests, and processes of one server. */
    private static final Set<String> RANKS = Set.of("tp_rank", "pp_rank", "moe_ep_rank", "pid");

    private static final String PRIORITY = "priority";

    /** Names of the samples that are looked at. */
    static final Set<String> NAMES = Stream.of(
                    RUNNING,
                    WAITING,
                    KV_CACHE,
                    PREEMPTIONS,
                    PROMPT_TOKENS,
                    GENERATION_TOKENS,
                    FIRST_TOKEN_SECONDS,
                    FIRST_TOKENS,
                    LATER_TOKEN_SECONDS,
                    LATER_TOKEN_COUNT,
                    List.of(CACHE_CONFIG),
                    CACHE_TOKENS)
            .flatMap(List::stream)
            .collect(Collectors.toUnmodifiableSet());

    /** A whole number above 0 and small enough for any engine there will be. */
    private static final Pattern COUNT = Pattern.compile("[1-9][0-9]{0,11}");

    private static final int MAX_SHOWN = 40;

    private final String source;
    private final MetricsText text;
    private final long atNanos;

    private EnginePage(String source, MetricsText text, long atNanos) {
        this.source = source;
        this.text = text;
        this.atNanos = atNanos;
    }

    private static List<String> each(List<String> names, String suffix) {
        return names.stream().map(name -> name + suffix).toList();
    }

    static EngineReplica replica(Scrape scrape, boolean ready, long atNanos) {
        String source = "engine " + scrape.address();
        if (scrape instanceof Scrape.Page page) {
            return new EnginePage(source, page.text(), atNanos).replica(scrape, ready);
        }
        Signal none = scrape instanceof Scrape.Spoilt spoilt
                ? new Signal.Invalid(source, spoilt.reason())
                : new Signal.Missing(source, ((Scrape.Unread) scrape).reason());
        return new EngineReplica(
                scrape.base(), ready, none, none, none, none, none, none, none, none, none, none, none, none);
    }

    private EngineReplica replica(Scrape scrape, boolean ready) {
        return new EngineReplica(
                scrape.base(),
                ready,
                sum(RUNNING, "requests"),
                sum(WAITING, "requests"),
                fraction(KV_CACHE, each -> each.average().orElseThrow()),
                fraction(KV_CACHE, each -> each.max().orElseThrow()),
                sum(PREEMPTIONS, "requests"),
                sum(PROMPT_TOKENS, "tokens"),
                sum(GENERATION_TOKENS, "tokens"),
                kvCacheTokens(),
                sum(FIRST_TOKEN_SECONDS, "seconds"),
                sum(FIRST_TOKENS, "requests"),
                sum(LATER_TOKEN_SECONDS, "seconds"),
                sum(LATER_TOKEN_COUNT, "tokens"));
    }

    /** vLLM has the size of the KV cache in labels of a sample whose value says nothing; there is one for each engine. */
    private Signal kvCacheTokens() {
        List<Sample> engines = text.samples(CACHE_CONFIG);
        if (engines.isEmpty()
                && CACHE_TOKENS.stream().anyMatch(name -> !text.samples(name).isEmpty())) {
            return sum(CACHE_TOKENS, "tokens");
        }
        if (engines.isEmpty()) {
            return new Signal.Missing(source, CACHE_CONFIG + " is not on the page");
        }
        Set<Map<String, String>> seen = new HashSet<>();
        double tokens = 0;
        for (Sample engine : engines) {
            if (!seen.add(engine.labels())) {
                return new Signal.Invalid(source, CACHE_CONFIG + " comes twice with the same labels");
            }
            double size = 1;
            for (String label : List.of("block_size", "num_gpu_blocks")) {
                String said = engine.labels().getOrDefault(label, "None");
                // Python's word for what it does not know yet.
                if (said.isEmpty() || said.equals("None")) {
                    return new Signal.Missing(source, CACHE_CONFIG + " does not say " + label);
                }
                if (!COUNT.matcher(said).matches()) {
                    return new Signal.Invalid(source, CACHE_CONFIG + " says " + label + "=\"" + shortened(said) + "\"");
                }
                size *= Long.parseLong(said);
            }
            tokens += size;
        }
        return Signal.ofNonNegative(tokens, "tokens", atNanos, source);
    }

    private static String shortened(String said) {
        return said.length() <= MAX_SHOWN ? said : said.substring(0, MAX_SHOWN) + "…";
    }

    private Signal sum(List<String> names, String unit) {
        return combined(names, unit, Double.MAX_VALUE, DoubleStream::sum);
    }

    private Signal fraction(List<String> names, ToDoubleFunction<DoubleStream> combination) {
        return combined(names, "ratio", 1, combination);
    }

    /** The samples of the first name that has any, as one value. */
    private Signal combined(List<String> names, String unit, double most, ToDoubleFunction<DoubleStream> combination) {
        for (String name : names) {
            List<Sample> samples = text.samples(name);
            if (!samples.isEmpty()) {
                return checked(samples, unit, most, combination);
            }
        }
        return new Signal.Missing(source, String.join(" or ", names) + " is not on the page");
    }

    private Signal checked(List<Sample> samples, String unit, double most, ToDoubleFunction<DoubleStream> combination) {
        Set<Map<String, String>> seen = new HashSet<>();
        for (Sample sample : samples) {
            if (!(sample.value() >= 0 && sample.value() <= most)) {
                return new Signal.Invalid(source, sample.name() + " is " + sample.value());
            }
            if (!seen.add(sample.labels())) {
                return new Signal.Invalid(source, sample.name() + " comes twice with the same labels");
            }
        }
        double value = combination.applyAsDouble(distinct(samples));
        return Signal.ofNonNegative(value, unit, atNanos, source);
    }

    /** One value for each scheduler, whatever number of ranks and priorities it reports from. */
    private static DoubleStream distinct(List<Sample> samples) {
        boolean totals = samples.stream().anyMatch(EnginePage::isTotal);
        Map<Map<String, String>, Double> largest = new HashMap<>();
        for (Sample sample : samples) {
            if (!totals || isTotal(sample)) {
                Map<String, String> labels = new HashMap<>(sample.labels());
                labels.keySet().removeAll(RANKS);
                largest.merge(labels, sample.value(), Math::max);
            }
        }
        // Sorted, so that the rounding of a sum does not depend on the order of a hash map.
        return largest.values().stream().mapToDouble(Double::doubleValue).sorted();
    }

    private static boolean isTotal(Sample sample) {
        return "".equals(sample.labels().get(PRIORITY));
    }
}
