/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.pool.Work;
import io.tidegate.routing.Dispatch;
import io.tidegate.routing.Endpoint;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.time.SystemTime;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to choose a replica for a request and to say that it has ended, and does it matter how many there are?
 *
 * <p>Expected: the balancer is flat from five replicas on, as it draws two; a prefix key, by which all are looked at, is not. The
 * plain ways look at all, and grow with them.
 *
 * <p>Command, with CPU time and allocation; {@code -t 2} for two threads:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar RouteBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(5)
public class RouteBenchmark {

    /** Ours. */
    @State(Scope.Benchmark)
    public static class Ours {

        /** How many there are. */
        @Param({"4", "32", "256"})
        int replicas = 4;

        final SystemTime time = SystemTime.start();
        final ReplicaBalancer balancer = ReplicaBalancer.of(time);

        /** Adds the replicas, and some load. */
        @Setup
        public void fill() {
            List<Endpoint> endpoints = new ArrayList<>();
            for (int i = 0; i < replicas; i++) {
                endpoints.add(Endpoint.of("replica-" + i, URI.create("http://10.0.0.1:" + i), new Work(64, 131_072)));
            }
            balancer.update(endpoints);
            for (int i = 0; i < 20 * replicas; i++) {
                balancer.choose(700);
            }
        }

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            time.close();
        }
    }

    /** Requests counted in the replica, the least found by a stream. */
    @State(Scope.Benchmark)
    public static class Streamed {

        /** How many there are. */
        @Param({"4", "32", "256"})
        int replicas = 4;

        final List<AtomicInteger> inFlight = new ArrayList<>();

        /** Adds the replicas. */
        @Setup
        public void fill() {
            for (int i = 0; i < replicas; i++) {
                inFlight.add(new AtomicInteger(20));
            }
        }
    }

    /** Requests counted in a map by name, the least found by a look at all of it. */
    @State(Scope.Benchmark)
    public static class Mapped {

        /** How many there are. */
        @Param({"4", "32", "256"})
        int replicas = 4;

        final Map<String, AtomicInteger> inFlight = new ConcurrentHashMap<>();

        /** Adds the replicas. */
        @Setup
        public void fill() {
            for (int i = 0; i < replicas; i++) {
                inFlight.put("replica-" + i, new AtomicInteger(20));
            }
        }
    }

    /** By load alone. */
    @Benchmark
    public boolean balancer(Ours ours) {
        Dispatch dispatch = (Dispatch) ours.balancer.choose(700);
        return dispatch.succeeded();
    }

    /** By the prefix of a tenant. */
    @Benchmark
    public boolean balancerPrefix(Ours ours, Walk walk) {
        Dispatch dispatch = (Dispatch) ours.balancer.choose(700, 1 + walk.next());
        return dispatch.succeeded();
    }

    /** As it is written at first. */
    @Benchmark
    public int streamedMin(Streamed streamed) {
        AtomicInteger least = streamed.inFlight.stream()
                .min(Comparator.comparingInt(AtomicInteger::get))
                .orElseThrow();
        least.incrementAndGet();
        return least.decrementAndGet();
    }

    /** As it is written next. */
    @Benchmark
    public int mappedLeastRequest(Mapped mapped) {
        String name = "";
        int least = Integer.MAX_VALUE;
        for (Map.Entry<String, AtomicInteger> each : mapped.inFlight.entrySet()) {
            int seen = each.getValue().get();
            if (seen < least) {
                least = seen;
                name = each.getKey();
            }
        }
        mapped.inFlight.computeIfAbsent(name, key -> new AtomicInteger()).incrementAndGet();
        return mapped.inFlight.computeIfAbsent(name, key -> new AtomicInteger()).decrementAndGet();
    }
}
