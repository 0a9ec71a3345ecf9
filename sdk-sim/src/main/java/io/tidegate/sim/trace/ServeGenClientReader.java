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
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** ServeGen's request rate and burstiness of single clients; each becomes a tenant. */
final class ServeGenClientReader implements TraceReader {
    private static final Pattern CLIENT_ID = Pattern.compile("[A-Za-z0-9._-]{1,50}");
    private static final int MAX_CELLS = 20_000_000;

    private record Row(long line, String client, double start, double rate, double variation) {}

    private record Client(String id, RateWindows windows) {}

    @Override
    public boolean accepts(String firstLine) {
        return CsvTable.columns(firstLine).containsAll(List.of("client_id", "window_start_s", "rate_rps", "iat_cv"));
    }

    @Override
    public String describe() {
        return "ServeGen client CSV (client_id,window_start_s,rate_rps,iat_cv)";
    }

    @Override
    public String name() {
        return "servegen-clients";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        BadRows bad = new BadRows(settings);
        List<Row> rows = rows(input, bad);
        ServeGenGrid grid =
                ServeGenGrid.of(input, rows.stream().mapToDouble(Row::start).toArray());
        TokenLengths lengths = settings.drawnLengths();
        List<RateEvents.Source> sources = clients(input, rows, grid).stream()
                .map(client -> new RateEvents.Source(
                        client.id(),
                        "",
                        "client-" + client.id(),
                        client.windows().times(settings.rateFactor()),
                        lengths))
                .toList();
        List<String> notes = new ArrayList<>();
        bad.note(notes);
        return new Trace(
                input.name(),
                name(),
                Duration.ofNanos(Math.round(grid.durationSeconds() * 1e9)),
                0,
                notes,
                bad.skipped(),
                () -> new RateEvents(sources, settings.seed(), grid.firstSeconds()));
    }

    private static List<Row> rows(TraceInput input, BadRows bad) {
        List<Row> rows = new ArrayList<>();
        try (CsvTable table = CsvTable.open(input)) {
            int client = table.column("client_id");
            int start = table.column("window_start_s");
            int rate = table.column("rate_rps");
            int variation = table.column("iat_cv");
            while (table.next(bad)) {
                try {
                    String id = table.text(client);
                    if (!CLIENT_ID.matcher(id).matches()) {
                        throw table.bad(
                                "client_id must be 1 to 50 letters, digits, '.', '_' or '-' but was \"" + id + "\"");
                    }
                    rows.add(new Row(
                            table.line(),
                            id,
                            table.number(start),
                            table.number(rate),
                            table.optionalNumber(variation)));
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
        if (rows.stream().allMatch(row -> row.rate() == 0)) {
            throw input.bad(0, "no window has a rate above 0");
        }
        return rows;
    }

    private static List<Client> clients(TraceInput input, List<Row> rows, ServeGenGrid grid) {
        Map<String, List<Row>> byClient = new TreeMap<>();
        for (Row row : rows) {
            byClient.computeIfAbsent(row.client(), ignored -> new ArrayList<>()).add(row);
        }
        if ((long) byClient.size() * grid.count() > MAX_CELLS) {
            throw input.bad(
                    0,
                    byClient.size() + " clients in " + grid.count() + " windows are more than " + MAX_CELLS
                            + " values");
        }
        double[] ends = grid.ends();
        List<Client> clients = new ArrayList<>();
        byClient.forEach((id, own) -> {
            double[] rates = new double[grid.count()];
            double[] variation = new double[grid.count()];
            long[] lines = new long[grid.count()];
            Arrays.fill(variation, 1);
            for (Row row : own) {
                int window = grid.index(input, row.line(), row.start());
                if (lines[window] != 0) {
                    throw input.bad(
                            row.line(),
                            "client " + id + ", window " + row.start() + " is on line " + lines[window] + " already");
                }
                lines[window] = row.line();
                rates[window] = row.rate();
                if (row.variation() > 0) {
                    variation[window] = row.variation();
                }
            }
            clients.add(new Client(id, new RateWindows(ends, rates, variation)));
        });
        return clients;
    }
}
