/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class SystemTimeTest {

    @Test
    void schedule_runsOnceOnADaemonThreadAndNotBeforeItsTime() throws InterruptedException {
        try (SystemTime time = SystemTime.start()) {
            BlockingQueue<Long> ranAt = new ArrayBlockingQueue<>(2);
            BlockingQueue<Thread> thread = new ArrayBlockingQueue<>(2);
            long delay = Duration.ofMillis(20).toNanos();
            long asked = time.nanos();

            time.schedule(delay, () -> {
                ranAt.add(time.nanos());
                thread.add(Thread.currentThread());
            });

            assertThat(ranAt.poll(10, SECONDS)).isNotNull().isGreaterThanOrEqualTo(asked + delay);
            assertThat(thread.poll(10, SECONDS)).isNotNull().matches(Thread::isDaemon);
        }
    }

    @Test
    void schedule_delayNotPositive_runs() throws InterruptedException {
        try (SystemTime time = SystemTime.start()) {
            CountDownLatch ran = new CountDownLatch(1);

            time.schedule(-1, ran::countDown);

            assertThat(ran.await(10, SECONDS)).isTrue();
        }
    }

    @Test
    void schedule_taskThrows_laterTasksRun() throws InterruptedException {
        try (SystemTime time = SystemTime.start()) {
            CountDownLatch ran = new CountDownLatch(1);

            time.schedule(0, () -> {
                throw new AssertionError("on purpose");
            });
            time.schedule(0, ran::countDown);

            assertThat(ran.await(10, SECONDS)).isTrue();
        }
    }

    @Test
    void cancel_beforeItsTime_neverRuns() throws InterruptedException {
        try (SystemTime time = SystemTime.start()) {
            AtomicInteger runs = new AtomicInteger();
            CountDownLatch later = new CountDownLatch(1);
            TimeSource.Task task = time.schedule(Duration.ofMillis(5).toNanos(), runs::incrementAndGet);

            task.cancel();
            task.cancel();
            time.schedule(Duration.ofMillis(10).toNanos(), later::countDown);

            assertThat(later.await(10, SECONDS)).isTrue();
            assertThat(runs).hasValue(0);
        }
    }

    @Test
    void close_dropsWhatIsNotDueAndWhatComesLater() {
        SystemTime time = SystemTime.start();
        AtomicInteger runs = new AtomicInteger();
        TimeSource.Task before = time.schedule(Duration.ofHours(1).toNanos(), runs::incrementAndGet);

        time.close();
        time.close();

        Assertions.assertThatCode(() -> {
                    time.schedule(0, runs::incrementAndGet).cancel();
                    before.cancel();
                })
                .doesNotThrowAnyException();
        assertThat(runs).hasValue(0);
    }

    @Test
    void wallTime_isTheSystemsClock() {
        try (SystemTime time = SystemTime.start()) {
            assertThat(time.wallTime())
                    .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));
        }
    }
}
