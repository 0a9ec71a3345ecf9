/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Series of rates, or of counts per step: {@code seconds,requests_per_second} (a rate holds until the next row, the last one as long
 * as the one before), {@code timestamp,value} and {@code minute,requests} (requests in the step that starts then). The step of
 * counts is the most frequent distance of rows; steps without a row are filled evenly between their neighbours.
 */
final class RateSeriesReader implements TraceReader {
    private static final int MAX_STEPS = 10_000_000;

    /** A row: a rate or a count from an instant on. */
    private record Row(long line, double seconds, double value) {}

    @Override
    public boolean accepts(String firstLine) {
        List<String> columns = CsvTable.columns(firstLine);
        return columns.containsAll(List.of("seconds", "requests_per_second"))
                || columns.containsAll(List.of("timestamp", "value"))
                || columns.containsAll(List.of("minute", "requests"));
    }

    @Override
    public String describe() {
        return "rate CSV (seconds,requests_per_second or timestamp,value or minute,requests)";
    }

    @Override
    public String name() {
        return "rates";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        BadRows bad = new BadRows(settings);
        List<Row> rows = new ArrayList<>();
        boolean rates;
        try (CsvTable table = CsvTable.open(input)) {
            rates = table.optionalColumn("requests_per_second") >= 0;
            rows(input, table, bad, rows);
        } catch (IOException e) {
            throw input.unreadable(0, e);
        }
        if (rows.isEmpty()) {
            throw input.bad(0, bad.skipped().isEmpty() ? "the file has a header but no rows" : "no row is good");
        }
        if (rows.size() == 1) {
            throw input.bad(0, "one row does not say how long it holds: two are needed");
        }
        List<String> notes = new ArrayList<>();
        long outOfOrder = sort(input, rows);
        if (outOfOrder > 0) {
            notes.add(outOfOrder + " rows were out of order and were sorted");
        }
        bad.note(notes);
        RateWindows windows = rates ? holding(rows) : counted(input, rows, notes);
        if (windows.expectedUntil(Double.POSITIVE_INFINITY) == 0) {
            throw input.bad(0, "no rate is above 0");
        }
        List<RateEvents.Source> sources =
                List.of(RateEvents.Source.all(windows.times(settings.rateFactor()), settings.drawnLengths()));
        return new Trace(
                input.name(),
                name(),
                Duration.ofNanos(Math.round(windows.end(windows.count() - 1) * 1e9)),
                outOfOrder,
                notes,
                bad.skipped(),
                () -> new RateEvents(sources, settings.seed(), 0));
    }

    private static void rows(TraceInput input, CsvTable table, BadRows bad, List<Row> rows) {
        boolean rates = table.optionalColumn("requests_per_second") >= 0;
        boolean minutes = !rates && table.optionalColumn("minute") >= 0;
        int time = table.column(rates ? "seconds" : minutes ? "minute" : "timestamp");
        int value = table.column(rates ? "requests_per_second" : minutes ? "requests" : "value");
        while (table.next(bad)) {
            try {
                double seconds = rates ? table.number(time) : seconds(table, time);
                rows.add(new Row(table.line(), seconds, table.number(value)));
            } catch (TraceFormatException e) {
                bad.skip(e);
            }
            if (rows.size() > MAX_STEPS) {
                throw input.bad(table.line(), "there are more than " + MAX_STEPS + " rows");
            }
        }
    }

    private static double seconds(CsvTable table, int column) {
        String text = table.text(column);
        try {
            Instant time = Timestamps.parse(text.length() == 16 ? text + ":00" : text);
            return (double) time.getEpochSecond() + time.getNano() / 1e9;
        } catch (DateTimeException e) {
            throw table.bad(
                    table.header().get(column) + " must be like 2014-04-10 00:04[:00] but was \"" + text + "\"");
        }
    }

    /** Sorts the rows by time and returns how many were out of order. */
    private static long sort(TraceInput input, List<Row> rows) {
        long outOfOrder = 0;
        double latest = Double.NEGATIVE_INFINITY;
        for (Row row : rows) {
            outOfOrder += row.seconds() < latest ? 1 : 0;
            latest = Math.max(latest, row.seconds());
        }
        if (outOfOrder > 0) {
            rows.sort(Comparator.comparingDouble(Row::seconds));
        }
        for (int i = 1; i < rows.size(); i++) {
            if (rows.get(i).seconds() == rows.get(i - 1).seconds()) {
                throw input.bad(
                        rows.get(i).line(),
                        "its time is on line " + rows.get(i - 1).line() + " already");
            }
        }
        return outOfOrder;
    }

    private static RateWindows holding(List<Row> rows) {
        int count = rows.size();
        double first = rows.get(0).seconds();
        double[] ends = new double[count];
        for (int i = 1; i < count; i++) {
            ends[i - 1] = rows.get(i).seconds() - first;
        }
        ends[count - 1] = 2 * ends[count - 2] - (count > 2 ? ends[count - 3] : 0);
        return RateWindows.poisson(ends, rows.stream().mapToDouble(Row::value).toArray());
    }

    private static RateWindows counted(TraceInput input, List<Row> rows, List<String> notes) {
        double step = step(rows);
        double first = rows.get(0).seconds();
        double span = (rows.get(rows.size() - 1).seconds() - first) / step + 1;
        if (span > MAX_STEPS) {
            throw input.bad(0, "the rows span more than " + MAX_STEPS + " steps of " + step + " s");
        }
        int count = (int) Math.round(span);
        double[] ends = new double[count];
        double[] rates = new double[count];
        Arrays.setAll(ends, i -> (i + 1) * step);
        int before = -1;
        for (Row row : rows) {
            double position = (row.seconds() - first) / step;
            int at = (int) Math.rint(position);
            if (Math.abs(position - at) > 1e-6) {
                throw input.bad(
                        row.line(), "its time is not a multiple of the step of " + step + " s after the first row's");
            }
            rates[at] = row.value() / step;
            for (int i = before + 1; i < at; i++) {
                rates[i] = rates[before] + (rates[at] - rates[before]) * (i - before) / (at - before);
            }
            before = at;
        }
        if (count > rows.size()) {
            notes.add((count - rows.size()) + " steps without a row were filled from their neighbours");
        }
        return RateWindows.poisson(ends, rates);
    }

    /** The most frequent distance of two rows; of several, the shortest. */
    private static double step(List<Row> rows) {
        Map<Double, Integer> counts = new TreeMap<>();
        for (int i = 1; i < rows.size(); i++) {
            counts.merge(rows.get(i).seconds() - rows.get(i - 1).seconds(), 1, Integer::sum);
        }
        double step = 0;
        int most = 0;
        for (Map.Entry<Double, Integer> each : counts.entrySet()) {
            if (each.getValue() > most) {
                most = each.getValue();
                step = each.getKey();
            }
        }
        return step;
    }
}
