/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Replicas that serve requests of the lengths language models see, in simulated time: Poisson arrivals, prompts and answers of
 * log-normal length, a time in service that follows from the answer. Beside the balancer it runs choices that look at nothing, and
 * counts the load of each replica itself.
 */
final class Fleet {

    static final int SLOTS = 64;
    static final long TOKENS = 131_072;

    /** What is counted for an answer whose length nobody knows. */
    static final int EXPECTED_OUTPUT = 256;

    private static final double PROMPT_MEDIAN = 500;
    private static final double PROMPT_SIGMA = 1.2;
    private static final double OUTPUT_MEDIAN = 150;
    private static final double OUTPUT_SIGMA = 1.1;
    private static final double SECONDS_PER_TOKEN = 0.025;

    final ManualTime time = new ManualTime();
    final @Nullable ReplicaBalancer balancer;
    private final @Nullable IntSupplier blind;
    private final SplittableRandom random;
    private final PriorityQueue<Ending> endings = new PriorityQueue<>();
    private final double arrivalsPerSecond;
    private int[] requests;
    private long[] tokens;

    private record Ending(
            long atNanos, int replica, int tokens, @Nullable Dispatch dispatch) implements Comparable<Ending> {
        @Override
        public int compareTo(Ending other) {
            return Long.compare(atNanos, other.atNanos);
        }
    }

    private Fleet(int replicas, long seed, boolean balanced, @Nullable IntSupplier blind, BalancerSettings settings) {
        this.random = new SplittableRandom(seed);
        this.balancer = balanced ? ReplicaBalancer.of(time, settings) : null;
        this.blind = blind;
        this.requests = new int[replicas];
        this.tokens = new long[replicas];
        // 45 of 64 slots are taken in the mean.
        this.arrivalsPerSecond = replicas * 45 / 7.2;
        grow(replicas);
    }

    static Fleet balanced(int replicas, long seed, BalancerSettings settings) {
        return new Fleet(replicas, seed, true, null, settings);
    }

    static Fleet blind(int replicas, long seed, IntSupplier choice) {
        return new Fleet(replicas, seed, false, choice, BalancerSettings.defaults());
    }

    /** There are so many from now on. */
    void grow(int replicas) {
        requests = Arrays.copyOf(requests, replicas);
        tokens = Arrays.copyOf(tokens, replicas);
        if (balancer != null) {
            List<Endpoint> endpoints = new ArrayList<>();
            for (int i = 0; i < replicas; i++) {
                endpoints.add(endpoint(i));
            }
            balancer.update(endpoints);
        }
    }

    static Endpoint endpoint(int number) {
        return Endpoint.of(
                String.valueOf(number), URI.create("http://10.0.0." + number + ":8000"), new Work(SLOTS, TOKENS));
    }

    /** Fills a replica with requests as they come. */
    void preload(int replica, int count) {
        for (int i = 0; i < count; i++) {
            Dispatch dispatch = null;
            if (balancer != null) {
                int prompt = promptTokens();
                balancer.update(List.of(endpoint(replica)));
                dispatch = (Dispatch) balancer.choose(prompt + EXPECTED_OUTPUT);
                begin(replica, prompt, dispatch);
            } else {
                begin(replica, promptTokens(), null);
            }
        }
        grow(requests.length);
    }

    /** One arrival, and all that ends before it. */
    void arrive() {
        double wait = -Math.log(1 - random.nextDouble()) / arrivalsPerSecond;
        long at = time.nanos() + (long) (wait * 1e9);
        while (!endings.isEmpty() && endings.peek().atNanos() <= at) {
            Ending ending = endings.poll();
            time.advance(Duration.ofNanos(ending.atNanos() - time.nanos()));
            requests[ending.replica()]--;
            tokens[ending.replica()] -= ending.tokens();
            if (ending.dispatch() != null) {
                ending.dispatch().succeeded();
            }
        }
        time.advance(Duration.ofNanos(at - time.nanos()));
        int prompt = promptTokens();
        if (balancer != null) {
            Dispatch dispatch = (Dispatch) balancer.choose(prompt + EXPECTED_OUTPUT);
            begin(Integer.parseInt(dispatch.id()), prompt, dispatch);
        } else if (blind != null) {
            begin(blind.getAsInt(), prompt, null);
        }
    }

    private void begin(int replica, int prompt, @Nullable Dispatch dispatch) {
        int output = length(OUTPUT_MEDIAN, OUTPUT_SIGMA, 4096);
        long nanos = (long) ((0.2 + prompt / 8000.0 + output * SECONDS_PER_TOKEN) * 1e9);
        requests[replica]++;
        tokens[replica] += prompt + EXPECTED_OUTPUT;
        endings.add(new Ending(time.nanos() + nanos, replica, prompt + EXPECTED_OUTPUT, dispatch));
    }

    private int promptTokens() {
        return length(PROMPT_MEDIAN, PROMPT_SIGMA, 16_384);
    }

    private int length(double median, double sigma, int most) {
        return (int) Math.min(most, Math.max(1, median * Math.exp(sigma * random.nextGaussian())));
    }

    /** By our own counts, as {@link ReplicaBalancer#imbalance()} is defined. */
    double imbalance() {
        double highest = 0;
        double sum = 0;
        for (int i = 0; i < requests.length; i++) {
            double load = (double) requests[i] / SLOTS + (double) tokens[i] / TOKENS;
            highest = Math.max(highest, load);
            sum += load;
        }
        return sum == 0 ? 0 : highest / (sum / requests.length) - 1;
    }
}
