/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.List;

/** Our own form of a request per row: {@code seconds,prompt_tokens,output_tokens[,tier][,tenant]}. */
final class PlainCsvReader implements TraceReader {
    @Override
    public boolean accepts(String firstLine) {
        return CsvTable.columns(firstLine).containsAll(List.of("seconds", "prompt_tokens", "output_tokens"));
    }

    @Override
    public String describe() {
        return "CSV (seconds,prompt_tokens,output_tokens[,tier][,tenant])";
    }

    @Override
    public String name() {
        return "csv";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        return EventFile.read(input, settings, name(), in -> CsvRows.open(in, PlainCsvReader::rows));
    }

    private static CsvRows.Reader rows(CsvTable table) {
        int seconds = table.column("seconds");
        int prompt = table.column("prompt_tokens");
        int output = table.column("output_tokens");
        int tier = table.optionalColumn("tier");
        int tenant = table.optionalColumn("tenant");
        return () -> new EventRow(
                table.line(),
                table.seconds(seconds),
                table.wholeNumber(prompt, EventFile.MAX_TOKENS),
                table.wholeNumber(output, EventFile.MAX_TOKENS),
                table.name(tier),
                table.name(tenant));
    }
}
