/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.log.BoundedLog;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import org.slf4j.Logger;

/** Notes of the processes that run, one file each, so that another gateway can go on with them. For one thread at a time. */
final class PidFiles {

    private static final Logger LOG = BoundedLog.of(PidFiles.class);
    private static final String ENDING = ".pid";
    private static final long MOST_BYTES = 4096;

    /**
     * By how much two readings of one start may differ: the system counts it from its boot, and its idea of when that was moves with the
     * clock. A process that has been given the number of another began after that one had ended.
     */
    private static final Duration SAME_START = Duration.ofSeconds(2);

    private final Path folder;

    PidFiles(Path folder) {
        this.folder = folder;
    }

    /** A process as it was noted. */
    record Note(String name, int index, OptionalInt port, long pid, Instant created) {}

    /**
     * Notes a process; not one whose start the system does not tell, as it could not be told from another later.
     *
     * @throws IOException if it may not have been noted
     */
    void write(Note note, ProcessHandle process) throws IOException {
        Optional<Instant> start = process.info().startInstant();
        if (start.isEmpty()) {
            return;
        }
        Properties values = new Properties();
        values.setProperty("pid", String.valueOf(note.pid()));
        values.setProperty("start", start.get().toString());
        values.setProperty("created", note.created().toString());
        values.setProperty("index", String.valueOf(note.index()));
        note.port().ifPresent(port -> values.setProperty("port", String.valueOf(port)));
        Path whole = folder.resolve(note.name() + ENDING);
        Path part = folder.resolve(note.name() + ENDING + ".part");
        try (Writer writer = Files.newBufferedWriter(part)) {
            values.store(writer, null);
        }
        Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    void remove(String name) {
        try {
            Files.deleteIfExists(folder.resolve(name + ENDING));
        } catch (IOException e) {
            LOG.warn(
                    "the note of {} cannot be removed; it counts for nothing, as the process is gone: {}",
                    name,
                    e.toString());
        }
    }

    /** The processes noted that still run. */
    Map<Note, ProcessHandle> read() {
        Map<Note, ProcessHandle> found = new LinkedHashMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + ENDING)) {
            for (Path file : files) {
                read(file, found);
            }
        } catch (IOException e) {
            LOG.warn(
                    "notes in {} cannot be read; processes that may still run are not known: {}", folder, e.toString());
        }
        return found;
    }

    private static void read(Path file, Map<Note, ProcessHandle> found) {
        Properties values = new Properties();
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw new IOException("it is longer than " + MOST_BYTES + " bytes");
            }
            try (Reader reader = Files.newBufferedReader(file)) {
                values.load(reader);
            }
            Note note = note(file, values);
            Instant start = Instant.parse(values.getProperty("start", ""));
            Optional<ProcessHandle> process = ProcessHandle.of(note.pid()).filter(ProcessHandle::isAlive);
            boolean same = process.flatMap(each -> each.info().startInstant())
                    .map(each -> Duration.between(start, each).abs().compareTo(SAME_START) <= 0)
                    .orElse(false);
            if (same) {
                found.put(note, process.orElseThrow());
            } else {
                LOG.info("process {} of {} is gone", note.pid(), note.name());
            }
        } catch (IOException | DateTimeException | IllegalArgumentException e) {
            LOG.warn("{} is no note of a process and counts for nothing: {}", file, e.toString());
        }
    }

    private static Note note(Path file, Properties values) {
        String fileName = Objects.requireNonNull(file.getFileName()).toString();
        int index = Integer.parseInt(values.getProperty("index", ""));
        if (index < 0) {
            throw new IllegalArgumentException("index must be >= 0 but was " + index);
        }
        String port = values.getProperty("port");
        return new Note(
                fileName.substring(0, fileName.length() - ENDING.length()),
                index,
                port == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(port)),
                Long.parseLong(values.getProperty("pid", "")),
                Instant.parse(values.getProperty("created", "")));
    }
}
