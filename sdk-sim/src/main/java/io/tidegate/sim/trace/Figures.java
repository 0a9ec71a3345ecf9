/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A table of published figures that comes with the library; its head says where they are from. */
final class Figures {
    private final List<String> header;
    private final List<double[]> rows;

    private Figures(List<String> header, List<double[]> rows) {
        this.header = header;
        this.rows = rows;
    }

    static Figures of(String name) {
        InputStream in = Figures.class.getResourceAsStream(name + ".csv");
        if (in == null) {
            throw new IllegalStateException("the figures " + name + " are not in the library");
        }
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            List<List<String>> lines = reader.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> List.of(line.split(",", -1)))
                    .toList();
            List<double[]> rows = new ArrayList<>();
            for (List<String> cells : lines.subList(1, lines.size())) {
                rows.add(cells.stream().mapToDouble(Double::parseDouble).toArray());
            }
            return new Figures(lines.get(0), rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    double[] column(String name) {
        int index = header.indexOf(name);
        return rows.stream().mapToDouble(row -> row[index]).toArray();
    }
}
