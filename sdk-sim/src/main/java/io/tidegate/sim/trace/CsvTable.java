/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A CSV file with a header line, read row by row. Columns are found by name; every error names the line.
 *
 * <p>Used as a cursor: {@link #next()} goes to the next row, the other methods read it.
 */
final class CsvTable implements Closeable {
    private static final int MAX_RECORD_LENGTH = 1 << 20;
    private static final int NANO_DIGITS = 9;
    /** Digits and a fraction, no exponent; what is finer than a nanosecond is cut off. */
    private static final Pattern SECONDS = Pattern.compile("\\d{1,15}(\\.\\d{0,20})?");

    private final TraceInput input;
    private final CsvReader<CsvRecord> reader;
    private final CloseableIterator<CsvRecord> records;
    private final List<String> header;
    private @Nullable CsvRecord row;
    private long line = 1;

    private CsvTable(TraceInput input, CsvReader<CsvRecord> reader) {
        this.input = input;
        this.reader = reader;
        this.records = reader.iterator();
        CsvRecord first = advance();
        if (first == null) {
            throw input.bad(0, "the file is empty");
        }
        this.header = first.getFields().stream().map(String::strip).toList();
    }

    static CsvTable open(TraceInput input) throws IOException {
        return new CsvTable(
                input,
                CsvReader.builder()
                        .skipEmptyLines(true)
                        .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                        .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                        .maxBufferSize(MAX_RECORD_LENGTH)
                        .ofCsvRecord(input.open()));
    }

    /** Returns the column names of a header line as {@link #open} would see them, good enough to recognise a format. */
    static List<String> columns(String headerLine) {
        return List.of(headerLine.split(",", -1)).stream()
                .map(name -> name.strip().replace("\"", ""))
                .toList();
    }

    /** Column names in the order of the file. */
    List<String> header() {
        return header;
    }

    /** Returns the position of a column. */
    int column(String name) {
        int index = header.indexOf(name);
        if (index < 0) {
            throw input.bad(line, "the column " + name + " is missing");
        }
        return index;
    }

    /** Returns the position of a column, or -1 if the file has none of that name. */
    int optionalColumn(String name) {
        return header.indexOf(name);
    }

    /** Goes to the next row; returns false at the end of the file. */
    boolean next() {
        CsvRecord next = advance();
        row = next;
        if (next == null) {
            return false;
        }
        if (next.getFieldCount() != header.size()) {
            throw bad("there are " + next.getFieldCount() + " columns but the header has " + header.size());
        }
        return true;
    }

    /** Goes to the next row, past those of a wrong width. */
    boolean next(BadRows bad) {
        while (true) {
            try {
                return next();
            } catch (TraceFormatException e) {
                bad.skip(e);
            }
        }
    }

    /** Number of the line this row starts on, from 1. */
    long line() {
        return line;
    }

    /** Returns the text of a column of this row, without blanks around it. */
    String text(int column) {
        if (row == null) {
            throw new IllegalStateException("no row: next() was not called or returned false");
        }
        return row.getField(column).strip();
    }

    /** Returns a whole number from 0 to {@code max}. */
    int wholeNumber(int column, int max) {
        String text = text(column);
        long value;
        try {
            value = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw bad(header.get(column) + " must be a whole number but was \"" + text + "\"");
        }
        if (value < 0 || value > max) {
            throw bad(header.get(column) + " must be in 0.." + max + " but was " + text);
        }
        return (int) value;
    }

    /** Returns a finite number that is not negative. */
    double number(int column) {
        String text = text(column);
        double value;
        try {
            value = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw bad(header.get(column) + " must be a number but was \"" + text + "\"");
        }
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw bad(header.get(column) + " must be >= 0 and finite but was " + text);
        }
        return value;
    }

    /** Returns a number of seconds as an instant, exact to the nanosecond. */
    Instant seconds(int column) {
        String text = text(column);
        if (!SECONDS.matcher(text).matches()) {
            throw bad(header.get(column) + " must be a number of seconds >= 0 but was \"" + text + "\"");
        }
        int point = text.indexOf('.');
        String fraction = point < 0 ? "" : text.substring(point + 1);
        String nanos = (fraction + "000000000").substring(0, NANO_DIGITS);
        return Instant.ofEpochSecond(
                Long.parseLong(point < 0 ? text : text.substring(0, point)), Long.parseLong(nanos));
    }

    /** Returns the name of a tier or a tenant, or an empty text if the column is absent (-1) or the cell is empty. */
    String name(int column) {
        String name = column < 0 ? "" : text(column);
        if (!TraceEvent.isName(name)) {
            throw bad(header.get(column) + " must be visible ASCII without blanks, at most "
                    + TraceEvent.MAX_NAME_LENGTH + " characters, but was \"" + name + "\"");
        }
        return name;
    }

    /** Returns a finite number that is not negative, or 0 if the column is absent (-1) or this row's cell is empty. */
    double optionalNumber(int column) {
        return column < 0 || text(column).isEmpty() ? 0 : number(column);
    }

    /** An error about this row, behind which reading can go on. */
    TraceFormatException bad(String reason) {
        return input.badRow(line, reason);
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    private @Nullable CsvRecord advance() {
        try {
            if (!records.hasNext()) {
                return null;
            }
            CsvRecord next = records.next();
            line = next.getStartingLineNumber();
            return next;
        } catch (CsvParseException e) {
            throw input.bad(line + 1, "the row is not CSV: " + e.getMessage());
        } catch (UncheckedIOException e) {
            throw input.unreadable(line + 1, Objects.requireNonNullElseGet(e.getCause(), () -> new IOException(e)));
        }
    }
}
