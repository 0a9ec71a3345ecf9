/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.vllm;

import io.tidegate.pool.Signal;
import io.tidegate.signals.exposition.ExpositionException;
import io.tidegate.signals.exposition.ExpositionText;
import io.tidegate.signals.exposition.Sample;
import java.net.URI;
import java.util.List;
import java.util.Set;

/** From the text of one server's {@code /metrics} to its signals. */
final class VllmPayload {

    private static final String RUNNING = "vllm:num_requests_running";
    private static final String WAITING = "vllm:num_requests_waiting";
    private static final String KV_CACHE = "vllm:kv_cache_usage_perc";

    /** The name until vLLM 0.10, on servers of the V0 engine. */
    private static final String KV_CACHE_OLD = "vllm:gpu_cache_usage_perc";

    private static final Set<String> WANTED = Set.of(RUNNING, WAITING, KV_CACHE, KV_CACHE_OLD);

    /** A server has one sample of each name for each engine and adapter; far more is no vLLM. */
    private static final int MAX_SAMPLES = 4096;

    private VllmPayload() {}

    static VllmReplica read(URI uri, String source, String text, long nowNanos) {
        List<Sample> samples;
        try {
            samples = ExpositionText.parse(text, WANTED::contains, MAX_SAMPLES);
        } catch (ExpositionException e) {
            return all(uri, new Signal.Invalid(source, "not an exposition, " + e.getMessage()));
        }
        List<Sample> kvCache = named(samples, KV_CACHE);
        return new VllmReplica(
                uri,
                sum(named(samples, RUNNING), RUNNING, source, nowNanos),
                sum(named(samples, WAITING), WAITING, source, nowNanos),
                mean(kvCache.isEmpty() ? named(samples, KV_CACHE_OLD) : kvCache, source, nowNanos));
    }

    /** A server of which only one thing is known. */
    static VllmReplica all(URI uri, Signal signal) {
        return new VllmReplica(uri, signal, signal, signal);
    }

    private static List<Sample> named(List<Sample> samples, String name) {
        return samples.stream().filter(sample -> sample.name().equals(name)).toList();
    }

    /** Data-parallel engines of one server report one by one. */
    private static Signal sum(List<Sample> samples, String name, String source, long nowNanos) {
        if (samples.isEmpty()) {
            return new Signal.Missing(source, name + " is not exposed");
        }
        double sum = 0;
        for (Sample sample : samples) {
            // One wrong part makes the sum wrong, and -1 + 1 must not read as idle.
            if (!(sample.value() >= 0)) {
                return new Signal.Invalid(source, name + " is " + sample.value());
            }
            sum += sample.value();
        }
        return Signal.ofNonNegative(sum, "requests", nowNanos, source);
    }

    private static Signal mean(List<Sample> samples, String source, long nowNanos) {
        if (samples.isEmpty()) {
            return new Signal.Missing(source, KV_CACHE + " is not exposed");
        }
        double sum = 0;
        for (Sample sample : samples) {
            if (!(sample.value() >= 0 && sample.value() <= 1)) {
                return new Signal.Invalid(source, KV_CACHE + " must be 0 to 1 but is " + sample.value());
            }
            sum += sample.value();
        }
        return new Signal.Known(sum / samples.size(), "ratio", nowNanos, source);
    }
}
