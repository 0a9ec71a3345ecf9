/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.time.Duration;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The share of requests that kept their SLO over the last five minutes, in sixty buckets of five seconds.
 *
 * <p>Lock-free and approximate at the edge: while a bucket is taken over for a new period, counts of threads that found the
 * old one can be lost. Exact totals are kept by the meters.
 */
final class SloWindow {

    static final Duration LENGTH = Duration.ofMinutes(5);

    private static final int BUCKETS = 60;
    private static final long BUCKET_NANOS = LENGTH.toNanos() / BUCKETS;

    private final AtomicLongArray periods = new AtomicLongArray(BUCKETS);
    private final AtomicLongArray evaluated = new AtomicLongArray(BUCKETS);
    private final AtomicLongArray kept = new AtomicLongArray(BUCKETS);

    private final long originNanos;

    /** Counts time from its making, so that a clock that wraps does not lose the window. */
    SloWindow(long originNanos) {
        this.originNanos = originNanos;
        for (int i = 0; i < BUCKETS; i++) {
            periods.set(i, Long.MIN_VALUE);
        }
    }

    void record(boolean keptPromise, long nowNanos) {
        long period = period(nowNanos);
        int bucket = Math.floorMod(period, BUCKETS);
        long found = periods.get(bucket);
        if (found != period && periods.compareAndSet(bucket, found, period)) {
            evaluated.set(bucket, 0);
            kept.set(bucket, 0);
        }
        evaluated.incrementAndGet(bucket);
        if (keptPromise) {
            kept.incrementAndGet(bucket);
        }
    }

    /** Empty if nothing was evaluated in the window. */
    OptionalDouble attainment(long nowNanos) {
        long newest = period(nowNanos);
        long all = 0;
        long good = 0;
        for (int i = 0; i < BUCKETS; i++) {
            long age = newest - periods.get(i);
            if (age >= 0 && age < BUCKETS) {
                all += evaluated.get(i);
                good += kept.get(i);
            }
        }
        return all == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) Math.min(good, all) / all);
    }

    private long period(long nowNanos) {
        return Math.floorDiv(nowNanos - originNanos, BUCKET_NANOS);
    }
}
