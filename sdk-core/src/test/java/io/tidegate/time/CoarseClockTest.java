/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The steps of the clock, with its own thread held up in its first reading, and then the thread itself. */
class CoarseClockTest {

    private final AtomicLong exact = new AtomicLong(1000);
    private final HeldUp heldUp = new HeldUp(exact::get);
    private final CoarseClock clock = new CoarseClock(heldUp);

    @AfterEach
    void end() {
        clock.close();
        heldUp.letGo.countDown();
    }

    /** An exact clock that the ticker cannot read before it is let go, so that only the test ticks. */
    private static final class HeldUp implements LongSupplier {

        private final LongSupplier exact;
        private final CountDownLatch letGo = new CountDownLatch(1);
        private final AtomicReference<@Nullable Thread> ticker = new AtomicReference<>();

        HeldUp(LongSupplier exact) {
            this.exact = exact;
        }

        @Override
        public long getAsLong() {
            if (Thread.currentThread().getName().equals("tidegate-clock")) {
                ticker.set(Thread.currentThread());
                try {
                    letGo.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return exact.getAsLong();
        }
    }

    /** The first reading is exact; from the next tick on the time is there. */
    private long begin() {
        long first = clock.nanos();
        clock.tick();
        return first;
    }

    @Test
    void nanos_betweenTicks_staysUntilTheNext() {
        assertThat(begin()).isEqualTo(1000);
        exact.set(1999);
        assertThat(clock.nanos()).isEqualTo(1000);

        clock.tick();

        assertThat(clock.nanos()).isEqualTo(1999);
    }

    @Test
    void raise_staleReading_doesNotTakeItBack() {
        assertThat(begin()).isEqualTo(1000);

        clock.raise(3000);
        clock.raise(2000);
        assertThat(clock.nanos()).isEqualTo(3000);
        clock.tick();

        assertThat(clock.nanos()).isEqualTo(3000);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, -5, 0, Long.MIN_VALUE + 1})
    void raise_clockThatWraps_goesOn(long start) {
        exact.set(start);
        assertThat(begin()).isEqualTo(start);
        exact.addAndGet(10);

        clock.tick();

        assertThat(clock.nanos()).isEqualTo(start + 10);
        clock.raise(start + 5);
        assertThat(clock.nanos()).isEqualTo(start + 10);
    }

    @Test
    void nanos_takenAway_readsTheExactOneUntilTheNextTickPutsItBack() {
        assertThat(begin()).isEqualTo(1000);
        exact.set(5000);

        assertThat(clock.takeAway()).as("it was there").isTrue();
        clock.tick();
        assertThat(clock.takeAway())
                .as("nobody has read since, and no tick puts it back")
                .isFalse();

        assertThat(clock.nanos()).isEqualTo(5000);
        exact.set(6000);
        assertThat(clock.nanos()).isEqualTo(6000);
        assertThat(clock.takeAway()).as("it is wanted").isTrue();
        clock.tick();
        exact.set(7000);
        assertThat(clock.nanos()).isEqualTo(6000);
    }

    @Test
    void nanos_exactOneIsTheNumberForNone_isTakenForTheNext() {
        exact.set(CoarseClock.NONE);

        assertThat(begin()).isEqualTo(CoarseClock.NONE + 1);
        assertThat(clock.nanos()).isEqualTo(CoarseClock.NONE + 1);
        assertThat(clock.takeAway()).isTrue();
    }

    @Test
    void nanos_closedBeforeItWasRead_isExactAndStartsNoThread() {
        clock.close();

        for (int i = 0; i < 100; i++) {
            exact.addAndGet(7);
            assertThat(clock.nanos()).isEqualTo(exact.get());
        }
        assertThat(clock.takeAway()).as("nothing is kept").isFalse();
        assertThat(heldUp.ticker.get()).isNull();
    }

    @Test
    void close_whileItTicks_endsTheThreadAndIsExactForEver() {
        clock.nanos();
        await().until(() -> heldUp.ticker.get() != null);
        Thread ticker = heldUp.ticker.get();

        clock.close();
        clock.close();
        heldUp.letGo.countDown();

        await().until(() -> !ticker.isAlive());
        for (int i = 0; i < 1000; i++) {
            exact.addAndGet(3);
            assertThat(clock.nanos()).isEqualTo(exact.get());
        }
    }

    @Test
    void close_whileItSleeps_endsTheThread() {
        AtomicReference<@Nullable Thread> ticker = new AtomicReference<>();
        CoarseClock alive = ticking(ticker);
        alive.nanos();
        await().until(() -> sleeps(ticker.get()));

        alive.close();

        await().until(() -> !ticker.get().isAlive());
    }

    @Test
    void nanos_nobodyReads_sleepsUntilSomebodyDoes() {
        AtomicReference<@Nullable Thread> ticker = new AtomicReference<>();
        try (CoarseClock alive = ticking(ticker)) {
            for (int round = 0; round < 2; round++) {
                alive.nanos();
                await().until(() -> sleeps(ticker.get()));

                long before = System.nanoTime();
                assertThat(alive.nanos() - before).as("exact where it slept").isNotNegative();
            }
            assertThat(ticker.get().isDaemon()).isTrue();
        }
    }

    @Test
    void nanos_readWithoutEnd_followsTheExactOneAndIsNeverAheadOfIt() {
        AtomicReference<@Nullable Thread> ticker = new AtomicReference<>();
        try (CoarseClock alive = ticking(ticker)) {
            long last = alive.nanos();
            long end = last + 300 * CoarseClock.TICK;
            // Ends by itself, because the time that is read goes on: over two looks at whether anybody reads.
            while (last - end < 0) {
                long read = alive.nanos();
                assertThat(System.nanoTime() - read).isNotNegative();
                last = Math.max(last, read);
            }
        }
    }

    private static CoarseClock ticking(AtomicReference<@Nullable Thread> ticker) {
        return new CoarseClock(() -> {
            if (Thread.currentThread().getName().equals("tidegate-clock")) {
                ticker.set(Thread.currentThread());
            }
            return System.nanoTime();
        });
    }

    /** Without a bound, as opposed to the pause between two ticks. */
    private static boolean sleeps(@Nullable Thread ticker) {
        return ticker != null && ticker.getState() == Thread.State.WAITING;
    }

    @Test
    void nanos_readerStalledWhileItIsPutBackAndTakenAwayAgain_doesNotTakeItBack() {
        AtomicLong now = new AtomicLong(1000);
        AtomicReference<@Nullable Runnable> stall = new AtomicReference<>();
        HeldUp ticks = new HeldUp(() -> {
            long read = now.get();
            Runnable hook = stall.getAndSet(null);
            if (hook != null) {
                hook.run();
            }
            return read;
        });
        try (CoarseClock late = new CoarseClock(ticks)) {
            late.nanos();
            late.tick();
            late.takeAway();
            // The first reader has read the exact clock, and then is not run for ten seconds.
            stall.set(() -> {
                now.addAndGet(10_000_000_000L);
                late.tick();
                assertThat(late.nanos()).isEqualTo(now.get());
                late.takeAway();
            });
            late.nanos();
            late.tick();
            assertThat(now.get() - late.nanos()).as("how late a reading is").isLessThanOrEqualTo(CoarseClock.TICK);
        } finally {
            ticks.letGo.countDown();
        }
    }
}
