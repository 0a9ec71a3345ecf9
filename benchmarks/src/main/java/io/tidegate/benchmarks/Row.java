/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;

/**
 * One line of the report: a benchmark with its parameters.
 *
 * @param group the question it belongs to
 * @param label who answers it; unique in its group for each number of threads
 * @param benchmark class and method, of this package; for {@link Group#MEMORY} an argument of {@link WaiterMemory}
 * @param params values of JMH's parameters
 * @param threads threads that ask at once
 */
record Row(Group group, String label, String benchmark, Map<String, String> params, int threads) {

    static final String SHIPPED = "gate as shipped";
    static final String EVERYTHING = "gate, everything on";
    static final String STRIPPED = "gate, stripped core";
    static final String SEMAPHORE = "Semaphore";
    static final String PARTITIONED = "concurrency-limits, partitioned";
    static final String REASON = "gate, reason only";
    static final String RETRY_AFTER = "gate, reason and Retry-After";
    static final String REACTOR = "reactor-pool";
    static final String FAIR = "Semaphore, fair";
    static final String GATE = "gate";

    private static final String SIMPLE = "concurrency-limits, simple";

    /** The questions, each with the peer that the others of its group are compared with. */
    enum Group {
        ADMIT("admit and return", SEMAPHORE),
        REFUSE("refuse, everything taken", SEMAPHORE),
        WAIT("queue, grant, return; limit 1", REACTOR),
        GIVE_UP("enqueue and cancel", deep(REACTOR, 1000)),
        HAND_OFF("blocking hand-off; limit 1", FAIR),
        MEMORY("heap of 1,000,000 waiters; -Xmx1500m", REACTOR);

        final String title;
        final String peer;

        Group(String title, String peer) {
            this.title = title;
            this.peer = peer;
        }
    }

    Row {
        params = Map.copyOf(params);
    }

    /** Label of somebody behind whom so many wait. */
    static String deep(String label, int depth) {
        return String.format(Locale.ROOT, "%s, %,d deep", label, depth);
    }

    /** All of them; admission and refusal with each of these numbers of threads. */
    static List<Row> all(SortedSet<Integer> threads) {
        List<Row> rows = new ArrayList<>();
        for (int many : threads) {
            admit(rows, many);
        }
        for (int many : threads) {
            refuse(rows, many);
        }
        add(rows, Group.WAIT, 1, SHIPPED, "WaitBenchmark.gateAsShipped");
        add(rows, Group.WAIT, 1, REACTOR, "WaitBenchmark.reactorPool");
        add(rows, Group.WAIT, 1, "reactor-pool, with a time-out", "WaitBenchmark.reactorPoolWithTimeout");
        add(rows, Group.WAIT, 1, "deque under a lock", "WaitBenchmark.lockedDeque");
        for (int depth : List.of(1000, 10_000, 100_000)) {
            giveUp(rows, GATE, "GiveUpBenchmark.gate", depth);
        }
        for (int depth : List.of(1000, 10_000)) {
            giveUp(rows, REACTOR, "GiveUpBenchmark.reactorPool", depth);
        }
        for (int depth : List.of(1000, 10_000, 100_000)) {
            giveUp(rows, "gate, any of them", "GiveUpBenchmark.gateAny", depth);
        }
        giveUp(rows, "reactor-pool, any of them", "GiveUpBenchmark.reactorPoolAny", 1000);
        add(rows, Group.HAND_OFF, 2, SHIPPED, "HandOffBenchmark.gateAsShipped");
        add(rows, Group.HAND_OFF, 2, FAIR, "HandOffBenchmark.fairSemaphore");
        add(rows, Group.HAND_OFF, 2, "concurrency-limits, LIFO", "HandOffBenchmark.lifoLimiter");
        add(rows, Group.HAND_OFF, 2, "resilience4j", "HandOffBenchmark.resilience4j");
        add(rows, Group.MEMORY, 1, GATE, WaiterMemory.GATE);
        add(rows, Group.MEMORY, 1, REACTOR, WaiterMemory.REACTOR_POOL);
        return List.copyOf(rows);
    }

    private static void admit(List<Row> rows, int threads) {
        add(rows, Group.ADMIT, threads, SHIPPED, "AdmitBenchmark.gateAsShipped");
        add(rows, Group.ADMIT, threads, EVERYTHING, "AdmitBenchmark.gateWithEverything");
        add(rows, Group.ADMIT, threads, STRIPPED, "AdmitBenchmark.strippedCore");
        add(rows, Group.ADMIT, threads, SEMAPHORE, "AdmitBenchmark.semaphore");
        add(rows, Group.ADMIT, threads, "resilience4j", "AdmitBenchmark.resilience4j");
        add(rows, Group.ADMIT, threads, "Failsafe", "AdmitBenchmark.failsafe");
        add(rows, Group.ADMIT, threads, SIMPLE, "AdmitBenchmark.simpleLimiter");
        add(rows, Group.ADMIT, threads, PARTITIONED, "AdmitBenchmark.partitionedLimiter");
        add(rows, Group.ADMIT, threads, REACTOR, "AdmitBenchmark.reactorPool");
        add(rows, Group.ADMIT, threads, "Sentinel", "AdmitBenchmark.sentinel");
    }

    private static void refuse(List<Row> rows, int threads) {
        add(rows, Group.REFUSE, threads, REASON, "RefuseBenchmark.gateReason");
        add(rows, Group.REFUSE, threads, RETRY_AFTER, "RefuseBenchmark.gateRetryAfter");
        add(rows, Group.REFUSE, threads, SEMAPHORE, "RefuseBenchmark.semaphore");
        add(rows, Group.REFUSE, threads, "resilience4j", "RefuseBenchmark.resilience4j");
        add(rows, Group.REFUSE, threads, "resilience4j, by exception", "RefuseBenchmark.resilience4jException");
        add(rows, Group.REFUSE, threads, "Failsafe", "RefuseBenchmark.failsafe");
        add(rows, Group.REFUSE, threads, SIMPLE, "RefuseBenchmark.simpleLimiter");
        add(rows, Group.REFUSE, threads, PARTITIONED, "RefuseBenchmark.partitionedLimiter");
        add(rows, Group.REFUSE, threads, "Sentinel", "RefuseBenchmark.sentinel");
    }

    private static void giveUp(List<Row> rows, String label, String benchmark, int depth) {
        rows.add(new Row(Group.GIVE_UP, deep(label, depth), benchmark, Map.of("depth", Integer.toString(depth)), 1));
    }

    private static void add(List<Row> rows, Group group, int threads, String label, String benchmark) {
        rows.add(new Row(group, label, benchmark, Map.of(), threads));
    }

    /** Group, threads and label: what a reader calls it. */
    @Override
    public String toString() {
        return group.title + ", " + threads + (threads == 1 ? " thread: " : " threads: ") + label;
    }
}
