/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Threads that all want the same stripe, and turn to the shared one: nothing that was added is lost. The same check must find
 * the fault of adding without a claim.
 */
@Tag("lincheck")
class TallyLincheckTest {

    @Test
    void add_claimedOrShared_modelChecked_losesNothing() {
        modelChecking().check(Claimed.class);
    }

    @Test
    void add_claimedOrShared_stressed_losesNothing() {
        new StressOptions()
                .iterations(3)
                .invocationsPerIteration(500)
                .threads(2)
                .actorsPerThread(4)
                .actorsBefore(0)
                .actorsAfter(0)
                .check(Claimed.class);
    }

    @Test
    void add_withoutAClaim_isFoundOut() {
        assertThatThrownBy(() -> modelChecking().check(Unclaimed.class)).isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking() {
        return new ModelCheckingOptions()
                .iterations(5)
                .invocationsPerIteration(300)
                .threads(3)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0);
    }

    abstract static class Adding {

        final Tally tally = new Tally();
        private final AtomicLong added = new AtomicLong();

        @Operation
        public void add(@Param(gen = IntGen.class, conf = "1:5") int delta) {
            addTo(delta);
            added.addAndGet(delta);
        }

        abstract void addTo(int delta);

        void check() {
            for (int counter = 0; counter < 2; counter++) {
                if (tally.sum(counter) != added.get()) {
                    throw new IllegalStateException("sum " + tally.sum(counter) + ", added " + added);
                }
            }
        }
    }

    /** As the gate does, but that all threads are of one stripe. */
    public static final class Claimed extends Adding {

        @Override
        void addTo(int delta) {
            int stripe = tally.tryEnter(0) ? 0 : Tally.SHARED;
            tally.add(stripe, 0, delta);
            tally.add(stripe, 1, delta);
            tally.leave(stripe);
        }

        @Validate
        public void sumIsWhatWasAdded() {
            check();
        }
    }

    /** The canary. */
    public static final class Unclaimed extends Adding {

        @Override
        void addTo(int delta) {
            tally.add(0, 0, delta);
            tally.add(0, 1, delta);
        }

        @Validate
        public void sumIsWhatWasAdded() {
            check();
        }
    }
}
