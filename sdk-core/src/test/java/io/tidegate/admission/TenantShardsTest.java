/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Queues that tenants share: who has which, and that nothing is left of those who have gone. */
class TenantShardsTest {

    private static final int TENANTS = 200;

    private final TenantShards shards = new TenantShards(3);

    private Waiter add(String tenant) {
        Waiter waiter = Waiters.ofTenant(tenant);
        shards.seat(tenant).queue.add(waiter);
        return waiter;
    }

    private TenantQueue shardOf(String tenant) {
        return java.util.Objects.requireNonNull(shards.of(tenant));
    }

    private long seated() {
        return IntStream.range(0, TENANTS)
                .filter(tenant -> shards.of("t" + tenant) != null)
                .count();
    }

    @Test
    void hand_isOfDifferentShards_andAlwaysTheSame() {
        int[] dealt = new int[TenantShards.SHARDS];
        for (int tenant = 0; tenant < 10_000; tenant++) {
            int[] hand = shards.hand("t" + tenant);
            assertThat(hand).doesNotHaveDuplicates().hasSize(TenantShards.HAND).isSorted();
            assertThat(hand).isEqualTo(shards.hand("t" + tenant));
            for (int card : hand) {
                dealt[card]++;
            }
        }
        // 1,250 on average, with a standard deviation of 33.
        assertThat(Arrays.stream(dealt).boxed().toList())
                .allSatisfy(times -> assertThat(times).isBetween(1_050, 1_450));
    }

    @Test
    void seat_whileItWaits_isTheSameShard_ofItsHand() {
        for (int i = 0; i < 50; i++) {
            add("t1");
        }
        assertThat(shardOf("t1").queue.size()).isEqualTo(50);
        TenantQueue quiet = shards.seat("t2");
        assertThat(quiet).isNotSameAs(shardOf("t1"));
    }

    @Test
    void everyWayOut_leavesNoSeat() {
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 3 * TENANTS; i++) {
            waiters.add(add("t" + i % TENANTS));
        }
        assertThat(seated()).isEqualTo(TENANTS);
        List<TenantQueue> all = IntStream.range(0, TENANTS)
                .mapToObj(tenant -> shardOf("t" + tenant))
                .distinct()
                .toList();

        for (int tenant = 0; tenant < TENANTS; tenant += 2) {
            for (int i = tenant; i < waiters.size(); i += TENANTS) {
                Waiters.giveUp(waiters.get(i));
            }
        }
        all.forEach(each -> each.queue.sweep());
        assertThat(seated()).as("given up and swept").isEqualTo(TENANTS / 2);

        for (TenantQueue each : all) {
            Waiter head = each.queue.peek();
            for (int i = 0; i < 3 && head != null; i++) {
                each.queue.remove(head);
                head = each.queue.peek();
            }
        }
        all.forEach(each -> each.queue.clear());
        assertThat(seated()).as("granted and cleared").isZero();
    }

    static LongStream seeds() {
        return LongStream.range(0, 100);
    }

    /** A tenant has a seat exactly as long as one of its waiters is in a queue, whoever has left it in whichever way. */
    @ParameterizedTest
    @MethodSource("seeds")
    void randomSteps_seatsFollowThoseWhoAreQueued(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Waiter> waiting = new ArrayList<>();
        List<TenantQueue> used = new ArrayList<>();
        for (int step = 0; step < 500; step++) {
            switch (random.nextInt(7)) {
                case 0, 1, 2 -> {
                    String tenant = "t" + random.nextInt(30);
                    TenantQueue shard = shards.seat(tenant);
                    Waiter waiter = Waiters.of(Request.of(Waiters.TIER).withTenant(tenant), random.nextInt(100));
                    waiter.place = step;
                    shard.queue.add(waiter);
                    waiting.add(waiter);
                    if (!used.contains(shard)) {
                        used.add(shard);
                    }
                }
                case 3 -> {
                    if (!used.isEmpty()) {
                        TenantQueue shard = used.get(random.nextInt(used.size()));
                        Waiter head = shard.queue.peek();
                        if (head != null) {
                            shard.queue.remove(head);
                            waiting.remove(head);
                        }
                    }
                }
                case 4 -> {
                    if (!waiting.isEmpty()) {
                        Waiters.giveUp(waiting.remove(random.nextInt(waiting.size())));
                    }
                }
                case 5 -> {
                    if (!used.isEmpty()) {
                        Waiter last =
                                used.get(random.nextInt(used.size())).queue.last();
                        assertThat(last == null || waiting.contains(last)).isTrue();
                    }
                }
                default -> used.forEach(each -> each.queue.sweep());
            }
            for (Waiter each : waiting) {
                assertThat(shards.of(each.request.tenant())).isNotNull();
            }
        }
        used.forEach(each -> each.queue.sweep());
        for (int tenant = 0; tenant < 30; tenant++) {
            String name = "t" + tenant;
            boolean waits =
                    waiting.stream().anyMatch(each -> each.request.tenant().equals(name));
            assertThat(shards.of(name) != null).as(name).isEqualTo(waits);
        }
        used.forEach(each -> each.queue.clear());
        assertThat(seated()).isZero();
    }
}
