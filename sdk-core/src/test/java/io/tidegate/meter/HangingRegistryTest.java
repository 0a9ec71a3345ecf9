/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.engine.Engine;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry in which whoever enters stays, or that throws at each of them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HangingRegistryTest {

    private final ManualTime time = new ManualTime();
    private final Registry registry = new Registry();
    private final Tier tier =
            Tier.builder("standard").maxQueueTime(Duration.ofSeconds(2)).build();
    private final Gate gate = Gate.builder("chat")
            .time(time)
            .tier(tier)
            .callbackExecutor(Runnable::run)
            .build();
    private final Backend backend = new Backend();
    private final Engine engine = Engine.builder()
            .time(time)
            .executor(Runnable::run)
            .pool(ScaledPool.builder("chat")
                    .load(gate::load)
                    .supply(gate::supply)
                    .backend(backend)
                    .replicaWork(Work.slots(2))
                    .bounds(1, 8)
                    .build())
            .build();
    private final TidegateMetrics metrics = new TidegateMetrics(List.of(gate), engine);

    private static final class Backend implements ScalerBackend {

        private int replicas = 1;

        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(replicas, replicas, replicas);
        }

        @Override
        public void scale(ScaleRequest request) {
            replicas = request.to();
        }
    }

    /** What a registry does with each value it is told. */
    private static final class Registry extends SimpleMeterRegistry {

        private final Set<String> entered = ConcurrentHashMap.newKeySet();
        private final CountDownLatch release = new CountDownLatch(1);
        private volatile @Nullable RuntimeException failure;
        private volatile boolean hangs = true;

        @Override
        protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauses) {
            return entering(Timer.class, super.newTimer(id, config, pauses), "record");
        }

        @Override
        protected Counter newCounter(Meter.Id id) {
            return entering(Counter.class, super.newCounter(id), "increment");
        }

        private <T> T entering(Class<T> type, T good, String told) {
            return type.cast(
                    Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, called, given) -> {
                        if (called.getName().equals(told)) {
                            enter();
                        }
                        return called.invoke(good, given);
                    }));
        }

        private void enter() throws InterruptedException {
            entered.add(Thread.currentThread().getName());
            RuntimeException thrown = failure;
            if (thrown != null) {
                throw thrown;
            }
            if (hangs) {
                release.await();
            }
        }
    }

    @AfterEach
    void end() {
        registry.hangs = false;
        registry.release.countDown();
        metrics.close();
        engine.close();
        gate.close();
    }

    /** Half a minute of requests that run, wait and expire, and of scaling; returns those that were admitted. */
    private int play() {
        int admitted = 0;
        List<Permit> held = new ArrayList<>();
        List<Admission> answers = new ArrayList<>();
        for (int second = 0; second < 30; second++) {
            for (int i = 0; i < 10; i++) {
                gate.acquire(Request.of(tier), answers::add);
            }
            if (second < 20) {
                // Nobody gives a permit back for long, so that some wait until they expire and the pool must grow.
                time.advance(Duration.ofSeconds(1));
            } else {
                for (Admission answer : List.copyOf(answers)) {
                    if (answer instanceof Permit permit && !held.contains(permit)) {
                        held.add(permit);
                        permit.close();
                    }
                }
                time.advance(Duration.ofSeconds(1));
            }
        }
        for (Admission answer : List.copyOf(answers)) {
            if (answer instanceof Permit permit) {
                admitted++;
                permit.close();
            }
        }
        assertThat(answers)
                .as("every one is answered, also those that only the clock can end")
                .hasSize(300);
        return admitted;
    }

    private void bind() {
        metrics.bindTo(registry);
        engine.start();
        time.advance(Duration.ofSeconds(1));
    }

    private void assertUnharmed() {
        assertThat(engine.state("chat").events()).isNotEmpty().allMatch(event -> event.reached(Phase.ACCEPTED));
        assertThat(backend.replicas).isGreaterThan(1);
        assertThat(engine.state("chat").failures()).isZero();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    @DisplayName(
            "L7: a registry that hangs is entered by its own thread only: requests, rounds, the clock and the end go on")
    void registry_hangs_nobodyElseEntersIt() {
        bind();
        int admitted = play();

        await().until(() -> !registry.entered.isEmpty());
        assertUnharmed();
        assertThat(admitted).isGreaterThan(20);
        assertThat(registry.entered).containsExactly("tidegate-meters");
        metrics.close();
        assertThat(registry.entered).containsExactly("tidegate-meters");
    }

    @Test
    @DisplayName("L7: when it answers again, it is told all that it missed")
    void registry_answersAgain_nothingIsLost() {
        bind();
        int admitted = play();
        await().until(() -> !registry.entered.isEmpty());
        registry.hangs = false;
        registry.release.countDown();
        metrics.publish();
        assertThat(registry.get(Meters.REQUEST_DURATION.meterName()).timers().stream()
                        .mapToLong(Timer::count)
                        .sum())
                .isEqualTo(admitted);
        assertThat(registry.get(Meters.SCALE_PHASE.meterName())
                        .tag("phase", "accepted")
                        .timer()
                        .count())
                .isEqualTo(engine.state("chat").events().size());
        assertThat(registry.get(Meters.METERS_DROPPED.meterName())
                        .functionCounter()
                        .count())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("L7: a registry that throws at each value is counted, and nobody else notices")
    void registry_throws_isCounted(boolean ownThread) {
        registry.failure = new IllegalStateException("told to");
        if (!ownThread) {
            metrics.withExecutor(Runnable::run);
        }
        bind();
        play();
        assertUnharmed();
        await().until(() -> metrics.failures() > 0);
    }
}
