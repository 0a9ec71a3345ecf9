/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.alert.Alert;
import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.plugin.HangingThreads;
import io.tidegate.plugin.PluginStatus;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.plugin.PluginStatus.State;
import io.tidegate.time.ManualTime;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How listeners are told: in order, one at a time, bounded, contained. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AlertDeliveriesTest {

    private final ManualTime time = new ManualTime();
    private final HangingThreads hangs = new HangingThreads();

    @AfterEach
    void release() {
        hangs.close();
    }

    private static Alert alert(int number) {
        return new Alert(
                AlertKind.COST_RATE,
                "chat",
                true,
                Severity.WARNING,
                Instant.EPOCH,
                Instant.EPOCH,
                String.valueOf(number),
                "");
    }

    private static final class Listener implements AlertListener {

        final String name;
        final List<String> told = new ArrayList<>();

        @Nullable
        Throwable failure;

        Listener(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void changed(Alert alert) throws Exception {
            told.add(alert.what());
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure instanceof Exception exception) {
                throw exception;
            }
        }
    }

    @Test
    void tell_isNotDoneByTheCaller_andInOrder() {
        QueueExecutor executor = new QueueExecutor();
        Listener listener = new Listener("pager");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), time, executor);
        deliveries.tell(alert(1));
        deliveries.tell(alert(2));
        assertThat(listener.told).isEmpty();
        assertThat(executor.size()).as("one delivery at a time").isEqualTo(1);
        executor.runAll();
        assertThat(listener.told).containsExactly("1", "2");
        deliveries.tell(alert(3));
        executor.runAll();
        assertThat(listener.told).containsExactly("1", "2", "3");
    }

    @Test
    void tell_moreThanWait_dropsTheOldestAndCounts() {
        QueueExecutor executor = new QueueExecutor();
        Listener listener = new Listener("pager");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), time, executor);
        for (int i = 0; i < AlertDeliveries.WAITING + 10; i++) {
            deliveries.tell(alert(i));
        }
        executor.runAll();
        // One is being told, and 256 wait.
        assertThat(listener.told).hasSize(257).startsWith("0", "10").endsWith("265");
        assertThat(deliveries.dropped("pager")).isEqualTo(9);
        assertThat(deliveries.failed("pager")).isZero();
    }

    @Test
    void tell_listenerThrows_isCountedAndOthersAreTold() {
        Listener broken = new Listener("broken");
        Listener sound = new Listener("sound");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(broken, sound), time, Runnable::run);
        broken.failure = new IOException("told to");
        deliveries.tell(alert(1));
        broken.failure = new StackOverflowError("told to");
        deliveries.tell(alert(2));
        broken.failure = null;
        deliveries.tell(alert(3));
        assertThat(broken.told).containsExactly("1", "2", "3");
        assertThat(sound.told).containsExactly("1", "2", "3");
        assertThat(deliveries.failed("broken")).isEqualTo(2);
        assertThat(deliveries.failed("sound")).isZero();
    }

    @Test
    void tell_executorRefuses_isToldWithTheNext() {
        boolean[] refuses = {true};
        Listener listener = new Listener("pager");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), time, task -> {
            if (refuses[0]) {
                throw new IllegalStateException("told to");
            }
            task.run();
        });
        deliveries.tell(alert(1));
        refuses[0] = false;
        deliveries.tell(alert(2));
        assertThat(listener.told).containsExactly("1", "2");
    }

    @Test
    void tell_listenerHangs_othersAreTold_andItsOwnFollowInOrder() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(3);
        CountDownLatch others = new CountDownLatch(3);
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AlertListener hanging = new AlertListener() {
            @Override
            public String name() {
                return "hanging";
            }

            @Override
            public void changed(Alert alert) throws Exception {
                most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                release.await();
                atOnce.decrementAndGet();
                done.countDown();
            }
        };
        AlertListener other = new AlertListener() {
            @Override
            public String name() {
                return "other";
            }

            @Override
            public void changed(Alert alert) {
                others.countDown();
            }
        };
        try {
            AlertDeliveries deliveries = new AlertDeliveries(List.of(hanging, other), time, threads);
            for (int i = 0; i < 3; i++) {
                deliveries.tell(alert(i));
            }
            assertThat(others.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(done.getCount()).isEqualTo(3);
            release.countDown();
            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(most).hasValue(1);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Hangs in the first alert, whoever interrupts it or until then. */
    private AlertListener hangingIn(String first, boolean heeds, List<String> told) {
        return new AlertListener() {
            @Override
            public String name() {
                return "hanging";
            }

            @Override
            public void changed(Alert alert) throws Exception {
                told.add(alert.what());
                if (alert.what().equals(first)) {
                    if (heeds) {
                        hangs.hangUntilInterrupted();
                    } else {
                        hangs.hang();
                    }
                }
            }
        };
    }

    @Test
    void tell_listenerIgnoresItsInterrupt_holdsOneThread_andIsBackWhenItReturns() {
        List<String> told = new CopyOnWriteArrayList<>();
        Listener other = new Listener("other");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(hangingIn("1", false, told), other), time, hangs);
        deliveries.tell(alert(1));
        time.advance(Duration.ofSeconds(2));
        assertThat(deliveries.failed("hanging")).isEqualTo(1);
        for (int i = 2; i < AlertDeliveries.WAITING + 12; i++) {
            deliveries.tell(alert(i));
            time.advance(Duration.ofSeconds(1));
        }
        assertThat(other.told).hasSize(AlertDeliveries.WAITING + 11);
        assertThat(told).containsExactly("1");
        assertThat(hangs.hanging()).isEqualTo(1);
        assertThat(deliveries.dropped("hanging")).isEqualTo(10);
        PluginStatus status = deliveries.statuses().get(0);
        assertThat(status.kind()).isEqualTo(Kind.ALERT_LISTENER);
        assertThat(status.state()).isEqualTo(State.OFF);
        assertThat(status.abandoned()).isEqualTo(1);

        hangs.close();
        time.advance(AlertDeliveries.RETRY);
        hangs.join(0);
        assertThat(hangs.interrupts()).isEqualTo(1);
        assertThat(told).hasSize(257).startsWith("1", "12").endsWith("267");
        assertThat(deliveries.failed("hanging")).isEqualTo(1);
        assertThat(deliveries.statuses().get(0).state()).isEqualTo(State.CLOSED);
    }

    @Test
    void tell_listenerHeedsItsInterrupt_isToldTheNext() {
        List<String> told = new CopyOnWriteArrayList<>();
        AlertDeliveries deliveries = new AlertDeliveries(List.of(hangingIn("1", true, told)), time, hangs);
        deliveries.tell(alert(1));
        deliveries.tell(alert(2));
        time.advance(Duration.ofMillis(1999));
        assertThat(hangs.interrupts()).isZero();
        time.advance(Duration.ofMillis(1));
        hangs.join(0);
        time.advance(AlertDeliveries.RETRY);
        hangs.join(0);
        assertThat(told).containsExactly("1", "2");
        assertThat(deliveries.failed("hanging")).isEqualTo(1);
        assertThat(deliveries.statuses().get(0).timeouts()).isEqualTo(1);
    }

    @Test
    void tell_listenerThrowsAgainAndAgain_isLeftAlone_thenToldWhatWaited() {
        Listener listener = new Listener("broken");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), time, Runnable::run);
        listener.failure = new IOException("told to");
        for (int i = 1; i <= 5; i++) {
            deliveries.tell(alert(i));
        }
        assertThat(listener.told).containsExactly("1", "2", "3");
        assertThat(deliveries.statuses().get(0).state()).isEqualTo(State.OPEN);
        time.advance(Duration.ofSeconds(29));
        assertThat(listener.told).hasSize(3);
        listener.failure = null;
        time.advance(Duration.ofSeconds(2));
        assertThat(listener.told).containsExactly("1", "2", "3", "4", "5");
        assertThat(deliveries.failed("broken")).isEqualTo(3);
        assertThat(deliveries.dropped("broken")).isZero();
        assertThat(deliveries.statuses().get(0).state()).isEqualTo(State.CLOSED);
    }

    @Test
    void tell_noThreadForAWhile_isToldLater() {
        QueueExecutor executor = new QueueExecutor();
        executor.reject(true);
        Listener listener = new Listener("pager");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), time, executor);
        deliveries.tell(alert(1));
        executor.reject(false);
        time.advance(AlertDeliveries.RETRY);
        executor.runAll();
        assertThat(listener.told).containsExactly("1");
        assertThat(deliveries.failed("pager")).isZero();
    }

    @Test
    void close_tellsNobodyAnyMore_andCounts() {
        List<String> told = new CopyOnWriteArrayList<>();
        AlertDeliveries deliveries = new AlertDeliveries(List.of(hangingIn("1", true, told)), time, hangs);
        deliveries.tell(alert(1));
        deliveries.tell(alert(2));
        deliveries.close();
        hangs.join(0);
        deliveries.tell(alert(3));
        assertThat(told).containsExactly("1");
        assertThat(hangs.interrupts()).isEqualTo(1);
        assertThat(deliveries.dropped("hanging")).isEqualTo(2);
    }

    @Test
    void engine_listenerHangs_roundsGoOn() {
        List<String> told = new CopyOnWriteArrayList<>();
        List<Alert> heard = new CopyOnWriteArrayList<>();
        AlertListener hanging = new AlertListener() {
            @Override
            public String name() {
                return "hanging";
            }

            @Override
            public void changed(Alert alert) {
                told.add(alert.what());
                hangs.hang();
            }
        };
        AlertListener other = new AlertListener() {
            @Override
            public String name() {
                return "other";
            }

            @Override
            public void changed(Alert alert) {
                heard.add(alert);
            }
        };
        try (Rig rig = new Rig(2)) {
            rig.start(
                    Runnable::run,
                    builder -> builder.calls(hangs).alerts(hanging).alerts(other));
            rig.backend.scaleFailure = new IllegalStateException("told to");
            rig.want = 4;
            rig.advance(Duration.ofMinutes(1));
            assertThat(heard).isNotEmpty();
            assertThat(told).hasSize(1);
            int before = rig.views.size();
            rig.advance(Duration.ofMinutes(1));
            assertThat(rig.views).hasSizeGreaterThanOrEqualTo(before + 240);
            assertThat(rig.engine().alertListenerStatuses())
                    .extracting(PluginStatus::state)
                    .containsExactly(State.OFF, State.CLOSED);
        }
    }

    @Test
    @SuppressWarnings("NullAway") // a plugin may do anything
    void names_ofListenersWithoutOne_areTheirClass() {
        AlertDeliveries deliveries =
                new AlertDeliveries(List.of(new Listener(null), new Listener("a")), time, Runnable::run);
        assertThat(deliveries.names()).containsExactly(Listener.class.getName(), "a");
    }
}
