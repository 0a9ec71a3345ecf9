/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/**
 * RAGPulse traces: Mooncake's fields, but the time is a string of seconds. Told apart by that string together with the
 * session id, which Mooncake's rows do not have.
 */
final class RagPulseJsonlReader implements TraceReader, JsonlRows.Format {
    @Override
    public boolean accepts(String firstLine) {
        JsonlRows.Row row = JsonlRows.recognise(firstLine);
        return row != null && hasTime(row);
    }

    @Override
    public String describe() {
        return "RAGPulse JSONL (timestamp as a string of seconds, input_length, output_length, session_id)";
    }

    @Override
    public String name() {
        return "ragpulse";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        return JsonlRows.read(input, settings, name(), this);
    }

    @Override
    public boolean hasTime(JsonlRows.Row row) {
        return row.timestampQuoted() && row.session();
    }

    @Override
    public String timeRule() {
        return "a string of seconds >= 0, with a session_id beside it,";
    }

    @Override
    public int unitDigits() {
        return 0;
    }
}
