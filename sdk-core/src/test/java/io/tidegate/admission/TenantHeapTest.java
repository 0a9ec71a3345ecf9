/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The heap of tenants against a list that is sorted each time. */
class TenantHeapTest {

    private static final Comparator<TenantQueue> ORDER =
            Comparator.<TenantQueue>comparingDouble(each -> each.service).thenComparingLong(each -> each.number);

    private final TenantQueue.Heap heap = new TenantQueue.Heap();
    private final List<TenantQueue> plain = new ArrayList<>();

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomSteps_answerAsASortedListDoes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int most = 1 + random.nextInt(100);
        List<TenantQueue> away = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            away.add(new TenantQueue("t" + i, new DeadlineQueue(), i));
        }
        for (int step = 0; step < 1_000; step++) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    if (!away.isEmpty()) {
                        TenantQueue tenant = away.remove(random.nextInt(away.size()));
                        tenant.service = random.nextInt(20) - 5;
                        heap.add(tenant);
                        plain.add(tenant);
                    }
                }
                case 1 -> {
                    if (!plain.isEmpty()) {
                        TenantQueue tenant = plain.remove(random.nextInt(plain.size()));
                        heap.remove(tenant);
                        assertThat(tenant.active()).isFalse();
                        away.add(tenant);
                    }
                }
                default -> {
                    if (!plain.isEmpty()) {
                        TenantQueue tenant = plain.get(random.nextInt(plain.size()));
                        tenant.service += random.nextInt(21) - 10;
                        heap.moved(tenant);
                    }
                }
            }
            check();
        }
        plain.sort(ORDER);
        for (TenantQueue expected : plain) {
            assertThat(heap.peek()).isSameAs(expected);
            heap.remove(expected);
        }
        assertThat(heap.size()).isZero();
        assertThat(heap.peek()).isNull();
    }

    private void check() {
        assertThat(heap.size()).isEqualTo(plain.size());
        assertThat(heap.peek()).isSameAs(plain.stream().min(ORDER).orElse(null));
        for (TenantQueue each : plain) {
            if (!each.active() || heap.get(each.index) != each) {
                throw new AssertionError(each.name + " is not where it thinks it is");
            }
        }
    }
}
