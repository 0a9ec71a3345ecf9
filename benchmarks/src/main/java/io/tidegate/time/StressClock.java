/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import java.lang.reflect.Field;
import org.jspecify.annotations.NullMarked;

/** A coarse clock that has been read and has no thread. In this package for the clock's sake; never published. */
@NullMarked
public final class StressClock {

    private static final Field NOW;

    static {
        try {
            NOW = CoarseClock.class.getDeclaredField("now");
            NOW.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final CoarseClock clock = new CoarseClock(() -> 0);

    /** Stands at zero. */
    public StressClock() {
        try {
            NOW.setLong(clock, 0);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Stores a reading, however stale. */
    public void raise(long reading) {
        clock.raise(reading);
    }

    /** Reads it. */
    public long nanos() {
        return clock.nanos();
    }
}
