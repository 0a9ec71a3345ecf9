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
 * Opens trace files. The format is found out from the first line, never from the name, or is asked for; gzip is recognised
 * by its content.
 *
 * <p>Formats of requests, which are read again on each iteration if they are long:
 *
 * <ul>
 *   <li>{@code azure}: Azure LLM inference traces of 2023 and 2024: CSV {@code TIMESTAMP,ContextTokens,GeneratedTokens};
 *   <li>{@code mooncake}: one JSON object per line with {@code timestamp} (milliseconds), {@code input_length} and
 *       {@code output_length};
 *   <li>{@code ragpulse}: the same, but {@code timestamp} is a string of seconds and there is a {@code session_id};
 *   <li>{@code burstgpt}: CSV {@code Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type}, times in seconds.
 *       The model is not read. Rows with 0 response tokens, which are failures in that data set, are left out and counted in
 *       {@link Trace#notes()};
 *   <li>{@code csv}: CSV {@code seconds,prompt_tokens,output_tokens} and optionally {@code tier} and {@code tenant}.
 * </ul>
 *
 * <p>Formats of rates, from which requests are drawn with {@link TraceSettings#seed()}:
 *
 * <ul>
 *   <li>{@code servegen-clients}: CSV {@code client_id,window_start_s,rate_rps,iat_cv}. Each client is a gamma renewal process
 *       of its own and becomes a tenant, {@code client-<id>}. A window with rate 0 means that this client was silent;
 *   <li>{@code servegen-rate}: CSV {@code window_start_s,rate_rps} and optionally {@code renewal_dispersion}. Arrivals are
 *       drawn as a gamma renewal process of the window's rate, whose squared coefficient of variation is the dispersion. A
 *       window without a rate, or with rate 0, has no published data and is filled from its neighbours;
 *   <li>{@code rates}: CSV {@code seconds,requests_per_second}, {@code timestamp,value} or {@code minute,requests}; the latter
 *       two hold requests per step. Arrivals are Poisson. A rate of 0 is 0; steps without a row are filled from their
 *       neighbours;
 *   <li>{@code ledger}: a ledger of this library. The arrivals its decisions saw become rates per tier.
 * </ul>
 *
 * @since 0.1.0
 */
public final class TraceFiles {
    private static final List<TraceReader> READERS = List.of(
            new AzureCsvReader(),
            new MooncakeJsonlReader(),
            new RagPulseJsonlReader(),
            new BurstGptReader(),
            new PlainCsvReader(),
            new ServeGenClientReader(),
            new ServeGenRateReader(),
            new RateSeriesReader(),
            new LedgerTraceReader());

    private TraceFiles() {}

    /** The names of the formats. */
    public static List<String> formats() {
        return READERS.stream().map(TraceReader::name).toList();
    }

    /**
     * Reads a trace with default settings.
     *
     * @throws TraceFormatException if the file cannot be read or is no trace
     */
    public static Trace read(Path file) {
        return read(file, TraceSettings.defaults());
    }

    /**
     * Reads a trace whose format is found out. The whole file is read and checked before this returns, so iterating fails only if
     * the file changes or goes away.
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
        String known = READERS.stream()
                .map(reader -> reader.name() + ": " + reader.describe())
                .collect(Collectors.joining("; "));
        throw input.bad(
                1, "unknown trace format, the first line is \"" + abbreviated(firstLine) + "\"; known are: " + known);
    }

    /**
     * Reads a trace of a known format.
     *
     * @param format one of {@link #formats()}
     * @throws IllegalArgumentException if there is no such format; the message names those there are
     * @throws TraceFormatException if the file cannot be read or is not of this format
     */
    public static Trace read(Path file, String format, TraceSettings settings) {
        for (TraceReader reader : READERS) {
            if (reader.name().equals(format)) {
                TraceInput input = new TraceInput(file);
                // A folder, a missing and an empty file are told alike in all formats.
                input.firstLine();
                return reader.read(input, settings);
            }
        }
        throw new IllegalArgumentException(
                "no trace format is called \"" + format + "\": there are " + String.join(", ", formats()));
    }

    private static String abbreviated(String line) {
        return line.length() <= 80 ? line : line.substring(0, 80) + "...";
    }
}
