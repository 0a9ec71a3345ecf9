/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Opens trace files. The format is found out from the first line, never from the name; gzip is recognised by its
 * content as well.
 *
 * <p>Known formats:
 *
 * <ul>
 *   <li>Azure LLM inference traces of 2023 and 2024: CSV {@code TIMESTAMP,ContextTokens,GeneratedTokens};
 *   <li>Mooncake: one JSON object per line with {@code timestamp} (milliseconds), {@code input_length} and
 *       {@code output_length};
 *   <li>RAGPulse: the same, but {@code timestamp} is a string of seconds and there is a {@code session_id};
 *   <li>ServeGen rates: CSV {@code window_start_s,rate_rps} and optionally {@code renewal_dispersion}. Arrivals are drawn as
 *       a gamma renewal process of the window's rate, whose squared coefficient of variation is the dispersion. A window
 *       without a rate, or with rate 0, has no published data and is filled from its neighbours;
 *   <li>ServeGen clients: CSV {@code client_id,window_start_s,rate_rps,iat_cv}. Each client is a gamma renewal process of
 *       its own and becomes a tenant, {@code client-<id>}. A window with rate 0 means that this client was silent.
 * </ul>
 *
 * @since 0.1.0
 */
public final class TraceFiles {
    private static final List<TraceReader> READERS = List.of(
            new AzureCsvReader(),
            new MooncakeJsonlReader(),
            new RagPulseJsonlReader(),
            new ServeGenClientReader(),
            new ServeGenRateReader());

    private TraceFiles() {}

    /**
     * Reads a trace with default settings.
     *
     * @throws TraceFormatException if the file cannot be read or is no trace
     */
    public static Trace read(Path file) {
        return read(file, TraceSettings.defaults());
    }

    /**
     * Reads a trace. The whole file is read and checked before this returns, so iterating cannot fail.
     *
     * @throws TraceFormatException if the file cannot be read or is no trace
     */
    public static Trace read(Path file, TraceSettings settings) {
        TraceInput input = new TraceInput(file);
        String firstLine = input.firstLine();
        for (TraceReader reader : READERS) {
            if (reader.accepts(firstLine)) {
                return reader.read(input, settings);
            }
        }
        String known = READERS.stream().map(TraceReader::describe).collect(Collectors.joining("; "));
        throw input.bad(
                1, "unknown trace format, the first line is \"" + abbreviated(firstLine) + "\"; known are: " + known);
    }

    private static String abbreviated(String line) {
        return line.length() <= 80 ? line : line.substring(0, 80) + "...";
    }
}
