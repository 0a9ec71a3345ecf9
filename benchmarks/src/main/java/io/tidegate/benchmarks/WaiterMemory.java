/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Request;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import reactor.pool.InstrumentedPool;

/**
 * How much heap do a million waiters take? Counts what is live after a full collection, before and after they queue. The waiters
 * share their callback, and those of a tenant their request, so that what is counted is the gate's own.
 *
 * <p>Command: {@code java -Xmx1500m -cp benchmarks/target/benchmarks.jar io.tidegate.benchmarks.WaiterMemory gate 1000000}, or
 * {@code reactor-pool} for {@code gate}. It prints the bytes.
 */
public final class WaiterMemory {

    /** Waiters of a measurement. */
    static final int WAITERS = 1_000_000;

    static final String GATE = "gate";
    static final String REACTOR_POOL = "reactor-pool";

    private static final int TENANTS = 1000;
    private static final String HEAP = "-Xmx1500m";

    private WaiterMemory() {}

    /** Prints the bytes that the waiters take. */
    public static void main(String[] arguments) {
        int waiters = Integer.parseInt(arguments[1]);
        System.out.println(arguments[0].equals(GATE) ? inGate(waiters) : inReactorPool(waiters));
    }

    /** Measures in a JVM of its own; the bytes. */
    static long measure(String which, int waiters) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java", HEAP, "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(WaiterMemory.class.getName(), which, String.valueOf(waiters)));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IOException(
                        waiters + " waiters in " + which + " with " + HEAP + " failed: " + output.strip());
            }
            return Long.parseLong(output.strip());
        } catch (NumberFormatException e) {
            throw new IOException("the JVM that counts waiters said something else", e);
        } finally {
            process.destroyForcibly();
        }
    }

    static long inGate(int waiters) {
        try (ShippedGate ours = ShippedGate.withQueue(waiters, TENANTS)) {
            Request[] requests = ours.requests;
            Handed<Admission> answer = new Handed<>();
            return live(waiters, i -> ours.gate.acquire(requests[i % TENANTS], answer), ours.gate::queued);
        }
    }

    static long inReactorPool(int waiters) {
        InstrumentedPool<Object> pool = Peers.pool(1);
        Borrower borrower = new Borrower();
        borrower.ask(pool);
        return live(waiters, i -> borrower.ask(pool), pool.metrics()::pendingAcquireSize);
    }

    private static long live(int waiters, IntConsumer queue, IntSupplier queued) {
        // Once for what is made when it is first used.
        queue.accept(0);
        long before = used();
        for (int i = 1; i < waiters; i++) {
            queue.accept(i);
        }
        long after = used();
        if (queued.getAsInt() != waiters) {
            throw new IllegalStateException(waiters + " should wait but " + queued.getAsInt() + " do");
        }
        return after - before;
    }

    private static long used() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
