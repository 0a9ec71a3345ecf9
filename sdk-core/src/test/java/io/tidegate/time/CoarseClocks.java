/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A coarse clock without its thread, so that a test alone says who stores which reading when. */
public final class CoarseClocks {

    private final CoarseClock clock = new CoarseClock(() -> 0);

    /** A clock that shows this. */
    public CoarseClocks(long reading) {
        try {
            VarHandle now = MethodHandles.privateLookupIn(CoarseClock.class, MethodHandles.lookup())
                    .findVarHandle(CoarseClock.class, "now", long.class);
            now.setVolatile(clock, reading);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the clock has changed", e);
        }
    }

    /** Stores a reading that may be older than what it shows. */
    public void raise(long reading) {
        clock.raise(reading);
    }

    /** What it shows. */
    public long nanos() {
        return clock.nanos();
    }
}
