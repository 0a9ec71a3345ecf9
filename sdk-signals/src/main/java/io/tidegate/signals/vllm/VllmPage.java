/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.vllm;

import io.tidegate.pool.Signal;
import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.MetricsText.Sample;
import io.tidegate.signals.scrape.internal.Scrape;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Finds vLLM's figures on a metrics page. Older servers call the use of the KV cache by another name. */
final class VllmPage {

    private static final List<String> RUNNING = List.of("vllm:num_requests_running");
    private static final List<String> WAITING = List.of("vllm:num_requests_waiting");
    private static final List<String> KV_CACHE = List.of("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc");
    private static final List<String> PREEMPTIONS = List.of("vllm:num_preemptions_total");
    private static final List<String> PROMPT_TOKENS = List.of("vllm:prompt_tokens_total");
    private static final List<String> GENERATION_TOKENS = List.of("vllm:generation_tokens_total");
    private static final List<String> FIRST_TOKEN_SECONDS = List.of("vllm:time_to_first_token_seconds_sum");
    private static final List<String> FIRST_TOKENS = List.of("vllm:time_to_first_token_seconds_count");
    private static final String CACHE_CONFIG = "vllm:cache_config_info";

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
                    List.of(CACHE_CONFIG))
            .flatMap(List::stream)
            .collect(Collectors.toUnmodifiableSet());

    /** A whole number above 0 and small enough for any engine there will be. */
    private static final Pattern COUNT = Pattern.compile("[1-9][0-9]{0,11}");

    private static final int MAX_SHOWN = 40;

    private final String source;
    private final MetricsText text;
    private final long atNanos;

    private VllmPage(String source, MetricsText text, long atNanos) {
        this.source = source;
        this.text = text;
        this.atNanos = atNanos;
    }

    static VllmReplica replica(Scrape scrape, long atNanos) {
        String source = "vllm " + scrape.address();
        if (scrape instanceof Scrape.Page page) {
            return new VllmPage(source, page.text(), atNanos).replica(scrape);
        }
        Signal none = scrape instanceof Scrape.Spoilt spoilt
                ? new Signal.Invalid(source, spoilt.reason())
                : new Signal.Missing(source, ((Scrape.Unread) scrape).reason());
        return new VllmReplica(scrape.base(), none, none, none, none, none, none, none, none, none, none);
    }

    private VllmReplica replica(Scrape scrape) {
        return new VllmReplica(
                scrape.base(),
                sum(RUNNING, "requests"),
                sum(WAITING, "requests"),
                fraction(KV_CACHE, each -> each.average().orElseThrow()),
                fraction(KV_CACHE, each -> each.max().orElseThrow()),
                sum(PREEMPTIONS, "requests"),
                sum(PROMPT_TOKENS, "tokens"),
                sum(GENERATION_TOKENS, "tokens"),
                kvCacheTokens(),
                sum(FIRST_TOKEN_SECONDS, "seconds"),
                sum(FIRST_TOKENS, "requests"));
    }

    /** The size of the KV cache is in labels of a sample whose value says nothing; there is one for each engine. */
    private Signal kvCacheTokens() {
        List<Sample> engines = text.samples(CACHE_CONFIG);
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
        double value = combination.applyAsDouble(samples.stream().mapToDouble(Sample::value));
        return Signal.ofNonNegative(value, unit, atNanos, source);
    }
}
