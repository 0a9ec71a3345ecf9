/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Field;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Readings stored by several, some of them stale, while others read: the time is the largest that was stored. The same check
 * must find the fault of a store that looks first.
 */
@Tag("lincheck")
class CoarseClockLincheckTest {

    @Test
    void raise_staleReadingsAmongReads_modelChecked_neverGoesBack() {
        modelChecking().sequentialSpecification(Plain.class).check(Raised.class);
    }

    @Test
    void raise_staleReadingsAmongReads_stressed_neverGoesBack() {
        new StressOptions()
                .iterations(5)
                .invocationsPerIteration(500)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(0)
                .actorsAfter(1)
                .sequentialSpecification(Plain.class)
                .check(Raised.class);
    }

    @Test
    void storeWithoutCompare_modelChecked_isFoundOut() {
        assertThatThrownBy(() ->
                        modelChecking().sequentialSpecification(Plain.class).check(StoredWithoutCompare.class))
                .isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking() {
        return new ModelCheckingOptions()
                .iterations(10)
                .invocationsPerIteration(300)
                .threads(3)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(1);
    }

    abstract static class Clock {

        @Operation
        public abstract void raise(@Param(gen = IntGen.class, conf = "1:6") int reading);

        @Operation
        public abstract long nanos();
    }

    /** What it must look like. */
    public static final class Plain extends Clock {

        private long now;

        @Override
        public void raise(int reading) {
            now = Math.max(now, reading);
        }

        @Override
        public long nanos() {
            return now;
        }
    }

    /** The real one, put back at zero, so that no thread of its own takes part. */
    public static final class Raised extends Clock {

        private final CoarseClock clock = new CoarseClock(() -> 0);

        public Raised() throws ReflectiveOperationException {
            Field now = CoarseClock.class.getDeclaredField("now");
            now.setAccessible(true);
            now.setLong(clock, 0);
        }

        @Override
        public void raise(int reading) {
            clock.raise(reading);
        }

        @Override
        public long nanos() {
            return clock.nanos();
        }
    }

    /** The canary. */
    public static final class StoredWithoutCompare extends Clock {

        private volatile long now;

        @Override
        public void raise(int reading) {
            if (reading - now > 0) {
                now = reading;
            }
        }

        @Override
        public long nanos() {
            return now;
        }
    }
}
