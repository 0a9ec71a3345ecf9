/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class TallyTest {

    private final Tally tally = new Tally();

    @Test
    void add_severalCountersUnderOneClaim_areToldApart() {
        for (int round = 0; round < 10; round++) {
            int stripe = tally.enter();
            for (int counter = 0; counter < Tally.COUNTERS; counter++) {
                assertThat(tally.add(stripe, counter, counter)).isEqualTo((long) round * counter);
            }
            tally.leave(stripe);
        }

        for (int counter = 0; counter < Tally.COUNTERS; counter++) {
            assertThat(tally.sum(counter)).isEqualTo(10L * counter);
        }
    }

    @Test
    void tryEnter_claimedStripe_failsUntilItIsLeft() {
        int stripe = 0;
        while (!tally.tryEnter(stripe)) {
            // May fail for no reason on some processors.
            Thread.onSpinWait();
        }

        assertThat(tally.tryEnter(stripe)).isFalse();
        tally.add(stripe, 3, 7);
        tally.leave(stripe);

        assertThat(tally.sum(3)).isEqualTo(7);
        while (!tally.tryEnter(stripe)) {
            Thread.onSpinWait();
        }
        tally.leave(stripe);
    }

    @Test
    void enter_itsStripeIsTaken_isTheSharedOne() {
        List<Integer> claimed = new ArrayList<>();
        for (int stripe = 0; stripe < Tally.SHARED; stripe++) {
            while (!tally.tryEnter(stripe)) {
                Thread.onSpinWait();
            }
            claimed.add(stripe);
        }

        int stripe = tally.enter();
        assertThat(stripe).isEqualTo(Tally.SHARED);
        tally.add(stripe, 0, 5);
        tally.leave(stripe);
        assertThat(tally.enter()).as("nobody claims it").isEqualTo(Tally.SHARED);

        claimed.forEach(tally::leave);
        assertThat(tally.sum(0)).isEqualTo(5);
    }

    @Test
    void sum_beyondTheLargestNumber_wraps() {
        int stripe = tally.enter();
        tally.add(stripe, 1, Long.MAX_VALUE);
        tally.add(stripe, 1, 2);
        tally.leave(stripe);

        assertThat(tally.sum(1)).isEqualTo(Long.MIN_VALUE + 1);
    }

    @Test
    void sum_afterManyThreadsAdded_isExact() throws Exception {
        int threads = 4;
        int each = 50_000;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Future<Set<Long>>> ends = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                ends.add(pool.submit(() -> {
                    start.await(10, SECONDS);
                    Set<Long> numbers = new HashSet<>();
                    for (int n = 0; n < each; n++) {
                        int stripe = tally.enter();
                        tally.add(stripe, 0, 1);
                        tally.add(stripe, 1, n);
                        tally.leave(stripe);
                        numbers.add(tally.countAlone(2));
                    }
                    return numbers;
                }));
            }
            for (Future<Set<Long>> end : ends) {
                // A stripe is never told the same number twice, so neither is a thread, which has only one.
                assertThat(end.get(60, SECONDS)).hasSize(each);
            }
        } finally {
            pool.shutdownNow();
        }

        assertThat(tally.sum(0)).isEqualTo((long) threads * each);
        assertThat(tally.sum(1)).isEqualTo((long) threads * each * (each - 1) / 2);
        assertThat(tally.sum(2)).isEqualTo((long) threads * each);
    }
}
