/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.tidegate.time.ManualTime;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LeaseLeadershipTest {

    private static final LeaseTiming QUICK = new LeaseTiming(
            Duration.ofSeconds(3), Duration.ofMillis(1_600), Duration.ofMillis(400), Duration.ofMillis(400));

    private final ManualTime time = new ManualTime();
    private final Store store = new Store();

    /** A lease in memory that was given back, so that whoever comes may have it. */
    private static final class Store implements LeaseStore {

        private volatile @Nullable LeaseView lease = new LeaseView("0", "", 4, Duration.ofSeconds(15), "", "", true);
        private int version;
        private volatile boolean broken;
        private volatile long wroteNanos;
        private final List<Election.Write> writes = new ArrayList<>();

        @Override
        public @Nullable LeaseView read() {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            return lease;
        }

        @Override
        public synchronized LeaseView write(Election.Write write) {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            LeaseView is = lease;
            if (is == null
                    || write.over() == null
                    || !is.version().equals(write.over().version())) {
                throw new Changed("changed", null);
            }
            writes.add(write);
            wroteNanos = System.nanoTime();
            LeaseView next = new LeaseView(
                    Integer.toString(++version),
                    write.holder(),
                    write.transitions(),
                    Duration.ofSeconds(15),
                    "",
                    write.mark(),
                    write.kind() == Election.Kind.RELEASE);
            lease = next;
            return next;
        }
    }

    private LeaseLeadership leadership(
            String id, LeaseTiming timing, TimeSource clock, Executor requests, Runnable hook) {
        return new LeaseLeadership(store, id, timing, clock, requests, new SplittableRandom(1), hook, () -> {}).start();
    }

    private LeaseLeadership leadership(String id, Runnable hook) {
        return leadership(id, LeaseTiming.DEFAULT, time, Runnable::run, hook);
    }

    @Test
    void term_leaseIsFree_leadsInTheNextEpochAndSaysSoOnce() {
        List<Long> heard = new ArrayList<>();
        LeaseLeadership leadership = leadership("a", () -> {});
        // Also of what it read of others, which is of no interest here.
        leadership.onChange(() -> {
            if (leadership.term().leads()) {
                heard.add(leadership.term().epoch());
            }
        });

        time.advance(Duration.ofMinutes(1));

        assertThat(leadership.term().leads()).isTrue();
        assertThat(leadership.term().epoch()).isEqualTo(5);
        assertThat(leadership.term().leader()).isEqualTo("a");
        assertThat(heard).containsExactly(5L);
    }

    @Test
    void term_storeBreaks_endsAtTheDeadlineAndIsHeardOf() {
        List<Boolean> heard = new ArrayList<>();
        LeaseLeadership leadership = leadership("a", () -> {});
        time.advance(Duration.ofMillis(1));
        leadership.onChange(() -> heard.add(leadership.term().leads()));
        store.broken = true;

        time.advance(Duration.ofSeconds(7));
        assertThat(leadership.term().leads()).isTrue();
        time.advance(Duration.ofSeconds(1));

        assertThat(leadership.term().leads()).isFalse();
        assertThat(leadership.term().leader()).isEmpty();
        assertThat(heard).containsExactly(false);
    }

    @Test
    void term_listenerThrows_othersHearAndItGoesOn() {
        AtomicLong heard = new AtomicLong();
        LeaseLeadership leadership = leadership("a", () -> {});
        leadership.onChange(() -> {
            throw new IllegalStateException("of the listener");
        });
        leadership.onChange(heard::incrementAndGet);

        time.advance(Duration.ofMinutes(1));

        assertThat(heard).hasPositiveValue();
        assertThat(leadership.term().leads()).isTrue();
    }

    @Test
    void surpass_higherEpochElsewhere_leadsAboveItAtOnce() {
        LeaseLeadership leadership = leadership("a", () -> {});
        time.advance(Duration.ofMillis(1));

        leadership.surpass(40);
        time.advance(Duration.ofMillis(1));

        assertThat(leadership.term().epoch()).isEqualTo(41);
        assertThat(leadership.term().leads()).isTrue();
    }

    @Test
    void close_leading_hookRunsFirstThenNobodyLeadsThenItIsGivenBack() {
        List<String> order = new ArrayList<>();
        LeaseLeadership leadership = leadership(
                "a",
                () -> order.add("hook, held by " + store.lease.holder() + ", given back " + store.lease.released()));
        time.advance(Duration.ofMillis(1));
        leadership.onChange(
                () -> order.add("leads " + leadership.term().leads() + ", given back " + store.lease.released()));

        leadership.close();
        leadership.close();

        assertThat(order).containsExactly("hook, held by a, given back false", "leads false, given back false");
        assertThat(store.lease.released()).isTrue();
        assertThat(store.lease.holder()).isEmpty();
        int writes = store.writes.size();
        time.advance(Duration.ofMinutes(5));
        assertThat(store.writes).hasSize(writes);
    }

    @Test
    @DisplayName(
            "H3: a hook that hangs at the end: nobody may write from the deadline on, and the lease is not given back")
    void close_hookHangs_endsAtTheDeadlineWithoutGivingBack() throws Exception {
        CountDownLatch inHook = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        LeaseLeadership leadership = leadership("a", () -> {
            inHook.countDown();
            awaitQuietly(never);
        });
        time.advance(Duration.ofMillis(1));
        Thread closing = new Thread(leadership::close);
        closing.start();
        assertThat(inHook.await(20, TimeUnit.SECONDS)).isTrue();

        time.advance(Duration.ofMillis(7_900));
        assertThat(leadership.term().leads()).isTrue();
        time.advance(Duration.ofMillis(200));

        assertThat(leadership.term().leads()).isFalse();
        closing.join(20_000);
        assertThat(closing.isAlive()).isFalse();
        assertThat(store.lease.released()).isFalse();
        never.countDown();
    }

    @Test
    @DisplayName("H3: the same in real time: a writer that looks is stopped within 100 ms of the deadline, hook or not")
    void close_hookHangsInRealTime_writerIsStoppedWithinATenthOfASecond() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        java.util.concurrent.ExecutorService thread = java.util.concurrent.Executors.newSingleThreadExecutor();
        try (SystemTime clock = SystemTime.start()) {
            LeaseLeadership leadership = leadership("a", QUICK, clock, thread, () -> awaitQuietly(never));
            await().atMost(Duration.ofSeconds(20)).until(() -> leadership.term().leads());
            Thread closing = new Thread(leadership::close);
            closing.start();
            closing.join(50);
            long begun = System.nanoTime();
            long lastWrite = begun;
            while (System.nanoTime() - begun < Duration.ofMillis(2_500).toNanos()) {
                long now = System.nanoTime();
                if (leadership.term().leads()) {
                    lastWrite = now;
                }
                Thread.onSpinWait();
            }
            // 1.6 s after its last renewal began the term is over, whatever the hook does.
            assertThat(Duration.ofNanos(lastWrite - store.wroteNanos)).isLessThanOrEqualTo(Duration.ofMillis(1_700));
            assertThat(store.lease.released()).isFalse();
            never.countDown();
            closing.join(20_000);
        } finally {
            thread.shutdownNow();
        }
    }

    @Test
    void timing_brokenRatios_areRefusedWithTheRule() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LeaseTiming(
                        Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(2), Duration.ofSeconds(2)))
                .withMessageContaining("lease must be >= 1.5 * (renewDeadline + requestTimeout) = PT18S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LeaseTiming(
                        Duration.ofSeconds(15), Duration.ofSeconds(5), Duration.ofSeconds(2), Duration.ofSeconds(2)))
                .withMessageContaining("renewDeadline must be >= 2 * (retryPeriod + requestTimeout) = PT8S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LeaseLeadership.builder().build())
                .withMessageContaining("client is required");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
