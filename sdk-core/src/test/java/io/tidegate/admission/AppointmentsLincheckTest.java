/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** No time is given twice and none is left out, whoever asks at once. */
@Tag("lincheck")
class AppointmentsLincheckTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long INTERVAL = 3 * SECOND;

    @Test
    void give_byMany_timesAreOneIntervalApart() {
        modelChecking().check(GiveTimes.class);
    }

    @Test
    void lookThenGive_modelChecked_isFoundOut() {
        assertThatThrownBy(() -> modelChecking().check(LookThenGive.class)).isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking() {
        return new ModelCheckingOptions()
                .iterations(4)
                .invocationsPerIteration(300)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(1)
                .sequentialSpecification(PlainTimes.class);
    }

    /** Gives the next time. */
    abstract static class Times {

        @Operation
        public abstract long give();

        /** Which of all times it is. */
        static long number(long atNanos) {
            return (atNanos - SECOND) / INTERVAL;
        }
    }

    /** What it must look like. */
    public static final class PlainTimes extends Times {

        private long next;

        @Override
        public long give() {
            return next++;
        }
    }

    /** What is shipped. */
    public static final class GiveTimes extends Times {

        private final Appointments appointments = new Appointments(0);

        @Override
        public long give() {
            // Of one key: whose entry is overwritten does not matter to the times.
            return number(
                    appointments.give(1, "tenant", 0, 0, (double) INTERVAL).atNanos());
        }
    }

    /** The fault to be found: what is given next is looked at first and noted afterwards. */
    public static final class LookThenGive extends Times {

        private final AtomicLong given = new AtomicLong(SECOND);

        @Override
        public long give() {
            long at = given.get();
            given.set(at + INTERVAL);
            return number(at);
        }
    }
}
