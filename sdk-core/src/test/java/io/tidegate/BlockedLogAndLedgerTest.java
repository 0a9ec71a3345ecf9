/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.engine.Engine;
import io.tidegate.engine.ManualOverride;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.log.BoundedLog;
import io.tidegate.meter.Meters;
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A gateway whose log or ledger does not take what it is given. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BlockedLogAndLedgerTest {

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard").build();
    private final Backend backend = new Backend();

    private static final class Backend implements ScalerBackend {

        private int replicas = 2;
        private boolean fails;

        @Override
        public ReplicaStatus status(String pool) throws IOException {
            if (fails) {
                throw new IOException("told to");
            }
            return new ReplicaStatus(replicas, replicas, replicas);
        }

        @Override
        public void scale(ScaleRequest request) {
            replicas = request.to();
        }
    }

    private Gate gate() {
        return Gate.builder("chat")
                .time(time)
                .tier(tier)
                .callbackExecutor(Runnable::run)
                .build();
    }

    private Engine engine(Gate gate, Ledger ledger) {
        return Engine.builder()
                .time(time)
                .executor(Runnable::run)
                .ledger(ledger)
                .pool(ScaledPool.builder("chat")
                        .load(gate::load)
                        .supply(gate::supply)
                        .backend(backend)
                        .replicaWork(Work.slots(2))
                        .bounds(1, 8)
                        .build())
                .build();
    }

    private void admit(Gate gate) {
        Permit permit = (Permit) gate.tryAcquire(Request.of(tier));
        permit.close();
    }

    /** Does not take a byte until it is released. */
    private static final class Blocked extends OutputStream {

        private final CountDownLatch release = new CountDownLatch(1);

        @Override
        public void write(int aByte) throws IOException {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    @Test
    @DisplayName("L8: with the log blocked, requests are admitted and rounds are made; lines are dropped and counted")
    void log_blocked_admissionAndRoundsGoOn() {
        BoundedLog.flush(Duration.ofSeconds(30));
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        PrintStream before = System.err;
        Blocked disk = new Blocked();
        System.setErr(new PrintStream(disk, true));
        long droppedBefore = BoundedLog.dropped();
        try (Gate gate = gate();
                Engine engine = engine(gate, Ledger.none());
                TidegateMetrics metrics = new TidegateMetrics(List.of(gate), engine)) {
            metrics.bindTo(registry);
            engine.start();
            time.advance(Duration.ofSeconds(2));
            gate.addListener(new io.tidegate.admission.spi.GateListener() {
                @Override
                public void admitted(Tier admitted, long queueNanos) {
                    throw new IllegalStateException("so that the gate logs, on the thread of the request");
                }
            });
            for (int i = 0; i < 1_500; i++) {
                // Each of them is logged by whoever says it, and what fails and works again by the engine.
                engine.override("chat", ManualOverride.pin(2 + i % 3, Duration.ofMinutes(5), "me", "the test says so"));
                backend.fails = i % 2 == 0;
                time.advance(Duration.ofSeconds(1));
                admit(gate);
            }
            assertThat(BoundedLog.dropped()).isGreaterThan(droppedBefore);
            assertThat(registry.get(Meters.LOG_DROPPED.meterName())
                            .functionCounter()
                            .count())
                    .isEqualTo((double) BoundedLog.dropped());
            backend.fails = false;
            engine.override("chat", ManualOverride.pin(5, Duration.ofMinutes(5), "me", "the test says so"));
            time.advance(Duration.ofSeconds(10));
            assertThat(backend.replicas).isEqualTo(5);
            admit(gate);
        } finally {
            disk.release.countDown();
            while (!BoundedLog.flush(Duration.ofSeconds(30))) {
                Thread.onSpinWait();
            }
            System.setErr(before);
        }
    }

    private record Broken(String what, Supplier<CompletableFuture<Void>> append) implements Ledger {

        @Override
        public CompletableFuture<Void> append(Entry entry) {
            return append.get();
        }

        @Override
        public void close() {}

        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Ledger> ledgers() {
        return Stream.of(
                new Broken("never", CompletableFuture::new),
                new Broken(
                        "disk full", () -> CompletableFuture.failedFuture(new IOException("No space left on device"))),
                new Broken("throws", () -> {
                    throw new IllegalStateException("told to");
                }),
                new Broken("throws an error", () -> {
                    throw new OutOfMemoryError("told to");
                }));
    }

    @ParameterizedTest
    @MethodSource("ledgers")
    @DisplayName(
            "L8: with the ledger blocked or its disk full, requests are admitted, and decisions are made and carried out")
    void ledger_blocked_admissionAndRoundsGoOn(Ledger ledger) {
        try (Gate gate = gate();
                Engine engine = engine(gate, ledger)) {
            engine.start();
            time.advance(Duration.ofSeconds(2));
            for (int i = 0; i < 50; i++) {
                engine.override("chat", ManualOverride.pin(2 + i % 4, Duration.ofMinutes(5), "me", "the test says so"));
                time.advance(Duration.ofSeconds(2));
                assertThat(backend.replicas).isEqualTo(2 + i % 4);
                admit(gate);
            }
        }
    }
}
