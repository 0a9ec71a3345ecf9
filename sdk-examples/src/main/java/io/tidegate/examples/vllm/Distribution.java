/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** The quantities vLLM V1 keeps a histogram of, with its names and bucket bounds. Times are trace time, in seconds. */
enum Distribution {
    REQUEST_PROMPT_TOKENS("request_prompt_tokens", "Prompt tokens of a finished request.", Buckets.TOKENS),
    REQUEST_GENERATION_TOKENS("request_generation_tokens", "Output tokens of a finished request.", Buckets.TOKENS),
    ITERATION_TOKENS("iteration_tokens_total", "Tokens computed in one engine step.", Buckets.STEP_TOKENS),
    REQUEST_MAX_GENERATION_TOKENS(
            "request_max_num_generation_tokens", "Longest answer of a finished request.", Buckets.TOKENS),
    REQUEST_PARAMS_N("request_params_n", "Answers a finished request asked for.", Buckets.ANSWERS),
    REQUEST_PARAMS_MAX_TOKENS("request_params_max_tokens", "Output tokens a finished request allowed.", Buckets.TOKENS),
    TIME_TO_FIRST_TOKEN("time_to_first_token_seconds", "Arrival to first output token.", Buckets.FIRST_TOKEN_SECONDS),
    INTER_TOKEN_LATENCY("inter_token_latency_seconds", "One output token to the next.", Buckets.TOKEN_SECONDS),
    TIME_PER_OUTPUT_TOKEN(
            "request_time_per_output_token_seconds",
            "Mean time between the output tokens of a finished request.",
            Buckets.TOKEN_SECONDS),
    END_TO_END("e2e_request_latency_seconds", "Arrival to last output token.", Buckets.REQUEST_SECONDS),
    QUEUE_TIME("request_queue_time_seconds", "Arrival to first scheduling.", Buckets.REQUEST_SECONDS),
    INFERENCE_TIME("request_inference_time_seconds", "First scheduling to last token.", Buckets.REQUEST_SECONDS),
    PREFILL_TIME("request_prefill_time_seconds", "First scheduling to first token.", Buckets.REQUEST_SECONDS),
    DECODE_TIME("request_decode_time_seconds", "First token to last token.", Buckets.REQUEST_SECONDS),
    PREFILL_KV_COMPUTED_TOKENS(
            "request_prefill_kv_computed_tokens", "Prompt tokens computed rather than cached.", Buckets.TOKENS);

    private final String metric;
    private final String help;
    private final Buckets buckets;

    Distribution(String metric, String help, Buckets buckets) {
        this.metric = metric;
        this.help = help;
        this.buckets = buckets;
    }

    /** Name of the family, without vLLM's prefix. */
    String metric() {
        return metric;
    }

    String help() {
        return help;
    }

    /** An empty histogram of this quantity for a model that takes sequences of up to {@code maxModelLength} tokens. */
    Histogram newHistogram(int maxModelLength) {
        return new Histogram(
                switch (buckets) {
                    case TOKENS -> oneTwoFive(maxModelLength);
                    case STEP_TOKENS -> new double[] {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
                    case ANSWERS -> new double[] {1, 2, 5, 10, 20};
                    case FIRST_TOKEN_SECONDS ->
                        new double[] {
                            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20,
                            40, 80, 160, 640, 2560
                        };
                    case TOKEN_SECONDS ->
                        new double[] {
                            0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40,
                            80
                        };
                    case REQUEST_SECONDS ->
                        new double[] {
                            0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
                        };
                });
    }

    /** 1, 2, 5, 10, 20, 50, … up to {@code limit}. */
    private static double[] oneTwoFive(int limit) {
        return IntStream.range(0, 10)
                .mapToDouble(exponent -> Math.pow(10, exponent))
                .flatMap(decade -> DoubleStream.of(decade, 2 * decade, 5 * decade))
                .filter(bound -> bound <= limit)
                .toArray();
    }

    private enum Buckets {
        /** Depends on the longest sequence of the model. */
        TOKENS,
        STEP_TOKENS,
        ANSWERS,
        FIRST_TOKEN_SECONDS,
        TOKEN_SECONDS,
        REQUEST_SECONDS
    }
}
