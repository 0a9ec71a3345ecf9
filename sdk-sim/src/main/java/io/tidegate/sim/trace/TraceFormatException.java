/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A trace file that cannot be used: missing, empty, of no known format, or with a row that makes no sense.
 *
 * <p>The message is one line that names the file, the line if there is one, and the reason.
 *
 * @since 0.1.0
 */
public final class TraceFormatException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final int MAX_REASON_LENGTH = 1_000;

    private final String file;
    private final long line;
    private final String reason;
    private final boolean aboutRow;

    TraceFormatException(String file, long line, String reason, boolean aboutRow, @Nullable Throwable cause) {
        super(oneLine(file) + (line > 0 ? ", line " + line : "") + ": " + oneLine(reason), cause);
        this.file = file;
        this.line = line;
        this.reason = oneLine(reason);
        this.aboutRow = aboutRow;
    }

    /** The file, as it was named by the caller. */
    public String file() {
        return file;
    }

    /** The line, from 1; 0 if the file as a whole is meant. */
    public long line() {
        return line;
    }

    /** What is wrong, without file and line. */
    public String reason() {
        return reason;
    }

    /** Whether one row is bad and reading can go on behind it. */
    boolean isAboutRow() {
        return aboutRow;
    }

    /** The same error of a file of which so many bad rows were skipped before. */
    TraceFormatException after(int skipped) {
        return new TraceFormatException(
                file,
                line,
                reason + " (" + skipped + " bad rows before it were skipped, as many as allowed)",
                false,
                this);
    }

    private static String oneLine(String text) {
        StringBuilder result = new StringBuilder(Math.min(text.length(), MAX_REASON_LENGTH));
        for (int i = 0; i < text.length() && i < MAX_REASON_LENGTH; i++) {
            char c = text.charAt(i);
            result.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? ' ' : c);
        }
        return result.append(text.length() > MAX_REASON_LENGTH ? "..." : "").toString();
    }
}
