/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.plugin;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Who may call a plugin, under all small interleavings of calls that begin, end, fail, are given up and return: every answer must be one
 * that some order of the operations explains. The same check must find the fault of one that looks for a place first and takes it
 * afterwards.
 */
@Tag("lincheck")
class TurnstileLincheckTest {

    private static final int PLACES = 2;

    @Test
    void turnstile_modelChecked_isLinearizable() {
        modelChecking().sequentialSpecification(Plain.class).check(Real.class);
    }

    @Test
    void turnstile_stressed_isLinearizable() {
        new StressOptions()
                .iterations(4)
                .invocationsPerIteration(300)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .sequentialSpecification(Plain.class)
                .check(Real.class);
    }

    @Test
    void lookThenTake_modelChecked_isFoundOut() {
        assertThatThrownBy(() ->
                        modelChecking().sequentialSpecification(Plain.class).check(LookThenTake.class))
                .isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking() {
        return new ModelCheckingOptions()
                .iterations(15)
                .invocationsPerIteration(150)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2);
    }

    /** What each thread has begun, and given up; a thread ends only what is its own. */
    abstract static class Turns {

        private final List<ArrayDeque<Long>> begun =
                List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());
        private final List<ArrayDeque<Long>> given =
                List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());

        /** The refusal, or 0 for a place. */
        @Operation
        public long begin(@Param(gen = ThreadIdGen.class) int thread) {
            long era = enter();
            if (era >= 0) {
                begun.get(thread).add(era);
            }
            return Math.min(era, 0);
        }

        @Operation
        public void succeed(@Param(gen = ThreadIdGen.class) int thread) {
            Long era = begun.get(thread).poll();
            if (era != null) {
                succeeded(era);
            }
        }

        @Operation
        public void fail(@Param(gen = ThreadIdGen.class) int thread) {
            Long era = begun.get(thread).poll();
            if (era != null) {
                failed(era);
            }
        }

        @Operation
        public void giveUp(@Param(gen = ThreadIdGen.class) int thread) {
            Long era = begun.get(thread).poll();
            if (era != null) {
                overdue(era);
                given.get(thread).add(era);
            }
        }

        @Operation
        public void comeBack(@Param(gen = ThreadIdGen.class) int thread) {
            if (given.get(thread).poll() != null) {
                returned();
            }
        }

        abstract long enter();

        abstract void succeeded(long era);

        abstract void failed(long era);

        abstract void overdue(long era);

        abstract void returned();
    }

    /** What it must look like: a circuit that opens for ever at the second failure in a row, one thread at a time. */
    public static final class Plain extends Turns {

        private int running;
        private int abandoned;
        private int failures;
        private boolean open;

        @Override
        long enter() {
            if (abandoned >= PLACES) {
                return Turnstile.OFF;
            }
            if (running + abandoned >= PLACES) {
                return Turnstile.BUSY;
            }
            if (open) {
                return Turnstile.OPEN;
            }
            running++;
            return 0;
        }

        @Override
        void succeeded(long era) {
            running--;
            if (!open) {
                failures = 0;
            }
        }

        @Override
        void failed(long era) {
            running--;
            count();
        }

        private void count() {
            if (!open && ++failures >= 2) {
                open = true;
            }
        }

        @Override
        void overdue(long era) {
            running--;
            abandoned++;
            count();
        }

        @Override
        void returned() {
            abandoned--;
        }
    }

    /** The real one, at one instant, so that an open circuit stays open. */
    public static final class Real extends Turns {

        private final Turnstile turnstile = new Turnstile(PLACES, 2, 1_000, 1_000);

        @Override
        long enter() {
            return turnstile.begin(0);
        }

        @Override
        void succeeded(long era) {
            turnstile.succeeded(era);
        }

        @Override
        void failed(long era) {
            turnstile.failed(era, 0);
        }

        @Override
        void overdue(long era) {
            turnstile.overdue(era, 0);
        }

        @Override
        void returned() {
            turnstile.returned();
        }
    }

    /** The canary: between the look and the taking another may have taken the last place. */
    public static final class LookThenTake extends Turns {

        private final AtomicInteger running = new AtomicInteger();
        private final AtomicInteger abandoned = new AtomicInteger();
        private final AtomicInteger failures = new AtomicInteger();

        @Override
        long enter() {
            if (abandoned.get() >= PLACES) {
                return Turnstile.OFF;
            }
            if (running.get() + abandoned.get() >= PLACES) {
                return Turnstile.BUSY;
            }
            if (failures.get() >= 2) {
                return Turnstile.OPEN;
            }
            running.incrementAndGet();
            return 0;
        }

        @Override
        void succeeded(long era) {
            running.decrementAndGet();
            failures.updateAndGet(seen -> seen >= 2 ? seen : 0);
        }

        @Override
        void failed(long era) {
            running.decrementAndGet();
            failures.incrementAndGet();
        }

        @Override
        void overdue(long era) {
            running.decrementAndGet();
            abandoned.incrementAndGet();
            failures.incrementAndGet();
        }

        @Override
        void returned() {
            abandoned.decrementAndGet();
        }
    }
}
