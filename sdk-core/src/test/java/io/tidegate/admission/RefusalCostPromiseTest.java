/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Admission.Shed;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What it costs to refuse, which is all that is left to do in a flood. */
class RefusalCostPromiseTest {

    private static final int REFUSALS = 100_000;
    private static final int TENANTS = 50;
    private static final long MOST_NANOS = Duration.ofMillis(1).toNanos();

    /** Of all refusals at 50,000 a second. */
    private static final long MOST_NANOS_IN_ALL = Duration.ofSeconds(1).toNanos() / 50_000 * REFUSALS;

    private final Tier tier = Tier.builder("standard").maxQueued(100).build();
    private final Tier patient = Tier.builder("patient").maxQueued(10_000).build();

    private Gate gate(TimeSource time, int slots) {
        return Gate.builder("chat")
                .tier(tier)
                .tier(patient)
                .time(time)
                .seed(1)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(slots))
                .build();
    }

    private Request request(int number) {
        return Request.of(tier).withTenant("t" + number % TENANTS);
    }

    /** Full, and each tenant has its part of the places to wait. */
    private Gate full(TimeSource time) {
        Gate gate = gate(time, 1);
        assertThat(gate.tryAcquire(request(0))).isInstanceOf(Permit.class);
        for (int i = 0; i < 100; i++) {
            gate.acquire(request(i), answer -> {});
        }
        assertThat(gate.queued()).isEqualTo(100);
        return gate;
    }

    /** Asks as often as it takes, and counts the reasons of refusals. */
    private static Map<Reason, Integer> measure(String what, IntFunction<Admission> ask) {
        for (int i = 0; i < REFUSALS / 10; i++) {
            Admission unused = ask.apply(i);
        }
        Map<Reason, Integer> reasons = new EnumMap<>(Reason.class);
        long[] nanos = new long[REFUSALS];
        int refused = 0;
        long all = 0;
        for (int i = 0; refused < REFUSALS; i++) {
            assertThat(i).as("asked, of which %d were refused", refused).isLessThan(4 * REFUSALS);
            long began = System.nanoTime();
            Admission answer = ask.apply(i);
            long took = System.nanoTime() - began;
            if (answer instanceof Shed shed) {
                reasons.merge(shed.reason(), 1, Integer::sum);
                nanos[refused++] = took;
                all += took;
            }
        }
        Arrays.sort(nanos);
        System.out.printf(
                "B7: %s: p50 %,d ns, p99 %,d ns, mean %,d ns; %s%n",
                what, nanos[REFUSALS / 2], nanos[REFUSALS / 100 * 99], all / REFUSALS, reasons);
        assertThat(nanos[REFUSALS / 100 * 99]).isLessThan(MOST_NANOS);
        assertThat(all).as("in all, at 50,000 a second").isLessThan(MOST_NANOS_IN_ALL);
        return reasons;
    }

    private static final Admission WAITS = new Shed(Reason.EVICTED, Duration.ZERO);

    /** The answer known at once. */
    private static Admission acquire(Gate gate, Request request) {
        return gate.acquire(request, answer -> {}).outcome().orElse(WAITS);
    }

    @Nested
    @DisplayName("B7: at 50,000 a second the 99th percentile of a refusal is below 1 ms")
    class Time {

        @Test
        void tryAcquire_noRoom() {
            try (SystemTime time = SystemTime.start()) {
                Gate gate = full(time);
                Request[] requests = requests();
                assertThat(measure("tryAcquire", i -> gate.tryAcquire(requests[i % TENANTS])))
                        .containsOnlyKeys(Reason.NO_ROOM);
            }
        }

        @Test
        void tryAcquire_toldWhenToComeBack() {
            try (SystemTime time = SystemTime.start()) {
                Gate gate = full(time);
                assertThat(measure(
                                "tryAcquire with a key",
                                i -> gate.tryAcquire(request(i).withKey("k" + i % 5_000))))
                        .containsKeys(Reason.NO_ROOM, Reason.RETRY_TOO_SOON);
            }
        }

        @Test
        void acquire_queueFull() {
            try (SystemTime time = SystemTime.start()) {
                Gate gate = full(time);
                Request[] requests = requests();
                assertThat(measure("acquire", i -> acquire(gate, requests[i % TENANTS])))
                        .containsOnlyKeys(Reason.QUEUE_FULL);
            }
        }

        @Test
        void acquire_toldWhenToComeBack() {
            try (SystemTime time = SystemTime.start()) {
                Gate gate = full(time);
                assertThat(measure(
                                "acquire with a key",
                                i -> acquire(gate, request(i).withKey("k" + i % 5_000))))
                        .containsKeys(Reason.QUEUE_FULL, Reason.RETRY_TOO_SOON);
            }
        }

        /** The gate's clock stands still meanwhile, and what is measured is not its time. */
        @Test
        void acquire_overloaded() {
            Gate gate = overloaded();
            Map<Reason, Integer> reasons = measure(
                    "acquire overloaded", i -> acquire(gate, Request.of(patient).withTenant("many" + i % 8)));
            assertThat(reasons).containsKey(Reason.OVERLOADED);
            assertThat(gate.openRanks()).isLessThan(1);
        }

        /** Ten times as much comes as can be served, of tenants who all wait long. */
        private Gate overloaded() {
            ManualTime time = new ManualTime();
            Gate gate = gate(time, 10);
            VirtualLoad load = new VirtualLoad(time, 1);
            load.arrivals(() -> 100, 300, () -> {
                Request request = Request.of(patient).withTenant("many" + load.random.nextInt(8));
                load.ask(gate, "", request, load.exponential(1));
            });
            for (int second = 0; second < 300 && (gate.openRanks() > 0.5 || gate.queued() < 50); second++) {
                load.run(1);
            }
            assertThat(gate.openRanks()).isLessThanOrEqualTo(0.5);
            return gate;
        }
    }

    private Request[] requests() {
        Request[] requests = new Request[TENANTS];
        for (int i = 0; i < TENANTS; i++) {
            requests[i] = request(i);
        }
        return requests;
    }

    @Test
    @DisplayName("B7: refusing by tryAcquire allocates nothing")
    void tryAcquire_noRoom_allocatesNothing() {
        com.sun.management.ThreadMXBean threads =
                ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean found ? found : null;
        Assumptions.assumeTrue(
                threads != null
                        && threads.isThreadAllocatedMemorySupported()
                        && threads.isThreadAllocatedMemoryEnabled(),
                "this virtual machine does not count what a thread allocates");
        Gate gate = full(new ManualTime());
        Request[] requests = requests();
        for (int i = 0; i < TENANTS; i += 2) {
            requests[i] = requests[i].withAttempt(2);
        }
        refuse(gate, requests);
        long allocated = allocatedByRefusals(java.util.Objects.requireNonNull(threads), gate, requests);

        // Looking itself may, but not for each refusal.
        assertThat(allocated).isLessThan(REFUSALS / 10);
    }

    private static long allocatedByRefusals(com.sun.management.ThreadMXBean threads, Gate gate, Request[] requests) {
        long self = Thread.currentThread().getId();
        long before = threads.getThreadAllocatedBytes(self);
        refuse(gate, requests);
        return threads.getThreadAllocatedBytes(self) - before;
    }

    private static void refuse(Gate gate, Request[] requests) {
        for (int i = 0; i < REFUSALS; i++) {
            if (gate.tryAcquire(requests[i % TENANTS]) instanceof Permit permit) {
                throw new AssertionError("admitted: " + permit);
            }
        }
    }
}
