/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * ServeGen's token length quantiles per client and window of six hours.
 *
 * <p>A time between two windows takes the earlier one, a time before the first takes the first. A client without
 * quantiles (they are published for some clients only), or an event without a client, takes those of a client of the
 * table picked evenly at random.
 */
final class ServeGenTokens implements TokenLengths {
    private static final String INPUT = "input_tokens";
    private static final String OUTPUT = "output_tokens";

    private final Map<String, Lengths> byClient;
    /** All of them, in the order of client ids, so that picking does not depend on the order of the file. */
    private final List<Lengths> all;

    private ServeGenTokens(SortedMap<String, Lengths> byClient) {
        this.byClient = Map.copyOf(byClient);
        this.all = List.copyOf(byClient.values());
    }

    /** One client's quantiles by start of the window. */
    private record Lengths(NavigableMap<Double, QuantileTable> prompt, NavigableMap<Double, QuantileTable> output) {
        Lengths() {
            this(new TreeMap<>(), new TreeMap<>());
        }
    }

    static TokenLengths read(Path file) {
        TraceInput in = new TraceInput(file);
        String firstLine = in.firstLine();
        if (!CsvTable.columns(firstLine).containsAll(List.of("client_id", "window_start_s", "field"))) {
            throw in.bad(1, "not a table of token quantiles: the columns client_id, window_start_s, field are needed");
        }
        try (CsvTable table = CsvTable.open(in)) {
            int client = table.column("client_id");
            int start = table.column("window_start_s");
            int field = table.column("field");
            List<Quantile> quantiles = quantileColumns(in, table);
            SortedMap<String, Lengths> byClient = new TreeMap<>();
            while (table.next()) {
                Lengths lengths = byClient.computeIfAbsent(table.text(client), ignored -> new Lengths());
                if (table.text(field).equals(INPUT)) {
                    lengths.prompt().put(table.number(start), row(table, quantiles));
                } else if (table.text(field).equals(OUTPUT)) {
                    lengths.output().put(table.number(start), row(table, quantiles));
                }
            }
            byClient.values()
                    .removeIf(lengths ->
                            lengths.prompt().isEmpty() || lengths.output().isEmpty());
            if (byClient.isEmpty()) {
                throw in.bad(0, "no client has both " + INPUT + " and " + OUTPUT);
            }
            return new ServeGenTokens(byClient);
        } catch (IOException e) {
            throw in.unreadable(0, e);
        }
    }

    @Override
    public int promptTokens(long seed, long index, String client, double seconds) {
        return at(lengths(seed, index, client).prompt(), seconds)
                .at(SeededRandom.uniform(seed, SeededRandom.Purpose.PROMPT, index));
    }

    @Override
    public int outputTokens(long seed, long index, String client, double seconds) {
        return at(lengths(seed, index, client).output(), seconds)
                .at(SeededRandom.uniform(seed, SeededRandom.Purpose.OUTPUT, index));
    }

    private Lengths lengths(long seed, long index, String client) {
        Lengths own = byClient.get(client);
        if (own != null) {
            return own;
        }
        return all.get((int) (SeededRandom.uniform(seed, SeededRandom.Purpose.CLIENT, index) * all.size()));
    }

    private static QuantileTable at(NavigableMap<Double, QuantileTable> windows, double seconds) {
        Map.Entry<Double, QuantileTable> window = windows.floorEntry(seconds);
        return window == null ? windows.firstEntry().getValue() : window.getValue();
    }

    private record Quantile(double probability, int column) {}

    private static List<Quantile> quantileColumns(TraceInput in, CsvTable table) {
        List<Quantile> quantiles = new ArrayList<>();
        for (int i = 0; i < table.header().size(); i++) {
            String name = table.header().get(i);
            if (name.matches("q\\d{2}")) {
                quantiles.add(new Quantile(Integer.parseInt(name.substring(1)) / 100.0, i));
            }
        }
        if (quantiles.isEmpty()) {
            throw in.bad(1, "there is no quantile column (q01 ... q99)");
        }
        quantiles.sort(Comparator.comparingDouble(Quantile::probability));
        return quantiles;
    }

    private static QuantileTable row(CsvTable table, List<Quantile> quantiles) {
        double[] probabilities = new double[quantiles.size()];
        double[] lengths = new double[quantiles.size()];
        for (int i = 0; i < lengths.length; i++) {
            probabilities[i] = quantiles.get(i).probability();
            lengths[i] = table.number(quantiles.get(i).column());
            if (i > 0 && lengths[i] < lengths[i - 1]) {
                throw table.bad("quantiles must not fall, but " + lengths[i] + " follows " + lengths[i - 1]);
            }
        }
        return new QuantileTable(probabilities, lengths);
    }
}
