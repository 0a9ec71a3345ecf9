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
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How listeners are told: in order, one at a time, bounded, contained. */
class AlertDeliveriesTest {

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
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), executor);
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
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), executor);
        for (int i = 0; i < AlertDeliveries.WAITING + 10; i++) {
            deliveries.tell(alert(i));
        }
        executor.runAll();
        assertThat(listener.told).hasSize(256).startsWith("10").endsWith("265");
        assertThat(deliveries.dropped("pager")).isEqualTo(10);
        assertThat(deliveries.failed("pager")).isZero();
    }

    @Test
    void tell_listenerThrows_isCountedAndOthersAreTold() {
        Listener broken = new Listener("broken");
        Listener sound = new Listener("sound");
        AlertDeliveries deliveries = new AlertDeliveries(List.of(broken, sound), Runnable::run);
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
        AlertDeliveries deliveries = new AlertDeliveries(List.of(listener), task -> {
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
            AlertDeliveries deliveries = new AlertDeliveries(List.of(hanging, other), threads);
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

    @Test
    @SuppressWarnings("NullAway") // a plugin may do anything
    void names_ofListenersWithoutOne_areTheirClass() {
        AlertDeliveries deliveries = new AlertDeliveries(List.of(new Listener(null), new Listener("a")), Runnable::run);
        assertThat(deliveries.names()).containsExactly(Listener.class.getName(), "a");
    }
}
