/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PoolViewTest {

    @Test
    void sums_areOverAllTiers() {
        PoolView view = view(List.of(tier(3, 2, 1.5), tier(4, 0, 0.25)), Map.of());

        assertThat(view.inFlight()).isEqualTo(7);
        assertThat(view.queued()).isEqualTo(2);
        assertThat(view.arrivalsPerSecond()).isEqualTo(1.75);
    }

    @Test
    void new_copiesWhatItIsGiven() {
        List<PoolView.TierView> tiers = new ArrayList<>(List.of(tier(1, 0, 0)));
        Map<String, Signal> signals = new HashMap<>(Map.of("kv", new Signal.Missing("vllm", "not yet")));
        PoolView view = view(tiers, signals);
        tiers.clear();
        signals.clear();

        assertThat(view.tiers()).hasSize(1);
        assertThat(view.signals()).containsOnlyKeys("kv");
    }

    @Test
    void signal_unknownName_saysWhichSourcesHaveNotAnswered() {
        assertThat(view(List.of(), Map.of("kv", new Signal.Missing("vllm", "no such series")))
                        .signal("cpu")
                        .gap())
                .isEqualTo("no source gives a signal of this name");
        assertThat(view(List.of(), Map.of("app", new Signal.Missing("app", "no route to host")))
                        .signal("cpu")
                        .gap())
                .isEqualTo("no source gives a signal of this name; not heard from yet: app (no route to host)");
    }

    private static PoolView.TierView tier(long inFlight, long queued, double arrivals) {
        return new PoolView.TierView(
                Tier.builder("a").build(), inFlight, queued, Duration.ZERO, arrivals, 0, Double.NaN, Double.NaN);
    }

    private static PoolView view(List<PoolView.TierView> tiers, Map<String, Signal> signals) {
        return new PoolView(
                "chat",
                0,
                Evidence.COMPLETE,
                Replicas.ready(1),
                Work.slots(4),
                Duration.ofMinutes(1),
                tiers,
                signals,
                Capacity.UNKNOWN,
                Recent.NOTHING);
    }
}
