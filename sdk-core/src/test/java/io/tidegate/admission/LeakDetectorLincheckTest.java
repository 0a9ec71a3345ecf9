/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.lang.reflect.Field;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A sweep notes a permit that is returned in that moment: its room must not be given back a second time when it is collected.
 * The same check must find the fault of a sweep that does not look again.
 */
@Tag("lincheck")
class LeakDetectorLincheckTest {

    @Test
    void sweep_whileThePermitIsReturned_modelChecked_givesNothingBack() {
        modelChecking().check(SweepOrClose.class);
    }

    @Test
    void sweep_whileThePermitIsReturned_stressed_givesNothingBack() {
        new StressOptions()
                .iterations(3)
                .invocationsPerIteration(500)
                .threads(2)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(0)
                .check(SweepOrClose.class);
    }

    @Test
    void lookAndNote_modelChecked_isFoundOut() {
        assertThatThrownBy(() -> modelChecking().check(LookAndNote.class)).isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking() {
        return new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(60)
                // A sweep looks at hundreds of places, which is no loop without end.
                .loopBound(5000)
                .loopIterationsBeforeThreadSwitch(1000)
                .threads(2)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(0);
    }

    /** A gate's permit and a detector that the test sweeps itself. */
    public static final class SweepOrClose {

        private final Tier tier = Tier.builder("standard").build();
        private final ManualTime time = new ManualTime();
        private final AtomicInteger givenBack = new AtomicInteger();
        private final Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(2))
                .build();
        private final Permit permit = (Permit) gate.tryAcquire(Request.of(tier));
        private final LeakDetector detector =
                new LeakDetector("chat", new TierLane[] {permit.lane}, time, 0, lost -> givenBack.incrementAndGet());

        @Operation(runOnce = true)
        public void sweep() {
            boolean unused = detector.sweep();
        }

        @Operation(runOnce = true)
        public void close() {
            permit.close();
        }

        private List<?> followed() throws ReflectiveOperationException {
            Field open = LeakDetector.class.getDeclaredField("open");
            open.setAccessible(true);
            return (List<?>) open.get(detector);
        }

        @Validate
        public void returnedOnce() throws ReflectiveOperationException {
            if (permit.closed()) {
                LeakDetector.Tracked tracked = permit.tracked();
                if (tracked != null && followed().contains(tracked)) {
                    // As the collector does, unless the reference itself is lost with the permit.
                    tracked.enqueue();
                }
                boolean unused = detector.sweep();
                check(givenBack.get() == 0, "given back a second time");
                check(!detector.sweep(), "followed for ever");
                check(gate.inFlight().slots() == 0, "in flight " + gate.inFlight());
            }
        }
    }

    /** The canary: what the sweep does, but that it does not look again after it has noted. */
    public static final class LookAndNote {

        private static final class Noted {
            private volatile boolean returned;
        }

        private volatile boolean closed;
        private volatile Noted noted;
        private volatile boolean followed;

        @Operation(runOnce = true)
        public void sweep() {
            if (!closed) {
                noted = new Noted();
                followed = true;
            }
        }

        @Operation(runOnce = true)
        public void close() {
            closed = true;
            Noted known = noted;
            if (known != null) {
                known.returned = true;
            }
        }

        @Validate
        public void returnedOnce() {
            check(!closed || !followed || noted.returned, "would be given back a second time");
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }
}
