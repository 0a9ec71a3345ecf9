/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The rows of a CSV file of events. */
final class CsvRows implements EventRows {
    private final CsvTable table;
    private final Reader reader;
    private final String leftOutNote;
    private long leftOut;

    /** Reads the row the table is at. */
    interface Reader {
        /** Returns the row, or null if it is no request and is left out. */
        @Nullable
        EventRow row();

        /** What to say of rows that were left out, behind their number. */
        default String leftOutNote() {
            return "rows were left out";
        }
    }

    private CsvRows(CsvTable table, Reader reader) {
        this.table = table;
        this.reader = reader;
        this.leftOutNote = reader.leftOutNote();
    }

    /** Opens a table and finds its columns. */
    static CsvRows open(TraceInput input, Function<CsvTable, Reader> columns) throws IOException {
        CsvTable table = CsvTable.open(input);
        try {
            return new CsvRows(table, columns.apply(table));
        } catch (TraceFormatException e) {
            table.close();
            throw e;
        }
    }

    @Override
    public @Nullable EventRow next() {
        while (table.next()) {
            EventRow row = reader.row();
            if (row != null) {
                return row;
            }
            leftOut++;
        }
        return null;
    }

    @Override
    public void note(List<String> notes) {
        if (leftOut > 0) {
            notes.add(leftOut + " " + leftOutNote);
        }
    }

    @Override
    public void close() throws IOException {
        table.close();
    }
}
