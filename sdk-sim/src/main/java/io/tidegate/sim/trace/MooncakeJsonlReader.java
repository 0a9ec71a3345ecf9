/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/** Traces in the form of Mooncake's: the time is a number of milliseconds since the start. */
final class MooncakeJsonlReader implements TraceReader, JsonlRows.Format {
    @Override
    public boolean accepts(String firstLine) {
        JsonlRows.Row row = JsonlRows.recognise(firstLine);
        return row != null && hasTime(row);
    }

    @Override
    public String describe() {
        return "Mooncake JSONL (timestamp in ms, input_length, output_length)";
    }

    @Override
    public String name() {
        return "mooncake";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        return JsonlRows.read(input, settings, name(), this);
    }

    @Override
    public boolean hasTime(JsonlRows.Row row) {
        return !row.timestampQuoted();
    }

    @Override
    public String timeRule() {
        return "a number of milliseconds >= 0";
    }

    @Override
    public int unitDigits() {
        return 3;
    }
}
