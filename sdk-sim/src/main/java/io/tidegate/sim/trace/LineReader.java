/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.Closeable;
import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/** Reads lines and counts them. Blank lines are skipped; a line too long to be a row is an error, not a memory leak. */
final class LineReader implements Closeable {
    static final int MAX_LENGTH = 1 << 20;

    private final TraceInput input;
    private final Reader reader;
    private final char[] buffer = new char[1 << 15];
    private final StringBuilder text = new StringBuilder(256);
    private int position;
    private int limit;
    private long line;

    LineReader(TraceInput input) throws IOException {
        this.input = input;
        this.reader = input.open();
    }

    /** Number of the line that {@link #next()} returned last, from 1. */
    long line() {
        return line;
    }

    /** Returns the next line that is not blank, or null at the end of the file. */
    @Nullable
    String next() throws IOException {
        while (true) {
            text.setLength(0);
            boolean ended = !fillLine();
            if (ended && text.isEmpty()) {
                return null;
            }
            line++;
            String found = text.toString();
            if (!found.isBlank()) {
                return found;
            }
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    /** Appends up to the next line feed to the text; returns false if the file ended first. */
    private boolean fillLine() throws IOException {
        while (true) {
            int start = position;
            while (position < limit && buffer[position] != '\n') {
                position++;
            }
            text.append(buffer, start, position - start);
            if (text.length() > MAX_LENGTH) {
                throw input.bad(line + 1, "the line is longer than " + MAX_LENGTH + " characters");
            }
            if (position < limit) {
                position++;
                if (!text.isEmpty() && text.charAt(text.length() - 1) == '\r') {
                    text.setLength(text.length() - 1);
                }
                return true;
            }
            int read = reader.read(buffer);
            if (read < 0) {
                return false;
            }
            position = 0;
            limit = read;
        }
    }
}
