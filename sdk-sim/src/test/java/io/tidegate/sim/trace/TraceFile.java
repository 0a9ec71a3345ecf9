/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes and reads small trace files. */
final class TraceFile {
    private TraceFile() {}

    static Path write(Path folder, String content) {
        try {
            return Files.writeString(folder.resolve("t.csv"), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<TraceEvent> events(Trace trace) {
        List<TraceEvent> events = new ArrayList<>();
        trace.forEach(events::add);
        return events;
    }

    /** Reads, and returns the message without the folder, which differs from run to run. */
    static String failure(Path file, TraceSettings settings) {
        try {
            TraceFiles.read(file, settings);
        } catch (TraceFormatException e) {
            return e.getMessage().substring(file.getParent().toString().length() + 1);
        }
        throw new AssertionError(file + " was read");
    }

    static String failure(Path file) {
        return failure(file, TraceSettings.defaults());
    }

    static long count(Trace trace) {
        long count = 0;
        for (TraceEvent ignored : trace) {
            count++;
        }
        return count;
    }
}
