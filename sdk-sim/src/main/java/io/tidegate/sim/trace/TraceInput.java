/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.zip.GZIPInputStream;

/** A trace file: decompressed if it is gzip, without byte order mark, and the maker of errors about it. */
final class TraceInput {
    private static final int BUFFER_SIZE = 1 << 16;
    private static final int GZIP_MAGIC = 0x1f8b;
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final Path file;

    TraceInput(Path file) {
        this.file = file;
    }

    /** What tells whether a file is still the same, as far as the file system knows. */
    record Stamp(long bytes, FileTime changed) {}

    /** The file, as it was named by the caller. */
    Path file() {
        return file;
    }

    Stamp stamp() {
        try {
            return new Stamp(Files.size(file), Files.getLastModifiedTime(file));
        } catch (IOException e) {
            throw unreadable(0, e);
        }
    }

    /** The file's own name, without folders. */
    String name() {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString();
    }

    /** Returns the first line that is not blank. */
    String firstLine() {
        if (Files.isDirectory(file)) {
            throw bad(0, "it is a folder, not a file");
        }
        try (LineReader lines = new LineReader(this)) {
            String line = lines.next();
            if (line == null) {
                throw bad(0, "the file is empty");
            }
            return line;
        } catch (IOException e) {
            throw unreadable(0, e);
        }
    }

    /** Opens the text from its start. */
    Reader open() throws IOException {
        InputStream raw = new BufferedInputStream(Files.newInputStream(file), BUFFER_SIZE);
        try {
            raw.mark(2);
            int magic = (raw.read() << 8) | raw.read();
            raw.reset();
            InputStream plain = magic == GZIP_MAGIC ? new GZIPInputStream(raw, BUFFER_SIZE) : raw;
            // Malformed UTF-8 is replaced, not refused: it can only sit in columns that are not read.
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8), BUFFER_SIZE);
            reader.mark(1);
            if (reader.read() != BYTE_ORDER_MARK) {
                reader.reset();
            }
            return reader;
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    TraceFormatException bad(long line, String reason) {
        return new TraceFormatException(file.toString(), line, reason, false, null);
    }

    /** An error about one row, behind which reading can go on. */
    TraceFormatException badRow(long line, String reason) {
        return new TraceFormatException(file.toString(), line, reason, true, null);
    }

    TraceFormatException unreadable(long line, IOException cause) {
        String reason = cause instanceof NoSuchFileException
                ? "there is no such file"
                : "cannot be read: "
                        + (cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
        return new TraceFormatException(file.toString(), line, reason, false, cause);
    }
}
