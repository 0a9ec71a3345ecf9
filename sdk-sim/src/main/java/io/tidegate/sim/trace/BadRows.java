/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.ArrayList;
import java.util.List;

/** The bad rows of one pass over a file: skipped up to the number that is allowed, then an error. For one thread. */
final class BadRows {
    private final int allowed;
    private final List<BadRow> skipped = new ArrayList<>();

    BadRows(TraceSettings settings) {
        this.allowed = settings.skipBadRows();
    }

    /**
     * Takes note of a row that is passed over.
     *
     * @throws TraceFormatException if the error is about more than a row, or as many rows as allowed were skipped already
     */
    void skip(TraceFormatException error) {
        if (!error.isAboutRow()) {
            throw error;
        }
        if (skipped.size() == allowed) {
            throw allowed == 0 ? error : error.after(allowed);
        }
        skipped.add(new BadRow(error.line(), error.reason()));
    }

    List<BadRow> skipped() {
        return List.copyOf(skipped);
    }

    /** Adds what a reader of the results should know about them, if there are any. */
    void note(List<String> notes) {
        if (!skipped.isEmpty()) {
            BadRow first = skipped.get(0);
            notes.add((skipped.size() == 1 ? "1 bad row was skipped" : skipped.size() + " bad rows were skipped")
                    + ", the first on line " + first.line() + ": " + first.reason());
        }
    }
}
