/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * BurstGPT: requests to a campus's GPT services, times in seconds since the midnight before the first.
 *
 * <p>The model is not read: it says what was asked and not who asked. A row with 0 response tokens is a request that failed; it is
 * left out and counted in a note, because how long its answer would have been nobody knows.
 */
final class BurstGptReader implements TraceReader {
    private static final List<String> COLUMNS = List.of("Timestamp", "Request tokens", "Response tokens");

    @Override
    public boolean accepts(String firstLine) {
        return CsvTable.columns(firstLine).containsAll(COLUMNS);
    }

    @Override
    public String describe() {
        return "BurstGPT CSV (Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type)";
    }

    @Override
    public String name() {
        return "burstgpt";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        return EventFile.read(input, settings, name(), in -> CsvRows.open(in, Rows::new));
    }

    private static final class Rows implements CsvRows.Reader {
        private final CsvTable table;
        private final int timestamp;
        private final int prompt;
        private final int output;

        Rows(CsvTable table) {
            this.table = table;
            this.timestamp = table.column("Timestamp");
            this.prompt = table.column("Request tokens");
            this.output = table.column("Response tokens");
        }

        @Override
        public @Nullable EventRow row() {
            EventRow row = new EventRow(
                    table.line(),
                    table.seconds(timestamp),
                    table.wholeNumber(prompt, EventFile.MAX_TOKENS),
                    table.wholeNumber(output, EventFile.MAX_TOKENS));
            return row.outputTokens() == 0 ? null : row;
        }

        @Override
        public String leftOutNote() {
            return "rows with 0 response tokens, failed requests in this data set, were left out";
        }
    }
}
