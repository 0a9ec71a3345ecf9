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
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The engine on threads of its own, with backends that do not answer. */
class EngineThreadsTest {

    private static final Duration TIMEOUT = Duration.ofMillis(100);

    private final SystemTime time = SystemTime.start();
    private final HangingBackend backend = new HangingBackend();
    private final AtomicInteger want = new AtomicInteger(1);
    private final AtomicInteger rounds = new AtomicInteger();
    private Engine engine;

    private static final class HangingBackend implements ScalerBackend {

        private final AtomicBoolean statusHangs = new AtomicBoolean();
        private final AtomicBoolean scaleHangs = new AtomicBoolean();
        private final AtomicBoolean heedsInterrupts = new AtomicBoolean(true);
        private final AtomicInteger interrupts = new AtomicInteger();
        private final AtomicInteger inStatus = new AtomicInteger();
        private final AtomicInteger inScale = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private final AtomicInteger scaleCalls = new AtomicInteger();
        private final CountDownLatch release = new CountDownLatch(1);
        private volatile int replicas = 1;

        @Override
        public ReplicaStatus status(String pool) throws InterruptedException {
            most.accumulateAndGet(inStatus.incrementAndGet(), Math::max);
            try {
                if (statusHangs.get()) {
                    hang();
                }
                return new ReplicaStatus(replicas, replicas, replicas);
            } finally {
                inStatus.decrementAndGet();
            }
        }

        @Override
        public void scale(ScaleRequest request) throws InterruptedException {
            scaleCalls.incrementAndGet();
            most.accumulateAndGet(inScale.incrementAndGet(), Math::max);
            try {
                if (scaleHangs.get()) {
                    hang();
                }
                replicas = request.to();
            } finally {
                inScale.decrementAndGet();
            }
        }

        private void hang() throws InterruptedException {
            while (release.getCount() > 0) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    interrupts.incrementAndGet();
                    if (heedsInterrupts.get()) {
                        throw e;
                    }
                }
            }
        }
    }

    private void start(ScaledPool... more) {
        Engine.Builder builder = Engine.builder()
                .time(time)
                .pool(TestPool.of("chat")
                        .load(new FakeLoad(time))
                        .backend(backend)
                        .bounds(0, 10)
                        .stepUp(null)
                        .stepDown(null)
                        .stabilizationWindow(Duration.ZERO)
                        .period(Duration.ofMillis(10))
                        .statusPeriod(Duration.ofMillis(20))
                        .backendTimeout(TIMEOUT)
                        .policy(new Policy() {
                            @Override
                            public String name() {
                                return "wanting";
                            }

                            @Override
                            public Proposal propose(PoolView view) {
                                rounds.incrementAndGet();
                                return new Proposal.Wants(name(), want.get(), Cause.SIGNAL, "");
                            }
                        })
                        .build());
        for (ScaledPool each : more) {
            builder.pool(each);
        }
        engine = builder.build();
        engine.start();
    }

    @AfterEach
    void stop() {
        engine.close();
        backend.heedsInterrupts.set(true);
        backend.release.countDown();
        time.close();
    }

    private List<ScaleEvent> events() {
        return engine.state("chat").events();
    }

    private void awaitRounds(int more) {
        int before = rounds.get();
        await().until(() -> rounds.get() >= before + more);
    }

    @Test
    void scale_hangsAndHeedsItsInterrupt_theEventFailsAndTheNextWorks() {
        backend.scaleHangs.set(true);
        start();
        want.set(3);
        await().until(() -> !events().isEmpty() && events().get(0).phase() == Phase.FAILED);
        assertThat(events().get(0).latest().detail()).isEqualTo("the backend did not answer within " + TIMEOUT);
        assertThat(backend.interrupts).hasPositiveValue();

        backend.scaleHangs.set(false);
        await().until(() -> engine.state("chat").view().orElseThrow().replicas().ready() == 3);
    }

    @Test
    void scale_hangsAndIgnoresItsInterrupt_theEngineGoesOnWithoutASecondCall() {
        backend.scaleHangs.set(true);
        backend.heedsInterrupts.set(false);
        start();
        want.set(3);
        await().until(() -> !events().isEmpty() && events().get(0).phase() == Phase.FAILED);
        assertThat(events().get(0).latest().detail())
                .isEqualTo("the backend did not answer within " + TIMEOUT + " and ignores its interrupt");
        awaitRounds(5);
        await().until(() -> events().size() > 1 && events().get(1).phase() == Phase.FAILED);
        assertThat(events().get(1).latest().detail()).contains("has not returned yet");
        assertThat(backend.scaleCalls).hasValue(1);
        assertThat(engine.state("chat").failures()).isPositive();

        backend.scaleHangs.set(false);
        backend.release.countDown();
        await().until(() -> engine.state("chat").view().orElseThrow().replicas().ready() == 3);
        assertThat(backend.most).hasValue(1);
    }

    @Test
    void status_hangs_roundsGoOnAndUpStillWorks() {
        start();
        awaitRounds(1);
        backend.statusHangs.set(true);
        backend.heedsInterrupts.set(false);
        await().until(() -> backend.inStatus.get() == 1);
        awaitRounds(5);
        want.set(4);
        await().until(() -> backend.replicas == 4);
        assertThat(backend.most).hasValue(1);
    }

    @Test
    void status_hangsFromTheStart_isCountedAndKeptAsOneCall() {
        backend.statusHangs.set(true);
        backend.heedsInterrupts.set(false);
        start();
        await().until(() -> engine.state("chat").failures() > 0);
        assertThat(engine.state("chat").view()).isEmpty();
        assertThat(backend.most).hasValue(1);
    }

    @Test
    void backend_hangs_otherPoolsAreNotDelayed() {
        backend.statusHangs.set(true);
        backend.scaleHangs.set(true);
        backend.heedsInterrupts.set(false);
        AtomicInteger others = new AtomicInteger();
        ScaledPool other = ScaledPool.builder("code")
                .load(new FakeLoad(time))
                .backend(FakeBackend.with(2))
                .supply(ignored -> others.incrementAndGet())
                .period(Duration.ofMillis(10))
                .build();
        start(other);
        await().until(() -> others.get() > 20);
    }

    @Test
    void close_interruptsCallsAndEndsItsThreads() throws InterruptedException {
        backend.scaleHangs.set(true);
        start();
        want.set(3);
        await().until(() -> backend.inScale.get() == 1);
        List<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("tidegate-engine")
                        || thread.getName().startsWith("tidegate-backend"))
                .toList();
        assertThat(threads).isNotEmpty().allMatch(Thread::isDaemon);

        engine.close();

        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(30));
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
        assertThat(backend.interrupts).hasPositiveValue();
    }
}
