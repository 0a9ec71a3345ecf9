/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.time.ManualTime;
import io.tidegate.time.TimeSource;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A manual clock that runs code of a test where the gate calls its scheduler: a chosen interleaving without threads. */
final class HookedTime implements TimeSource {

    final ManualTime manual = new ManualTime();

    private int readings;
    private @Nullable Runnable onSchedule;
    private @Nullable Runnable afterSchedule;
    private @Nullable Runnable onCancel;

    /** The reading after so many that are good fails. */
    void failAfter(int readings) {
        this.readings = readings + 1;
    }

    /** Runs once, when a task is next scheduled, before it is. */
    void onSchedule(Runnable hook) {
        onSchedule = hook;
    }

    /** Runs once, when a task was next scheduled, before the gate is told so. */
    void afterSchedule(Runnable hook) {
        afterSchedule = hook;
    }

    /** Runs once, when a task is next cancelled. */
    void onCancel(Runnable hook) {
        onCancel = hook;
    }

    @Override
    public long nanos() {
        if (readings > 0 && --readings == 0) {
            throw new IllegalStateException("on purpose");
        }
        return manual.nanos();
    }

    @Override
    public Instant wallTime() {
        return manual.wallTime();
    }

    @Override
    public Task schedule(long delayNanos, Runnable task) {
        Runnable before = onSchedule;
        onSchedule = null;
        run(before);
        Task scheduled = manual.schedule(delayNanos, task);
        Runnable after = afterSchedule;
        afterSchedule = null;
        run(after);
        return () -> {
            scheduled.cancel();
            Runnable hook = onCancel;
            onCancel = null;
            run(hook);
        };
    }

    private static void run(@Nullable Runnable hook) {
        if (hook != null) {
            hook.run();
        }
    }
}
