/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads a file line by line, whatever is in it, in bounded memory: of a line longer than {@link Json#MAX_LINE} only its end is looked
 * for. For one thread.
 */
final class LineScanner implements Closeable {

    private final InputStream in;
    private byte[] buffer = new byte[1 << 16];

    /** What is read and not yet given out is between these two. */
    private int begin;

    private int end;

    private long beginOffset;
    private int length;
    private long offset;
    private boolean whole;
    private boolean oversized;

    LineScanner(InputStream in) {
        this.in = in;
    }

    /** Goes to the next line; false at the end of the file. */
    boolean next() throws IOException {
        oversized = false;
        offset = beginOffset;
        int looked = begin;
        while (true) {
            for (; looked < end; looked++) {
                if (buffer[looked] == '\n') {
                    taken(looked, 1);
                    whole = true;
                    return true;
                }
            }
            if (looked - begin > Json.MAX_LINE) {
                oversized = true;
                beginOffset += looked - begin;
                begin = looked;
            }
            if (!more()) {
                whole = false;
                boolean any = end > begin || oversized;
                taken(end, 0);
                return any;
            }
            looked = end - added;
        }
    }

    private int lineFrom;
    private int added;

    private void taken(int to, int lineBreak) {
        lineFrom = begin;
        length = to - begin;
        beginOffset += length + lineBreak;
        begin = to + lineBreak;
    }

    /** Reads on; what is not given out stays in front of it. */
    private boolean more() throws IOException {
        if (begin > 0) {
            System.arraycopy(buffer, begin, buffer, 0, end - begin);
            end -= begin;
            begin = 0;
        }
        if (end == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
        int read = in.read(buffer, end, buffer.length - end);
        added = Math.max(0, read);
        end += added;
        return read > 0;
    }

    /** Where the line begins in the file. */
    long offset() {
        return offset;
    }

    /** Bytes of the line, without its line break. */
    int length() {
        return length;
    }

    /** Whether a line break ends it; only the last line of a file can lack it. */
    boolean whole() {
        return whole;
    }

    /** Whether it is as it was written. */
    boolean intact() {
        return !oversized && Sealed.intact(buffer, lineFrom, length);
    }

    /** Whether it begins with these bytes, or ends before they do. */
    boolean beginsLike(byte[] bytes) {
        int compared = Math.min(length, bytes.length);
        return !oversized && Arrays.equals(buffer, lineFrom, lineFrom + compared, bytes, 0, compared);
    }

    LedgerCodec.Head head() {
        return LedgerCodec.head(buffer, lineFrom, length);
    }

    Json read() {
        return LedgerCodec.read(buffer, lineFrom, length);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
