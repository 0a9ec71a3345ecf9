/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.admission.GateState.Ceilings;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Taking and giving back within ceilings, under all small interleavings: every result must be one that some order of the
 * operations explains. The same check must find the fault of a counter that looks first and adds afterwards.
 */
@Tag("lincheck")
class GateStateLincheckTest {

    private static final List<Tier> TIERS = List.of(
            Tier.builder("high").build(), Tier.builder("low").ceiling(0.5).build());
    private static final Work LIMIT = new Work(2, 64);

    @Test
    void takeAndGiveBack_modelChecked_isLinearizable() {
        modelChecking().sequentialSpecification(PlainRoom.class).check(StateRoom.class);
    }

    @Test
    void takeAndGiveBack_stressed_isLinearizable() {
        stress().sequentialSpecification(PlainRoom.class).check(StateRoom.class);
    }

    @Test
    void lookThenAdd_modelChecked_isFoundOut() {
        assertThatThrownBy(() ->
                        modelChecking().sequentialSpecification(PlainRoom.class).check(LookThenAddRoom.class))
                .isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking() {
        return new ModelCheckingOptions()
                .iterations(10)
                .invocationsPerIteration(150)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1);
    }

    private static StressOptions stress() {
        return new StressOptions()
                .iterations(4)
                .invocationsPerIteration(300)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1);
    }

    /** What each thread holds; a thread gives back only what it took. */
    abstract static class Room {

        private final List<ArrayDeque<Integer>> held =
                List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());

        @Operation
        public boolean take(
                @Param(gen = ThreadIdGen.class) int thread,
                @Param(gen = IntGen.class, conf = "0:1") int tier,
                @Param(gen = IntGen.class, conf = "0:3") int units) {
            if (!tryTake(units, tier)) {
                return false;
            }
            held.get(thread).add(units);
            return true;
        }

        @Operation
        public boolean giveBack(@Param(gen = ThreadIdGen.class) int thread) {
            Integer units = held.get(thread).poll();
            if (units == null) {
                return false;
            }
            putBack(units.intValue());
            return true;
        }

        @Operation
        public abstract int slots();

        @Operation
        public abstract long tokens();

        abstract boolean tryTake(int units, int tier);

        abstract void putBack(int units);
    }

    /** The real one. */
    public static final class StateRoom extends Room {

        private final GateState state = new GateState();
        private final Ceilings limits = new Ceilings(LIMIT, TIERS);

        @Override
        boolean tryTake(int units, int tier) {
            return state.tryTake(units, limits, tier) == GateState.Take.TAKEN;
        }

        @Override
        void putBack(int units) {
            boolean unused = state.giveBack(units);
        }

        @Override
        public int slots() {
            return state.slotsInFlight();
        }

        @Override
        public long tokens() {
            return state.tokensInFlight();
        }
    }

    /** What it must look like: two numbers, one thread at a time. */
    public static final class PlainRoom extends Room {

        private int slots;
        private long units;

        @Override
        boolean tryTake(int units, int tier) {
            int maxSlots = tier == 0 ? 2 : 1;
            long maxUnits = tier == 0 ? 4 : 2;
            if (slots + 1 > maxSlots || this.units + Math.max(1, units) > maxUnits) {
                return false;
            }
            slots++;
            this.units += units;
            return true;
        }

        @Override
        void putBack(int units) {
            slots--;
            this.units -= units;
        }

        @Override
        public int slots() {
            return slots;
        }

        @Override
        public long tokens() {
            return units * 16;
        }
    }

    /** The canary: what it adds is right, but between the look and the addition another may have added. */
    public static final class LookThenAddRoom extends Room {

        private final AtomicLong word = new AtomicLong();

        @Override
        boolean tryTake(int units, int tier) {
            long seen = word.get();
            if ((seen & 0xFFFFF) + 1 > (tier == 0 ? 2 : 1) || (seen >> 20) + units > (tier == 0 ? 4 : 2)) {
                return false;
            }
            word.addAndGet((long) units << 20 | 1);
            return true;
        }

        @Override
        void putBack(int units) {
            word.addAndGet(-((long) units << 20 | 1));
        }

        @Override
        public int slots() {
            return (int) (word.get() & 0xFFFFF);
        }

        @Override
        public long tokens() {
            return (word.get() >> 20) * 16;
        }
    }
}
