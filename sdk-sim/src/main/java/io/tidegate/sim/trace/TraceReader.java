/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/** Reads one trace format. Stateless. */
interface TraceReader {
    /** The name by which the format can be asked for; that of its traces. */
    String name();

    /** Returns whether a file with this first line (never blank) is of this format. Must not throw. */
    boolean accepts(String firstLine);

    /** The format in a few words, for the list of known formats in an error message. */
    String describe();

    /** Reads the whole file and checks everything. */
    Trace read(TraceInput input, TraceSettings settings);
}
