/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.StressLeak;
import io.tidegate.admission.Ticket;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.TimeSource;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Gates for stress tests: the smallest there are, on a clock that stands still and schedules nothing. */
final class StressGate {

    private static final Tier TIER = Tier.builder("standard").build();
    private static final TimeSource TIME = new Standing();

    private StressGate() {}

    static Gate of(int slots) {
        return of(slots, Runnable::run);
    }

    static Gate of(int slots, Executor callbacks) {
        return of(slots, TIME, callbacks);
    }

    static Gate of(int slots, TimeSource time, Executor callbacks) {
        return Gate.builder("stress")
                .tier(TIER)
                .time(time)
                .callbackExecutor(callbacks)
                .limit(Work.slots(slots))
                .build();
    }

    static StressLeak leak() {
        return new StressLeak(TIER, TIME);
    }

    static Ticket ask(Gate gate, Consumer<? super Admission> callback) {
        return gate.acquire(Request.of(TIER), callback);
    }

    static Permit take(Gate gate) {
        if (gate.tryAcquire(Request.of(TIER)) instanceof Permit permit) {
            return permit;
        }
        throw new IllegalStateException("no room in " + gate);
    }

    /** A clock that stands still until all the time there is runs out, and runs then what it was given first. */
    static final class Alarmed implements TimeSource {

        private static final Task NOTHING = () -> {};

        private final List<Runnable> tasks = new CopyOnWriteArrayList<>();
        private volatile long now;
        private volatile boolean over;

        /** All that is scheduled later is not run, as it would be by a clock that went on. */
        void runOut() {
            now = TIER.maxQueueTime().toNanos() + 1;
            over = true;
            for (Runnable task : tasks) {
                task.run();
            }
        }

        @Override
        public long nanos() {
            return now;
        }

        @Override
        public Instant wallTime() {
            return Instant.EPOCH;
        }

        @Override
        public Task schedule(long delayNanos, Runnable task) {
            if (!over) {
                tasks.add(task);
            }
            return NOTHING;
        }
    }

    /** Without locks of its own, which would order what the test is about. */
    private static final class Standing implements TimeSource {

        private static final Task NOTHING = () -> {};

        @Override
        public long nanos() {
            return 0;
        }

        @Override
        public Instant wallTime() {
            return Instant.EPOCH;
        }

        @Override
        public Task schedule(long delayNanos, Runnable task) {
            return NOTHING;
        }
    }
}
