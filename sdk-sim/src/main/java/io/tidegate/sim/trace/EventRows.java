/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads an event file row by row, once. For one thread. */
interface EventRows extends Closeable {
    /** Opens the file anew. */
    interface Opener {
        EventRows open(TraceInput input) throws IOException;
    }

    /**
     * Returns the next row, or null at the end.
     *
     * @throws TraceFormatException if the row is bad; where {@link TraceFormatException#isAboutRow()} holds, the next call
     *     goes on behind it
     */
    @Nullable
    EventRow next();

    /** Adds what was done to rows on the way, if anything. Called at the end. */
    void note(List<String> notes);
}
