/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.log.BoundedLog;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Permits that nobody closes. */
class GateLeakPromiseTest {

    private static final int DROPPED = 10_000;
    private static final String LINE = "was dropped without being closed";

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard").maxQueued(DROPPED).build();

    private Gate gate(int sites) {
        return Gate.builder("chat")
                .tier(tier)
                .time(time)
                .maxQueued(DROPPED)
                .callbackExecutor(Runnable::run)
                .leakSites(sites)
                .limit(Work.slots(DROPPED + 1))
                .build();
    }

    @Nested
    @DisplayName(
            "A7: permits dropped without being closed are found by the second collection, and logged once with their site")
    class Dropped {

        @Test
        void tryAcquire_dropped_isFoundAndLoggedOnce() throws Exception {
            Gate gate = gate(1);
            Permit kept = Answers.permit(gate.tryAcquire(Request.of(tier)));
            String log = logged(() -> {
                dropAtOnce(gate);
                assertThat(gate.inFlight().slots()).isEqualTo(DROPPED + 1);
                collectAndSweep();
                collectAndSweep();
                awaitFound(gate);
            });

            assertThat(gate.inFlight().slots()).isEqualTo(1);
            assertThat(kept.closed()).isFalse();
            assertThat(log.lines().filter(line -> line.contains(LINE))).hasSize(1);
            assertThat(log).contains("It was asked for here:").contains("GateLeakPromiseTest.dropAtOnce");
            kept.close();
        }

        @Test
        void acquire_grantedFromTheQueueAndDropped_isFound() throws Exception {
            Gate gate = gate(0);
            String log = logged(() -> {
                dropFromTheQueue(gate);
                collectAndSweep();
                collectAndSweep();
                awaitFound(gate);
            });

            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(log.lines().filter(line -> line.contains(LINE))).hasSize(1);
            assertThat(log).contains("leakSites(1)");
        }

        /** The room of one that was dropped goes to whoever waits for it. */
        @Test
        void dropped_whileOneWaits_isGrantedToIt() throws Exception {
            Gate gate = gate(0);
            dropAtOnce(gate);
            List<Answers> waiters = List.of(new Answers(), new Answers());
            for (Answers waiter : waiters) {
                gate.acquire(Request.of(tier), waiter);
            }
            collectAndSweep();
            collectAndSweep();
            awaitFound(gate);

            assertThat(waiters)
                    .allSatisfy(each -> assertThat(each.permit().closed()).isFalse());
            assertThat(gate.inFlight().slots()).isEqualTo(2);
        }

        @Test
        void closed_notDropped_isNeverFound() throws Exception {
            Gate gate = gate(1);
            List<Permit> open = new ArrayList<>();
            for (int i = 0; i < DROPPED; i++) {
                open.add(Answers.permit(gate.tryAcquire(Request.of(tier))));
            }
            time.advance(Duration.ofSeconds(2));
            open.forEach(Permit::close);
            open.clear();
            collectAndSweep();
            collectAndSweep();
            collectAndSweep();

            assertThat(gate.leakedPermits()).isZero();
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        }
    }

    private void dropAtOnce(Gate gate) {
        for (int i = 0; i < DROPPED; i++) {
            Answers.permit(gate.tryAcquire(Request.of(tier)));
        }
    }

    private void dropFromTheQueue(Gate gate) {
        List<Permit> held = new ArrayList<>();
        while (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
            held.add(permit);
        }
        for (int i = 0; i < DROPPED; i++) {
            gate.acquire(Request.of(tier), answer -> {});
        }
        held.forEach(Permit::close);
        assertThat(gate.queued()).isZero();
        assertThat(gate.inFlight().slots()).isEqualTo(DROPPED);
    }

    /** One collection, which is over when it has cleared what nobody holds, and the sweep that follows. */
    private void collectAndSweep() throws InterruptedException {
        ReferenceQueue<Object> cleared = new ReferenceQueue<>();
        WeakReference<Object> sentinel = new WeakReference<>(new Object(), cleared);
        System.gc();
        assertThat(cleared.remove(60_000)).as("a collection").isSameAs(sentinel);
        time.advance(Duration.ofSeconds(1));
    }

    /** No further collection: the JVM's own thread may only hand over late what the second has cleared. */
    private void awaitFound(Gate gate) {
        Awaitility.await().until(() -> {
            time.advance(Duration.ofSeconds(1));
            return gate.leakedPermits() == DROPPED;
        });
    }

    private interface Steps {
        void run() throws Exception;
    }

    private static String logged(Steps steps) throws Exception {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream into = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setErr(into);
            steps.run();
        } finally {
            BoundedLog.flush(Duration.ofSeconds(30));
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
