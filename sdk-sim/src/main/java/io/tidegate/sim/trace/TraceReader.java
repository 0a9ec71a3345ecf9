/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/** Reads one trace format. Stateless. */
interface TraceReader {
    /** Returns whether a file with this first line (never blank) is of this format. Must not throw. */
    boolean accepts(String firstLine);

    /** The format in a few words, for the list of known formats in an error message. */
    String describe();

    /** Reads the file. Everything is checked now, nothing while iterating. */
    Trace read(TraceInput input, TraceSettings settings);
}
