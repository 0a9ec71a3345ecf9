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
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How tiers share a contended pool: by weight, with no credit for having been away, and nobody starves. */
class GateSharesTest {

    private final ManualTime time = new ManualTime();
    private final ArrayDeque<Permit> running = new ArrayDeque<>();
    private final Map<Tier, Integer> granted = new HashMap<>();
    private final Map<Tier, Long> grantedTokens = new HashMap<>();

    private Gate gate(Work limit, Tier... tiers) {
        Gate.Builder builder = Gate.builder("chat")
                .time(time)
                .callbackExecutor(Runnable::run)
                .maxQueued(100_000)
                .limit(limit);
        for (Tier tier : tiers) {
            builder.tier(tier);
        }
        return builder.build();
    }

    private static Tier tier(String name, double weight) {
        return Tier.builder(name).weight(weight).maxQueued(100_000).build();
    }

    private void ask(Gate gate, Tier tier, long tokens) {
        gate.acquire(Request.of(tier).withTokens(tokens, 0), answer -> {
            running.add((Permit) answer);
            granted.merge(tier, 1, Integer::sum);
            grantedTokens.merge(tier, tokens, Long::sum);
        });
    }

    private void finish(int count) {
        for (int i = 0; i < count; i++) {
            running.remove().close(Outcome.CANCELLED, Usage.NONE);
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 4, 1", "1, 1, 1", "1, 2, 10", "0.5, 0.25, 0.25"})
    void close_allTiersWait_grantsByWeight(double first, double second, double third) {
        Tier[] tiers = {tier("a", first), tier("b", second), tier("c", third)};
        Gate gate = gate(Work.slots(8), tiers);
        for (int i = 0; i < 3000; i++) {
            for (Tier tier : tiers) {
                ask(gate, tier, 0);
            }
        }
        granted.clear();

        finish(2600);

        double all = first + second + third;
        for (Tier tier : tiers) {
            assertThat(granted.get(tier) / 2600.0).isCloseTo(tier.weight() / all, within(0.01));
        }
    }

    @Test
    void close_requestsOfUnequalSize_sharesTokensByWeight() {
        Tier small = tier("small", 3);
        Tier large = tier("large", 1);
        Gate gate = gate(new Work(100, 16_000), small, large);
        for (int i = 0; i < 20_000; i++) {
            ask(gate, small, 160);
        }
        for (int i = 0; i < 2_000; i++) {
            ask(gate, large, 1600);
        }
        grantedTokens.clear();

        finish(4_000);

        double share = (double) grantedTokens.get(small) / (grantedTokens.get(small) + grantedTokens.get(large));
        assertThat(share).isCloseTo(0.75, within(0.02));
    }

    @Test
    void close_oneTierAlone_getsAll() {
        Tier heavy = tier("heavy", 100);
        Tier light = tier("light", 0.001);
        Gate gate = gate(Work.slots(1), heavy, light);
        for (int i = 0; i < 50; i++) {
            ask(gate, light, 0);
        }

        finish(49);

        assertThat(granted).containsExactly(Map.entry(light, 50));
    }

    /** Whoever comes first into an empty queue must not be served before one that was served a lot before. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void close_afterAnotherWasServedAlone_sharesEquallyFromThen(boolean veteranFirst) {
        Tier veteran = tier("veteran", 1);
        Tier newcomer = tier("newcomer", 1);
        Gate gate = gate(Work.slots(1), newcomer, veteran);
        for (int i = 0; i < 1001; i++) {
            ask(gate, veteran, 0);
        }
        finish(1000);
        assertThat(gate.queued()).isZero();
        granted.clear();

        Tier first = veteranFirst ? veteran : newcomer;
        Tier second = veteranFirst ? newcomer : veteran;
        for (int i = 0; i < 100; i++) {
            ask(gate, first, 0);
        }
        for (int i = 0; i < 100; i++) {
            ask(gate, second, 0);
        }
        finish(100);

        assertThat(granted.get(veteran)).isBetween(48, 52);
        assertThat(granted.get(newcomer)).isBetween(48, 52);
    }

    /** A request that needs half of the pool gets it though small ones of other tiers would fit all the time. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void close_largeHeadAmongSmallOnesOfAnotherTier_isServedInItsTurn(boolean largeIsHigher) {
        Tier large = tier("large", 1);
        Tier small = tier("small", 1);
        Gate gate = largeIsHigher ? gate(new Work(1000, 3200), large, small) : gate(new Work(1000, 3200), small, large);
        for (int i = 0; i < 10_000; i++) {
            ask(gate, small, 32);
        }
        ask(gate, large, 1600);
        assertThat(gate.inFlight().tokens()).isEqualTo(3200);
        granted.clear();

        finish(200);

        assertThat(granted.get(large)).isEqualTo(1);
        assertThat(granted.get(small)).isGreaterThan(50);
    }

    @Test
    void close_largeHeadOfALowerCeiling_doesNotHoldUpTheTierAboveIt() {
        Tier high = tier("high", 1);
        Tier low = Tier.builder("low").ceiling(0.5).build();
        Gate gate = gate(new Work(1000, 320), high, low);
        ask(gate, high, 160);
        ask(gate, high, 160);
        ask(gate, low, 160);
        ask(gate, high, 160);

        finish(1);

        assertThat(granted).containsExactly(Map.entry(high, 3));
        finish(2);
        assertThat(granted).containsEntry(low, 1);
    }
}
