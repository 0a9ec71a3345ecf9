/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

/**
 * What an autoscaler outside the gateway can see of a pool when it looks: counts from the cluster as of now, everything else as of the
 * last scrape.
 *
 * <p>Windows end at the last scrape. A value that nobody has measured yet is NaN. Gauges are sampled at the scrapes, like Prometheus
 * does, counters and histograms are read at them.
 *
 * @since 0.1.0
 */
public interface Observation {

    /** Seconds since the episode began. */
    double seconds();

    /** Replicas asked for, {@code spec.replicas}. */
    int specified();

    /** Replicas that exist, whether or not they serve, without those that drain: {@code status.replicas}. */
    int created();

    /** Replicas that serve, without those that drain. */
    int ready();

    /** Least replicas it may ask for. */
    int min();

    /** Most replicas it may ask for. */
    int max();

    /** The value at the last scrape. */
    double latest(Gauge gauge);

    /**
     * Mean of the values at the scrapes in a window.
     *
     * @param seconds length of the window
     */
    default double mean(Gauge gauge, double seconds) {
        return mean(gauge, seconds, 0);
    }

    /**
     * Mean of the values at the scrapes in a window that ended some time before the last scrape.
     *
     * @param seconds length of the window
     * @param ago seconds from its end to the last scrape
     */
    double mean(Gauge gauge, double seconds, double ago);

    /**
     * Growth of a counter per second over a window.
     *
     * @param seconds length of the window, at least two scrapes
     */
    default double rate(Counter counter, double seconds) {
        return rate(counter, seconds, 0);
    }

    /**
     * Growth of a counter per second over a window that ended some time before the last scrape.
     *
     * @param seconds length of the window
     * @param ago seconds from its end to the last scrape
     */
    double rate(Counter counter, double seconds, double ago);

    /**
     * A quantile of what ended in a window.
     *
     * @param quantile 0..1
     * @param seconds length of the window
     * @return seconds; NaN if nothing ended
     */
    double quantile(Latency latency, double quantile, double seconds);

    /** What was measured of one replica before the episode, for laws that need a profile. */
    Profile profile();

    /** Values that rise and fall. Sums over the pool unless said otherwise. */
    enum Gauge {
        /** Requests that wait at the gateway. */
        QUEUED,
        /** Requests that were sent to a replica and have not ended. */
        DISPATCHED,
        /** Both: requests that the gateway holds. */
        IN_FLIGHT,
        /** Requests that wait inside the engines, {@code vllm:num_requests_waiting}. */
        ENGINE_WAITING,
        /** Requests in the batches of the engines, {@code vllm:num_requests_running}. */
        ENGINE_RUNNING,
        /** KV-cache use of the serving replicas, 0..1 each, summed: {@code vllm:kv_cache_usage_perc}. */
        KV_CACHE,
        /** Prompt tokens sent to the engines of which no token has come yet. */
        PREFILL_TOKENS,
        /** Share of the last scrape period in which the engines computed, 0..1 each, summed: what DCGM calls GPU utilization. */
        GPU_BUSY
    }

    /** Values that only grow. */
    enum Counter {
        /** Requests that came to the gateway, refused ones too. */
        ARRIVED,
        /** Requests that ended well. */
        ANSWERED,
        /** Prompt tokens of the requests that came. */
        PROMPT_TOKENS,
        /** Tokens that were generated. */
        OUTPUT_TOKENS
    }

    /** Times of requests. */
    enum Latency {
        /** From arrival at the gateway to the first token, counted when it comes. */
        TIME_TO_FIRST_TOKEN,
        /**
         * The same as a predictor in the gateway says when the request comes: those ahead at the rate at which they are served, then the
         * prompt. As good as a predictor can be that knows the replicas and is never cold.
         */
        PREDICTED_TIME_TO_FIRST_TOKEN,
        /** Mean time between two tokens of a request, counted at its end. */
        TIME_PER_OUTPUT_TOKEN
    }

    /**
     * One replica as a profiling run before deployment finds it, for requests of the mean size of the trace.
     *
     * @param requestsPerSecond it sustains within the objectives
     * @param prefillTokensPerSecond of one prompt alone
     * @param concurrency requests in the batch when it sustains that rate
     * @param promptTokens mean of a request
     * @param outputTokens mean of a request
     * @param timeToFirstToken objective, seconds
     * @param timePerOutputToken objective, seconds
     * @param timeToFirstTokenAlone of a request on an idle replica, seconds
     * @param secondsToReady mean time from asking for a replica until it serves
     */
    record Profile(
            double requestsPerSecond,
            double prefillTokensPerSecond,
            double concurrency,
            double promptTokens,
            double outputTokens,
            double timeToFirstToken,
            double timePerOutputToken,
            double timeToFirstTokenAlone,
            double secondsToReady) {}
}
