/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Taking and giving back at one instant, from an account that refills, from a budget, and from an entry that is forgotten
 * meanwhile, under all small interleavings: every result must be one that some order of the operations explains. The same checks
 * must find the faults of an account that looks first and adds afterwards, and of one who takes and does not look whether the
 * entry is gone.
 */
@Tag("lincheck")
class QuotaLincheckTest {

    private static final int BURST = 4;

    @Test
    void refill_modelChecked_isLinearizable() {
        modelChecking().sequentialSpecification(PlainAccount.class).check(RefillAccount.class);
    }

    @Test
    void refill_stressed_isLinearizable() {
        stress().sequentialSpecification(PlainAccount.class).check(RefillAccount.class);
    }

    @Test
    void budget_modelChecked_isLinearizable() {
        modelChecking().sequentialSpecification(PlainAccount.class).check(BudgetAccount.class);
    }

    @Test
    void budget_stressed_isLinearizable() {
        stress().sequentialSpecification(PlainAccount.class).check(BudgetAccount.class);
    }

    @Test
    void tenant_forgottenMeanwhile_modelChecked_isLinearizable() {
        modelChecking().sequentialSpecification(PlainEntry.class).check(TenantEntry.class);
    }

    @Test
    void tenant_forgottenMeanwhile_stressed_isLinearizable() {
        stress().sequentialSpecification(PlainEntry.class).check(TenantEntry.class);
    }

    @Test
    void lookThenAdd_modelChecked_isFoundOut() {
        assertThatThrownBy(() -> modelChecking()
                        .sequentialSpecification(PlainAccount.class)
                        .check(LookThenAddAccount.class))
                .isInstanceOf(LincheckAssertionError.class);
    }

    @Test
    void takeWithoutALookWhetherItIsGone_modelChecked_isFoundOut() {
        assertThatThrownBy(() -> modelChecking()
                        .sequentialSpecification(PlainEntry.class)
                        .check(CarelessEntry.class))
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

    // ---- accounts --------------------------------------------------------------------------------------------------

    /** What each thread holds; a thread gives back only what it took. */
    abstract static class Account {

        private final List<ArrayDeque<Integer>> held =
                List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());

        @Operation
        public boolean take(
                @Param(gen = ThreadIdGen.class) int thread, @Param(gen = IntGen.class, conf = "1:3") int units) {
            if (!tryTake(units)) {
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
        public abstract long remaining();

        abstract boolean tryTake(int units);

        abstract void putBack(int units);
    }

    /** What it must look like: a number, one thread at a time. */
    public static final class PlainAccount extends Account {

        private int left = BURST;

        @Override
        boolean tryTake(int units) {
            if (units > left) {
                return false;
            }
            left -= units;
            return true;
        }

        @Override
        void putBack(int units) {
            left += units;
        }

        @Override
        public long remaining() {
            return left;
        }
    }

    /** The one that refills, at one instant. */
    public static final class RefillAccount extends Account {

        private final Refill refill = new Refill(new Rate(BURST, Duration.ofMinutes(1)));

        @Override
        boolean tryTake(int units) {
            return refill.take(units, 0) == 0;
        }

        @Override
        void putBack(int units) {
            refill.giveBack(units);
        }

        @Override
        public long remaining() {
            return refill.remaining(0);
        }
    }

    /** The one that does not. */
    public static final class BudgetAccount extends Account {

        private final Budget budget = new Budget(BURST, 1_000);

        @Override
        boolean tryTake(int units) {
            return budget.take(units, 0) == 0;
        }

        @Override
        void putBack(int units) {
            budget.settle(units, 0, 0);
        }

        @Override
        public long remaining() {
            return budget.remaining(0);
        }
    }

    /** The canary: what it adds is right, but between the look and the addition another may have added. */
    public static final class LookThenAddAccount extends Account {

        private final AtomicLong taken = new AtomicLong();

        @Override
        boolean tryTake(int units) {
            if (taken.get() + units > BURST) {
                return false;
            }
            taken.addAndGet(units);
            return true;
        }

        @Override
        void putBack(int units) {
            taken.addAndGet(-units);
        }

        @Override
        public long remaining() {
            return BURST - taken.get();
        }
    }

    // ---- an entry that is forgotten --------------------------------------------------------------------------------

    /** One tenant of one request at a time, whose entry may be forgotten while it lacks nothing. */
    abstract static class Entry {

        @Operation
        public abstract boolean take();

        @Operation
        public abstract void giveBack();

        @Operation(nonParallelGroup = "forget")
        public abstract void forget();
    }

    /** What it must look like: nobody notices that it is forgotten. */
    public static final class PlainEntry extends Entry {

        private boolean taken;

        @Override
        public boolean take() {
            boolean free = !taken;
            taken = true;
            return free;
        }

        @Override
        public void giveBack() {
            taken = false;
        }

        @Override
        public void forget() {
            // It makes no difference.
        }
    }

    /** The table's way, for a single tenant. */
    abstract static class ForgettableEntry extends Entry {

        private static final Quota ONE = Quota.builder().requestsPerMinute(1).build();

        final AtomicReference<@Nullable Tenant> entry = new AtomicReference<>();

        final Tenant findOrAdd() {
            Tenant found = entry.get();
            if (found != null && !found.isGone()) {
                return found;
            }
            Tenant added = new Tenant("a", 0, ONE, false, null);
            Tenant before = entry.compareAndExchange(found, added);
            return before == found || before == null ? added : before;
        }

        @Override
        public void giveBack() {
            Tenant found = entry.get();
            if (found != null) {
                found.giveBack(0, 0);
            }
        }

        @Override
        public void forget() {
            Tenant found = entry.get();
            if (found != null && found.leave(0)) {
                entry.compareAndSet(found, null);
            }
        }
    }

    /** The real one. */
    public static final class TenantEntry extends ForgettableEntry {

        @Override
        public boolean take() {
            while (true) {
                Tenant found = findOrAdd();
                boolean free = found.take(0, 0) == 0;
                if (free ? found.keep() : !found.isGone()) {
                    return free;
                }
            }
        }
    }

    /** The canary: it may have taken from an entry that is gone, and the next finds a new one. */
    public static final class CarelessEntry extends ForgettableEntry {

        @Override
        public boolean take() {
            return findOrAdd().take(0, 0) == 0;
        }
    }
}
