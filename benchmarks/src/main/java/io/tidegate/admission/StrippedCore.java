/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/**
 * The packed word of a gate alone, for one tier and requests of one size: no permit, no clock, no counters. What is left of the
 * gate's cost above it is what the gate does besides counting. In this package for the word's sake; never published.
 */
@NullMarked
public final class StrippedCore {

    private final GateState state = new GateState();
    private final GateState.Ceilings ceilings;
    private final int units;

    /** A word with room for so many slots, and requests of one slot and so many tokens. */
    public StrippedCore(int slots, long tokens) {
        ceilings = new GateState.Ceilings(
                Work.slots(slots), List.of(Tier.builder("standard").build()));
        units = GateState.units(tokens);
    }

    /** Takes one if there is room. */
    public boolean tryTake() {
        return state.tryTake(units, ceilings, 0) == GateState.Take.TAKEN;
    }

    /** Returns one; true if somebody waits, which nobody does here. */
    public boolean giveBack() {
        return state.giveBack(units);
    }
}
