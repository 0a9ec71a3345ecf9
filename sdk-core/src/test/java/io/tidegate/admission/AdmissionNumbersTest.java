/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.admission.GateState.Ceilings;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The worked numbers of docs/admission.md, so that the page stays true. */
class AdmissionNumbersTest {

    private final ManualTime time = new ManualTime();

    @Test
    void ceiling_ofBatch_is44SlotsAnd70000Tokens() {
        Tier batch = Tier.builder("batch").ceiling(0.7).build();
        Ceilings ceilings = new Ceilings(new Work(64, 100_000), List.of(batch));

        assertThat(ceilings.slots(0)).isEqualTo(44);
        assertThat(GateState.tokensOf(ceilings.units(0))).isEqualTo(70_000);
    }

    @Test
    void units_of700Tokens_are44AndCountAs704() {
        assertThat(GateState.units(700)).isEqualTo(44);
        assertThat(GateState.tokensOf(44)).isEqualTo(704);
    }

    @Test
    void floor_of5Percent_isOneGrantOf20AlsoAboveTheCeiling() {
        Tier high = Tier.builder("high").maxQueued(1000).build();
        Tier low = Tier.builder("low").ceiling(0.7).build();
        List<String> granted = grants(TierOrder.strict(), 32, List.of(high, low), List.of(400, 20), 201);

        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < granted.size(); i++) {
            if (granted.get(i).equals("low")) {
                places.add(i);
            }
        }
        assertThat(places).hasSize(10);
        for (int i = 1; i < places.size(); i++) {
            assertThat(places.get(i) - places.get(i - 1)).isEqualTo(20);
        }
    }

    @Test
    void weights_8_4_1_areThatManyGrantsOf13() {
        List<Tier> tiers = List.of(
                Tier.builder("a").weight(8).build(),
                Tier.builder("b").weight(4).build(),
                Tier.builder("c").weight(1).build());

        List<String> granted = grants(TierOrder.weighted(), 4, tiers, List.of(100, 100, 100), 130);

        assertThat(Collections.frequency(granted, "a")).isBetween(79, 81);
        assertThat(Collections.frequency(granted, "b")).isBetween(39, 41);
        assertThat(Collections.frequency(granted, "c")).isBetween(9, 11);
    }

    /** Returns one permit after the other and notes whose request is granted. */
    private List<String> grants(TierOrder order, int slots, List<Tier> tiers, List<Integer> waiting, int count) {
        Gate.Builder builder = Gate.builder("chat")
                .time(time)
                .callbackExecutor(Runnable::run)
                .tierOrder(order)
                .limit(Work.slots(slots));
        tiers.forEach(builder::tier);
        Gate gate = builder.build();
        List<Permit> held = new ArrayList<>();
        while (gate.tryAcquire(Request.of(tiers.get(0))) instanceof Permit permit) {
            held.add(permit);
        }
        List<String> granted = new ArrayList<>();
        for (int tier = 0; tier < tiers.size(); tier++) {
            for (int i = 0; i < waiting.get(tier); i++) {
                gate.acquire(Request.of(tiers.get(tier)), answer -> {
                    held.add((Permit) answer);
                    granted.add(((Permit) answer).tier().name());
                });
            }
        }
        for (int i = 0; i < count; i++) {
            held.remove(0).close();
        }
        return granted;
    }

    @Test
    void weightedAbove_of80PercentOn32Slots_isByWeightFrom25InFlightOn() {
        TierOrder order = TierOrder.weightedAbove(0.8);
        GateState state = new GateState();
        Ceilings ceilings =
                new Ceilings(Work.slots(32), List.of(Tier.builder("a").build()));
        for (int i = 0; i < 24; i++) {
            assertThat(state.tryTake(0, ceilings, 0)).isEqualTo(GateState.Take.TAKEN);
        }

        assertThat(order.weightedAt(state.saturationWithOneMore(ceilings))).isFalse();
        assertThat(state.tryTake(0, ceilings, 0)).isEqualTo(GateState.Take.TAKEN);
        assertThat(order.weightedAt(state.saturationWithOneMore(ceilings))).isTrue();
    }

    @Test
    void wait_30AheadAndAReplicaDueIn5s_is6AndAQuarterSeconds() {
        WaitEstimator waits = new WaitEstimator();
        waits.returned(Duration.ofSeconds(8).toNanos());
        Supply supply =
                new Supply(new Replicas(2, 1, List.of(Duration.ofSeconds(5).toNanos())), Work.slots(32), true);

        assertThat((double) waits.nanosUntilGranted(30, 32, supply, 0) / 1e9).isCloseTo(6.25, within(1e-6));
    }

    @Test
    void retryAfter_of10sOf0sAndOfAnHour_isAFifthEitherWay() {
        for (int i = 0; i < 1000; i++) {
            assertThat(Refusals.RetryAfter.jittered(10e9, i)).isBetween(Duration.ofSeconds(8), Duration.ofSeconds(12));
            assertThat(Refusals.RetryAfter.jittered(0, i)).isBetween(Duration.ofSeconds(1), Duration.ofMillis(1500));
            assertThat(Refusals.RetryAfter.jittered(3600e9, i))
                    .isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));
        }
    }

    @Test
    void histogram_100ms_isShownAs98Point6() {
        long middle = LatencyHistogram.middleNanos(LatencyHistogram.bucket(100_000_000));

        assertThat(middle / 1e6).isCloseTo(98.6, within(0.05));
    }
}
