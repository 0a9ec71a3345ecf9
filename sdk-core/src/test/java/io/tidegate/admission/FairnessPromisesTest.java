/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is promised to those who share a pool with others that want more than their share. */
class FairnessPromisesTest {

    private static final int SLOTS = 20;

    private final ManualTime time = new ManualTime();

    private Gate.Builder gate(Work limit, Tier... tiers) {
        Gate.Builder builder = Gate.builder("chat")
                .time(time)
                .seed(1)
                .callbackExecutor(Runnable::run)
                .limit(limit);
        for (Tier tier : tiers) {
            builder.tier(tier);
        }
        return builder;
    }

    @Test
    @DisplayName("A13: a high tier that fills the pool for an hour leaves the lowest its floor, and a bounded wait")
    void highTierFillsThePool_lowestGetsItsFloor() {
        Tier premium = Tier.builder("premium")
                .weight(8)
                .maxQueueTime(Duration.ofMinutes(1))
                .build();
        Tier batch = Tier.builder("batch")
                .weight(1)
                .ceiling(0.7)
                .floor(0.05)
                .maxQueueTime(Duration.ofMinutes(10))
                .build();
        Gate gate = gate(Work.slots(SLOTS), premium, batch)
                .tierOrder(TierOrder.strict())
                .build();
        VirtualLoad load = new VirtualLoad(time, 13);
        // 20 slots of 2 s each serve 10/s. The high tier asks for three times that, and all of it comes first.
        load.arrivals(() -> 30, 3_600, () -> load.ask(gate, "premium", Request.of(premium), load.exponential(2)));
        load.arrivals(() -> 0.45, 3_600, () -> load.ask(gate, "batch", Request.of(batch), load.exponential(2)));
        load.run(3_600);

        VirtualLoad.Notes high = load.of("premium");
        VirtualLoad.Notes low = load.of("batch");
        assertThat(high.refused()).as("it was overloaded").isGreaterThan(high.asked / 2);
        assertThat(low.admitted).as("of %d", low.asked).isGreaterThan((int) (0.98 * low.asked));
        // 0.45/s of the 0.5/s that its floor gives it: a queue at 90 % use.
        assertThat(low.queueSeconds.stream()
                        .mapToDouble(Double::doubleValue)
                        .max()
                        .orElseThrow())
                .isLessThan(120);
        assertThat((double) low.ended / 3_600).isCloseTo(0.45, within(0.05));
    }

    @ParameterizedTest
    @ValueSource(longs = {14, 141, 142})
    @DisplayName("A14: one tenant at 1000 times leaves others their latency and their share")
    void oneTenantAThousandTimes_othersAreUnaffected(long seed) {
        Tier tier = Tier.builder("standard").build();
        int tenants = 10;
        double each = 0.5;

        VirtualLoad alone = light(gate(Work.slots(SLOTS), tier).build(), tier, tenants, each, 0, seed);
        VirtualLoad beside = light(gate(Work.slots(SLOTS), tier).build(), tier, tenants, each, 1000 * each, seed);

        VirtualLoad.Notes before = alone.of("light");
        VirtualLoad.Notes with = beside.of("light");
        System.out.printf(
                "A14: others' p99 %.2f s alone, %.2f s beside a tenant at 1000x (in queue %.3f and %.3f s); %d of %d refused%n",
                before.p99Total(), with.p99Total(), before.p99Queue(), with.p99Queue(), with.refused(), with.asked);
        assertThat(with.p99Total()).isLessThan(1.5 * before.p99Total());
        assertThat(with.admitted).isGreaterThan((int) (0.95 * with.asked));
        // What others leave is the large one's: nothing lies idle for fairness.
        assertThat(beside.of("heavy").ended / 300.0).isGreaterThan(0.95 * (SLOTS - tenants * each));
    }

    private VirtualLoad light(Gate gate, Tier tier, int tenants, double each, double heavy, long seed) {
        VirtualLoad load = new VirtualLoad(time, seed);
        for (int i = 0; i < tenants; i++) {
            Request request = Request.of(tier).withTenant("light-" + i).withTokens(400, 100);
            load.arrivals(() -> each, 300, () -> load.ask(gate, "light", request, load.exponential(1)));
        }
        Request request = Request.of(tier).withTenant("heavy").withTokens(400, 100);
        load.arrivals(() -> heavy, 300, () -> load.ask(gate, "heavy", request, load.exponential(1)));
        load.run(400);
        gate.close();
        return load;
    }

    @Test
    @DisplayName(
            "A14: a tenant whose requests are larger is charged for it, and for what it writes beyond what it said")
    void tenantThatWritesMoreThanItSaid_isChargedForIt() {
        Tier tier = Tier.builder("standard").maxQueueTime(Duration.ofMinutes(5)).build();
        Gate gate = gate(Work.slots(4), tier).shedByRank(false).build();
        VirtualLoad load = new VirtualLoad(time, 14);
        for (String tenant : new String[] {"modest", "liar"}) {
            Request request = Request.of(tier).withTenant(tenant).withTokens(100, 100);
            // It writes ten times what it says, and takes the time for it.
            long wrote = tenant.equals("liar") ? 1000 : 100;
            load.arrivals(
                    () -> 20,
                    600,
                    () -> load.ask(
                            gate,
                            tenant,
                            request,
                            () -> load.exponential(0.2),
                            () -> new Usage(100, wrote),
                            refusal -> {}));
        }
        load.run(600);

        double modest = load.of("modest").ended * 200.0;
        double liar = load.of("liar").ended * 1100.0;
        System.out.printf("A14: tokens of one that says the truth and one that writes 10x: %.0f, %.0f%n", modest, liar);
        assertThat(liar / modest).isBetween(0.85, 1.15);
    }

    @Test
    @DisplayName(
            "A15: of 64 shards with hands of 8, ten heavy tenants leave a light one unaffected with p at least 0.999")
    void shards_tenHeavyTenants_lightOnesHaveOneOfTheirOwn() {
        int rounds = 2_000;
        int covered = 0;
        int delayed = 0;
        SplittableRandom random = new SplittableRandom(15);
        for (int round = 0; round < rounds; round++) {
            WaitQueue queue = new WaitQueue(new TimerWheel(0), 0, random.nextLong());
            TenantShards shards = new TenantShards(random.nextLong());
            Set<Object> heavy = new HashSet<>();
            for (int i = 0; i < 10; i++) {
                String tenant = "heavy-" + random.nextInt(1_000_000);
                for (int each = 0; each < 100; each++) {
                    queue.add(Waiters.ofTenant(tenant));
                    TenantQueue shard = shards.seat(tenant);
                    shard.queue.add(Waiters.ofTenant(tenant));
                    heavy.add(shard);
                }
            }
            String light = "light-" + round;
            covered += heavy.contains(shards.seat(light)) ? 1 : 0;
            Waiter waiter = Waiters.ofTenant(light);
            queue.add(waiter);
            int before = 0;
            for (Waiter head = queue.head(); head != waiter && head != null; head = queue.head()) {
                assertThat(head.tryGrant(0, 0)).isTrue();
                queue.removeHead(head, 1);
                before++;
            }
            delayed += before > 11 ? 1 : 0;
        }
        System.out.printf(
                "A15: of %d light tenants %d shared a shard with a heavy one, %d waited for more than a turn each%n",
                rounds, covered, delayed);
        assertThat((double) delayed / rounds).isLessThan(0.001);
    }

    @Test
    @DisplayName("A15: hands are of 8 different shards, and all are dealt alike")
    void shards_hands_areDifferentAndEven() {
        TenantShards shards = new TenantShards(15);
        int[] dealt = new int[TenantShards.SHARDS];
        int tenants = 64_000;
        for (int i = 0; i < tenants; i++) {
            int[] hand = shards.hand("tenant-" + i);
            assertThat(Arrays.stream(hand).distinct().count()).isEqualTo(TenantShards.HAND);
            for (int card : hand) {
                dealt[card]++;
            }
        }
        // 8,000 each on average; five standard deviations of a binomial distribution.
        for (int count : dealt) {
            assertThat(count).isBetween(8_000 - 420, 8_000 + 420);
        }
    }
}
