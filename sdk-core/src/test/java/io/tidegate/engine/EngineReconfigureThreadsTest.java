/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other settings, wishes and overrides from many threads at once. */
class EngineReconfigureThreadsTest {

    private static final int THREADS = 6;
    private static final int TIMES = 150;

    private final AtomicInteger rounds = new AtomicInteger();
    private final AtomicInteger atOnce = new AtomicInteger();
    private final Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();

    private static final class Backend implements ScalerBackend {
        private volatile int replicas = 1;

        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(replicas, replicas, replicas);
        }

        @Override
        public void scale(ScaleRequest request) {
            replicas = request.to();
        }
    }

    private ScaledPool pool(SystemTime time, ScalerBackend backend, int max, Duration period) {
        return TestPool.of("chat")
                .load(new FakeLoad(time))
                .backend(backend)
                .bounds(0, max)
                .stepUp(null)
                .stepDown(null)
                .stabilizationWindow(Duration.ZERO)
                .period(period)
                .statusPeriod(Duration.ofMillis(20))
                .policy(new Policy() {
                    @Override
                    public String name() {
                        return "wanting";
                    }

                    @Override
                    public Proposal propose(PoolView view) {
                        if (atOnce.incrementAndGet() > 1) {
                            thrown.add(new AssertionError("two rounds at once"));
                        }
                        rounds.incrementAndGet();
                        atOnce.decrementAndGet();
                        return new Proposal.Wants(name(), 50, Cause.SIGNAL, "");
                    }
                })
                .build();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyThreads_noExceptionAndTheLastSettingsHold(boolean closedMeanwhile) throws Exception {
        try (SystemTime time = SystemTime.start()) {
            List<Backend> backends = List.of(new Backend(), new Backend(), new Backend());
            Engine engine = Engine.builder()
                    .time(time)
                    .memory(new MapMemory())
                    .pool(pool(time, backends.get(0), 5, Duration.ofMillis(5)))
                    .build();
            engine.start();
            CyclicBarrier barrier = new CyclicBarrier(THREADS + 1);
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int me = t;
                Thread thread = new Thread(() -> {
                    try {
                        barrier.await();
                        for (int i = 0; i < TIMES; i++) {
                            switch ((me + i) % 4) {
                                case 0 ->
                                    engine.reconfigure(
                                            pool(time, backends.get(i % 3), 1 + i % 9, Duration.ofMillis(1 + i % 7)));
                                case 1 ->
                                    engine.override(
                                            "chat", ManualOverride.pin(i % 9, Duration.ofMillis(1 + i % 5), "ann", ""));
                                case 2 -> engine.resume("chat");
                                default -> engine.wake("chat");
                            }
                        }
                    } catch (Throwable e) {
                        thrown.add(e);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            barrier.await();
            if (closedMeanwhile) {
                await().until(() -> rounds.get() > 3);
                engine.close();
            }
            for (Thread thread : threads) {
                thread.join(30_000);
                assertThat(thread.isAlive()).isFalse();
            }
            assertThat(thrown).isEmpty();
            if (!closedMeanwhile) {
                Backend last = new Backend();
                engine.resume("chat");
                engine.reconfigure(pool(time, last, 7, Duration.ofMillis(10)));
                await().until(() -> last.replicas == 7);
                int before = rounds.get();
                await().until(() -> rounds.get() > before + 10);
                assertThat(engine.state("chat").failures()).isZero();
                assertThat(engine.state("chat").override()).isEmpty();
                engine.close();
            }
        }
    }

    @Test
    void close_fromAListener_doesNotHang() {
        try (SystemTime time = SystemTime.start()) {
            Engine engine = Engine.builder()
                    .time(time)
                    .pool(pool(time, new Backend(), 5, Duration.ofMillis(5)))
                    .build();
            AtomicInteger closed = new AtomicInteger();
            engine.addListener(new io.tidegate.engine.spi.EngineListener() {
                @Override
                public void stepped(io.tidegate.ledger.ScaleEvent event) {
                    engine.close();
                    closed.incrementAndGet();
                }
            });
            engine.start();
            await().until(() -> closed.get() > 0);
        }
    }
}
