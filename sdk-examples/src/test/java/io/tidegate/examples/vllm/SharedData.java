/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The published data sets behind the committed constants, when the machine that runs the tests has them. */
final class SharedData {
    private static final String VARIABLE = "TIDEGATE_DATA";

    private SharedData() {}

    /** A file of the data folder; the test is skipped when there is no such folder. */
    static Path file(String name) {
        String folder = System.getenv(VARIABLE);
        assumeTrue(folder != null, VARIABLE + " is not set: it names the folder that holds " + name);
        return Path.of(folder, name);
    }

    /** The rows of a CSV file without quotes, by column name. */
    static List<Map<String, String>> csv(String name) throws IOException {
        List<String> lines = Files.readAllLines(file(name));
        String[] header = lines.get(0).split(",", -1);
        List<Map<String, String>> rows = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            Map<String, String> row = new HashMap<>();
            for (int i = 0; i < header.length; i++) {
                row.put(header[i], cells[i]);
            }
            rows.add(row);
        }
        return rows;
    }
}
