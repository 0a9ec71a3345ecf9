/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.FixedLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import com.netflix.concurrency.limits.limiter.AbstractPartitionedLimiter;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolBuilder;

/** The peers, each in the form its documentation recommends and of the same size. */
final class Peers {

    /** Permits of each where nobody is to wait. */
    static final int LIMIT = 1000;

    static final String PREMIUM = "premium";
    static final String STANDARD = "standard";
    static final String BATCH = "batch";

    private Peers() {}

    static Limiter<String> simple(int limit) {
        return SimpleLimiter.newBuilder().limit(FixedLimit.of(limit)).<String>build();
    }

    /** With three partitions and a limit that learns by Gradient2 but never leaves this one, so that it does not refuse. */
    static Limiter<String> partitioned(int limit) {
        return new PartitionedBuilder()
                .partitionResolver(name -> name)
                .partition(PREMIUM, 0.6)
                .partition(STANDARD, 0.3)
                .partition(BATCH, 0.1)
                .limit(WindowedLimit.newBuilder()
                        .build(Gradient2Limit.newBuilder()
                                .initialLimit(limit)
                                .minLimit(limit)
                                .maxConcurrency(limit)
                                .build()))
                .build();
    }

    /** Partition names of the walk, in the order of the gate's requests. */
    static String[] partitions() {
        String[] names = new String[ShippedGate.TENANTS];
        for (int i = 0; i < names.length; i++) {
            names[i] = i % 3 == 0 ? PREMIUM : i % 3 == 1 ? STANDARD : BATCH;
        }
        return names;
    }

    static Bulkhead bulkhead(int limit, Duration maxWait) {
        return Bulkhead.of(
                "chat",
                BulkheadConfig.custom()
                        .maxConcurrentCalls(limit)
                        .maxWaitDuration(maxWait)
                        .build());
    }

    /** With all it holds allocated. */
    static InstrumentedPool<Object> pool(int limit) {
        InstrumentedPool<Object> pool = PoolBuilder.from(Mono.fromSupplier(Object::new))
                .sizeBetween(limit, limit)
                .maxPendingAcquireUnbounded()
                .buildPool();
        pool.warmup().block();
        return pool;
    }

    private static final class PartitionedBuilder
            extends AbstractPartitionedLimiter.Builder<PartitionedBuilder, String> {
        @Override
        protected PartitionedBuilder self() {
            return this;
        }
    }
}
