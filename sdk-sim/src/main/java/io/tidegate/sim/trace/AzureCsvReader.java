/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;

/**
 * The Azure LLM inference traces of 2023 and 2024. A time without a zone (2023) is taken as UTC; only differences matter.
 */
final class AzureCsvReader implements TraceReader {
    @Override
    public boolean accepts(String firstLine) {
        return CsvTable.columns(firstLine).containsAll(List.of("TIMESTAMP", "ContextTokens", "GeneratedTokens"));
    }

    @Override
    public String describe() {
        return "Azure LLM inference CSV (TIMESTAMP,ContextTokens,GeneratedTokens)";
    }

    @Override
    public String name() {
        return "azure";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        return EventFile.read(input, settings, name(), in -> CsvRows.open(in, AzureCsvReader::rows));
    }

    private static CsvRows.Reader rows(CsvTable table) {
        int timestamp = table.column("TIMESTAMP");
        int prompt = table.column("ContextTokens");
        int output = table.column("GeneratedTokens");
        return () -> {
            String text = table.text(timestamp);
            Instant time;
            try {
                time = Timestamps.parse(text);
            } catch (DateTimeException e) {
                throw table.bad("TIMESTAMP must be like 2023-11-16 18:15:46.6805900 but was \"" + text + "\"");
            }
            return new EventRow(
                    table.line(),
                    time,
                    table.wholeNumber(prompt, EventFile.MAX_TOKENS),
                    table.wholeNumber(output, EventFile.MAX_TOKENS));
        };
    }
}
