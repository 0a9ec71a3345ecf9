/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** ServeGen's request rate of all clients together. */
final class ServeGenRateReader implements TraceReader {
    private record Row(long line, double start, double rate, double dispersion) {}

    @Override
    public boolean accepts(String firstLine) {
        List<String> columns = CsvTable.columns(firstLine);
        return columns.containsAll(List.of("window_start_s", "rate_rps")) && !columns.contains("client_id");
    }

    @Override
    public String describe() {
        return "ServeGen rate CSV (window_start_s,rate_rps[,renewal_dispersion])";
    }

    @Override
    public String name() {
        return "servegen-rate";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        List<Row> rows = new ArrayList<>();
        BadRows bad = new BadRows(settings);
        long outOfOrder = 0;
        try (CsvTable table = CsvTable.open(input)) {
            int start = table.column("window_start_s");
            int rate = table.column("rate_rps");
            int dispersion = table.optionalColumn("renewal_dispersion");
            double latest = Double.NEGATIVE_INFINITY;
            while (table.next(bad)) {
                try {
                    Row row = new Row(
                            table.line(), table.number(start), table.number(rate), table.optionalNumber(dispersion));
                    outOfOrder += row.start() < latest ? 1 : 0;
                    latest = Math.max(latest, row.start());
                    rows.add(row);
                } catch (TraceFormatException e) {
                    bad.skip(e);
                }
            }
        } catch (IOException e) {
            throw input.unreadable(0, e);
        }
        if (rows.isEmpty()) {
            throw input.bad(0, "the file has a header but no rows");
        }
        ServeGenGrid grid =
                ServeGenGrid.of(input, rows.stream().mapToDouble(Row::start).toArray());
        return trace(input, settings, rows, bad, grid, outOfOrder);
    }

    private Trace trace(
            TraceInput input, TraceSettings settings, List<Row> rows, BadRows bad, ServeGenGrid grid, long outOfOrder) {
        double[] rates = new double[grid.count()];
        double[] variation = new double[grid.count()];
        long[] lines = new long[grid.count()];
        Arrays.fill(variation, 1);
        for (Row row : rows) {
            int window = grid.index(input, row.line(), row.start());
            if (lines[window] != 0) {
                throw input.bad(row.line(), "the window " + row.start() + " is on line " + lines[window] + " already");
            }
            lines[window] = row.line();
            rates[window] = row.rate();
            if (row.dispersion() > 0) {
                // The counts of a renewal process disperse, in the long run, by the square of its gaps' variation.
                variation[window] = Math.sqrt(row.dispersion());
            }
        }
        List<String> notes = new ArrayList<>();
        if (outOfOrder > 0) {
            notes.add(outOfOrder + " rows were out of order and were sorted");
        }
        int filled = fillMissing(input, rates);
        if (filled > 0) {
            notes.add(filled + " windows without data were filled from their neighbours");
        }
        bad.note(notes);
        RateWindows windows = new RateWindows(grid.ends(), rates, variation).times(settings.rateFactor());
        List<RateEvents.Source> sources = List.of(RateEvents.Source.all(windows, settings.drawnLengths()));
        return new Trace(
                input.name(),
                name(),
                Duration.ofNanos(Math.round(grid.durationSeconds() * 1e9)),
                outOfOrder,
                notes,
                bad.skipped(),
                () -> new RateEvents(sources, settings.seed(), grid.firstSeconds()));
    }

    /** Fills windows of rate 0 evenly between their neighbours (beyond the ends: as the nearest); returns how many. */
    private static int fillMissing(TraceInput input, double[] rates) {
        int[] known = IntStream.range(0, rates.length).filter(i -> rates[i] > 0).toArray();
        if (known.length == 0) {
            throw input.bad(0, "no window has a rate above 0");
        }
        Arrays.fill(rates, 0, known[0], rates[known[0]]);
        Arrays.fill(rates, known[known.length - 1], rates.length, rates[known[known.length - 1]]);
        for (int k = 1; k < known.length; k++) {
            int left = known[k - 1];
            int right = known[k];
            for (int i = left + 1; i < right; i++) {
                rates[i] = rates[left] + (rates[right] - rates[left]) * (i - left) / (right - left);
            }
        }
        return rates.length - known.length;
    }
}
