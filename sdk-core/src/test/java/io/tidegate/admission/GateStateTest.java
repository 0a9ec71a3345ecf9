/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.GateState.Ceilings;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GateStateTest {

    private static final int TOP = 0;
    private static final int LOW = 1;

    private final List<Tier> tiers = List.of(
            Tier.builder("top").build(), Tier.builder("low").ceiling(0.5).build());
    private final GateState state = new GateState();

    @Test
    void tryTake_upToTheCeiling_countsSlotsAndTokens() {
        Ceilings limits = new Ceilings(new Work(2, 64), tiers);
        int cost = GateState.taken(GateState.units(20), limits, TOP);

        assertThat(takes(cost, limits, TOP)).isTrue();
        assertThat(state.slotsInFlight()).isEqualTo(1);
        assertThat(state.tokensInFlight()).isEqualTo(32);
        assertThat(takes(cost, limits, TOP)).isTrue();
        assertThat(takes(cost, limits, TOP)).isFalse();
        assertThat(state.slotsInFlight()).isEqualTo(2);
    }

    @Test
    void tryTake_tokensGone_refusesThoughSlotsAreFreeAlsoOneThatNamesNone() {
        Ceilings limits = new Ceilings(new Work(10, 64), tiers);

        assertThat(takes(GateState.taken(GateState.units(64), limits, TOP), limits, TOP))
                .isTrue();
        assertThat(takes(GateState.taken(GateState.units(1), limits, TOP), limits, TOP))
                .isFalse();
        assertThat(takes(GateState.taken(GateState.units(0), limits, TOP), limits, TOP))
                .isFalse();
    }

    @Test
    void tryTake_lowerTier_leavesWhatIsAboveItsCeiling() {
        Ceilings limits = new Ceilings(Work.slots(4), tiers);
        int cost = GateState.taken(GateState.units(0), limits, LOW);

        assertThat(takes(cost, limits, LOW)).isTrue();
        assertThat(takes(cost, limits, LOW)).isTrue();
        assertThat(takes(cost, limits, LOW)).isFalse();
        assertThat(state.hasRoom(limits, LOW)).isFalse();
        assertThat(state.hasRoom(limits, TOP)).isTrue();
        assertThat(takes(cost, limits, TOP)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 16", "16, 16", "17, 32", "34359738352, 34359738352"})
    void cost_roundsTokensUpToUnits(long tokens, long counted) {
        Ceilings limits = new Ceilings(Work.slots(1), tiers);

        assertThat(GateState.tokensOf(GateState.taken(GateState.units(tokens), limits, TOP)))
                .isEqualTo(counted);
    }

    @Test
    void cost_oversize_isAllTheTierMayHold() {
        Ceilings limits = new Ceilings(new Work(8, 160), tiers);

        assertThat(GateState.tokensOf(GateState.taken(GateState.units(Work.MAX_TOKENS), limits, TOP)))
                .isEqualTo(160);
        assertThat(GateState.tokensOf(GateState.taken(GateState.units(Work.MAX_TOKENS), limits, LOW)))
                .isEqualTo(80);
    }

    @Test
    void word_filledToTheBrim_overflowsNowhere() {
        Ceilings limits = new Ceilings(new Work(Work.MAX_SLOTS, Work.MAX_TOKENS), tiers);
        int all = GateState.taken(GateState.units(Work.MAX_TOKENS), limits, TOP);
        int slot = GateState.taken(GateState.units(0), limits, TOP);

        assertThat(takes(all, limits, TOP)).isTrue();
        for (int i = 1; i < Work.MAX_SLOTS; i++) {
            assertThat(takes(slot, limits, TOP)).isTrue();
        }
        state.openQueue();
        assertThat(state.slotsInFlight()).isEqualTo(Work.MAX_SLOTS);
        assertThat(state.tokensInFlight()).isEqualTo(GateState.tokensOf(all));
        assertThat(state.tryTakeForWaiter(slot, limits, TOP)).isFalse();
        assertThat(state.tryTakeForWaiter(all, limits, TOP)).isFalse();

        assertThat(state.giveBack(all)).isTrue();
        assertThat(state.tokensInFlight()).isZero();
        assertThat(state.slotsInFlight()).isEqualTo(Work.MAX_SLOTS - 1);
        state.closeQueue();
        assertThat(state.giveBack(slot)).isFalse();
        assertThat(takes(all, limits, TOP)).isTrue();
    }

    @Test
    void openQueue_turnsArrivalsAwayAndNotWaiters() {
        Ceilings limits = new Ceilings(Work.slots(2), tiers);
        int cost = GateState.taken(GateState.units(5), limits, TOP);
        state.openQueue();
        state.openQueue();

        assertThat(takes(cost, limits, TOP)).isFalse();
        assertThat(state.tryTakeForWaiter(cost, limits, TOP)).isTrue();
        assertThat(state.slotsInFlight()).isEqualTo(1);
        assertThat(state.tokensInFlight()).isEqualTo(16);

        state.closeQueue();
        assertThat(takes(cost, limits, TOP)).isTrue();
    }

    @Test
    void ceilings_noSlots_closeEveryTier() {
        Ceilings limits = new Ceilings(Work.NONE, tiers);

        assertThat(state.tryTakeForWaiter(GateState.taken(GateState.units(0), limits, TOP), limits, TOP))
                .isFalse();
        assertThat(state.hasRoom(limits, TOP)).isFalse();
    }

    @Test
    void ceilings_smallPool_leaveEachTierASlot() {
        Ceilings limits = new Ceilings(Work.slots(1), tiers);

        assertThat(takes(GateState.taken(GateState.units(0), limits, LOW), limits, LOW))
                .isTrue();
    }

    @Test
    void giveBack_limitLoweredMeanwhile_countsDownBeforeAnyoneIsTaken() {
        Ceilings wide = new Ceilings(Work.slots(3), tiers);
        Ceilings narrow = new Ceilings(Work.slots(1), tiers);
        int cost = GateState.taken(GateState.units(100), wide, TOP);
        for (int i = 0; i < 3; i++) {
            assertThat(takes(cost, wide, TOP)).isTrue();
        }

        state.giveBack(cost);
        state.giveBack(cost);
        assertThat(takes(cost, narrow, TOP)).isFalse();
        state.giveBack(cost);

        assertThat(takes(cost, narrow, TOP)).isTrue();
    }

    @Test
    void wakeUp_whileOwned_makesTheOwnerLookAgain() {
        assertThat(state.wakeUp()).isTrue();
        assertThat(state.wakeUp()).isFalse();
        assertThat(state.wakeUp()).isFalse();

        assertThat(state.served(1)).isEqualTo(2);
        assertThat(state.served(2)).isZero();
        assertThat(state.wakeUp()).isTrue();
    }

    private boolean takes(int units, Ceilings limits, int tier) {
        return state.tryTake(units, limits, tier) == GateState.Take.TAKEN;
    }
}
