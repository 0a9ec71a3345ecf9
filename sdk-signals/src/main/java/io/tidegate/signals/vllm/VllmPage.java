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

    /** Names of the samples that are looked at. */
    static final Set<String> NAMES = Stream.of(
                    RUNNING, WAITING, KV_CACHE, PREEMPTIONS, PROMPT_TOKENS, GENERATION_TOKENS)
            .flatMap(List::stream)
            .collect(Collectors.toUnmodifiableSet());

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
        return new VllmReplica(scrape.base(), none, none, none, none, none, none, none);
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
                sum(GENERATION_TOKENS, "tokens"));
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
