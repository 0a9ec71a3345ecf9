/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.EnumMap;
import java.util.Map;

/**
 * What an engine has counted since its start, in the terms of vLLM's metrics and in trace time.
 *
 * <p>The histograms of whole requests take a sequence when it ends by itself; an aborted one is counted with its reason
 * and nowhere else. Not safe for concurrent use.
 */
final class EngineMetrics {
    private long preemptions;
    private long promptTokens;
    private long generationTokens;
    private final Map<FinishReason, Long> finished = new EnumMap<>(FinishReason.class);
    private final Map<Distribution, Histogram> histograms = new EnumMap<>(Distribution.class);

    EngineMetrics(int maxModelLength) {
        for (FinishReason reason : FinishReason.values()) {
            finished.put(reason, 0L);
        }
        for (Distribution distribution : Distribution.values()) {
            histograms.put(distribution, distribution.newHistogram(maxModelLength));
        }
    }

    private EngineMetrics(EngineMetrics from) {
        preemptions = from.preemptions;
        promptTokens = from.promptTokens;
        generationTokens = from.generationTokens;
        finished.putAll(from.finished);
        from.histograms.forEach((distribution, histogram) -> histograms.put(distribution, histogram.copy()));
    }

    EngineMetrics copy() {
        return new EngineMetrics(this);
    }

    void preempted() {
        preemptions++;
    }

    void stepped(int tokens) {
        histogram(Distribution.ITERATION_TOKENS).record(tokens);
    }

    /** To be called at each output token, after the sequence took note of it. */
    void tokenProduced(Sequence sequence, long previousTokenNanos) {
        generationTokens++;
        if (previousTokenNanos == Sequence.NOT_YET) {
            promptTokens += sequence.work().promptTokens();
            seconds(Distribution.TIME_TO_FIRST_TOKEN, sequence.arrivalNanos(), sequence.lastTokenNanos);
        } else {
            seconds(Distribution.INTER_TOKEN_LATENCY, previousTokenNanos, sequence.lastTokenNanos);
        }
    }

    void aborted() {
        finished.merge(FinishReason.ABORT, 1L, Long::sum);
    }

    /** To be called when the sequence has produced its last token. */
    void finished(Sequence sequence) {
        Sequence.Work work = sequence.work();
        finished.merge(work.finish(), 1L, Long::sum);
        histogram(Distribution.REQUEST_PROMPT_TOKENS).record(work.promptTokens());
        histogram(Distribution.PREFILL_KV_COMPUTED_TOKENS).record(work.promptTokens());
        histogram(Distribution.REQUEST_GENERATION_TOKENS).record(sequence.outputTokens);
        histogram(Distribution.REQUEST_MAX_GENERATION_TOKENS).record(sequence.outputTokens);
        histogram(Distribution.REQUEST_PARAMS_N).record(1);
        histogram(Distribution.REQUEST_PARAMS_MAX_TOKENS).record(work.maxTokens());
        seconds(Distribution.QUEUE_TIME, sequence.arrivalNanos(), sequence.firstScheduledNanos);
        seconds(Distribution.PREFILL_TIME, sequence.firstScheduledNanos, sequence.firstTokenNanos);
        seconds(Distribution.DECODE_TIME, sequence.firstTokenNanos, sequence.lastTokenNanos);
        seconds(Distribution.INFERENCE_TIME, sequence.firstScheduledNanos, sequence.lastTokenNanos);
        seconds(Distribution.END_TO_END, sequence.arrivalNanos(), sequence.lastTokenNanos);
        int gaps = sequence.outputTokens - 1;
        double decodeSeconds = (sequence.lastTokenNanos - sequence.firstTokenNanos) / 1e9;
        histogram(Distribution.TIME_PER_OUTPUT_TOKEN).record(gaps == 0 ? 0 : decodeSeconds / gaps);
    }

    private void seconds(Distribution distribution, long fromNanos, long toNanos) {
        histogram(distribution).record((toNanos - fromNanos) / 1e9);
    }

    long preemptions() {
        return preemptions;
    }

    /** Tokens of the prompts that have been computed; those of a preempted sequence count once. */
    long promptTokens() {
        return promptTokens;
    }

    long generationTokens() {
        return generationTokens;
    }

    long finished(FinishReason reason) {
        return finished.getOrDefault(reason, 0L);
    }

    Histogram histogram(Distribution distribution) {
        Histogram found = histograms.get(distribution);
        if (found == null) {
            throw new IllegalStateException("no histogram of " + distribution);
        }
        return found;
    }
}
